"""Which credentials a role is assumed with, and whether a plugin gives them."""

from collections.abc import Mapping
from typing import NamedTuple

from plugincreds._settings import (
    SOURCE_NAME,
    Section,
    asked_by_variable,
    assumes_role,
    is_off,
    own_plugin,
)

_STATIC_KEYS = {"aws_access_key_id", "aws_secret_access_key"}


class RoleSource(NamedTuple):
    """Where botocore finds the credentials that it assumes a role with.

    Attributes:
        profile: The profile that they are of.
        by_credential_source: Whether its `credential_source` gives them, or else its own
            providers.
    """

    profile: str
    by_credential_source: bool


def role_source(profiles: Mapping[str, Section], profile: str) -> RoleSource | None:
    """Return the end of the way that botocore takes from one `source_profile` to the next.

    None: the profile assumes no role, or botocore raises an error.
    """
    section, seen = profiles.get(profile, {}), {profile}
    if not assumes_role(section):
        return None
    while True:
        source_profile = section.get("source_profile")
        if "credential_source" in section:
            return RoleSource(profile, by_credential_source=True) if not source_profile else None
        if not isinstance(source_profile, str):
            return None
        profile, section = source_profile, profiles.get(source_profile, {})
        if _STATIC_KEYS & section.keys() or not assumes_role(section):
            return RoleSource(profile, by_credential_source=False)
        if profile in seen:
            return None
        seen.add(profile)


def role_leads_to(
    plugins: frozenset[str],
    environ: Mapping[str, str],
    profiles: Mapping[str, Section],
    profile: str,
) -> bool:
    """Tell whether the role that a profile assumes needs one of these plugins for it."""
    source = role_source(profiles, profile)
    if source is None:
        return False
    section = profiles.get(source.profile, {})
    own = own_plugin(section)
    if not source.by_credential_source:
        return own in plugins
    if section.get("credential_source") != SOURCE_NAME or is_off(own):
        return False
    name = own or asked_by_variable(environ)
    return name in plugins if name else bool(plugins)  # without a name, any may be asked
