"""Which profile's credentials a role is assumed with, and whether a plugin gives them."""

from collections.abc import Mapping

from plugincreds._selection import asked_by_variable
from plugincreds._settings import PLUGIN_KEY, SOURCE_NAME, Section

_STATIC_KEYS = {"aws_access_key_id", "aws_secret_access_key"}


def role_source(profiles: Mapping[str, Section], profile: str) -> str:
    """Return the profile that has the credentials, or their source, for a profile's role.

    It is the end of the way that botocore takes from one `source_profile` to the next; the
    profile itself, where it assumes no role.
    """
    section, seen = profiles.get(profile, {}), {profile}
    while assumes_role(section) and isinstance(section.get("source_profile"), str):
        profile = section["source_profile"]
        section = profiles.get(profile, {})
        if profile in seen or _STATIC_KEYS & section.keys():
            break  # botocore takes static keys first, and says what is wrong with a loop
        seen.add(profile)
    return profile


def role_leads_to(
    plugins: frozenset[str],
    environ: Mapping[str, str],
    profiles: Mapping[str, Section],
    profile: str,
) -> bool:
    """Tell whether a profile, or the role that it assumes, needs one of these plugins."""
    source = profiles.get(role_source(profiles, profile), {})
    named = [section.get(PLUGIN_KEY) for section in (profiles.get(profile, {}), source)]
    names = {name.strip() for name in named if isinstance(name, str)}
    if source.get("credential_source") == SOURCE_NAME:
        names.add(asked_by_variable(environ))
        if plugins and names == {""}:
            return True  # any of them may be asked
    return bool(names & plugins)


def assumes_role(section: Section) -> bool:
    """Tell whether botocore assumes a role for a profile, before it looks at anything else."""
    return "role_arn" in section and "web_identity_token_file" not in section
