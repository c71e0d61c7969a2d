"""The profile whose item the command is about, and what would sign in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PLUGIN = "keyring"
_ROLE = "role_arn"
# The keys by which botocore finds credentials of a profile before a plugin that nobody names.
_SOURCES = (
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)
_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, less the values that may be secrets.

    Attributes:
        name: Its name.
        plugin: The plugin that it names, or nothing.
        options: Its options, where they are meant for this plugin.
        keys: What else stands there; None where there is no such profile.
    """

    name: str
    plugin: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    keys: frozenset[str] | None = None


def read_profile(given: str | None) -> Profile:
    """Return the profile of that name, or the active one."""
    from botocore.session import Session  # noqa: PLC0415 - it takes a while

    session = Session(profile=given)
    name = session.get_config_variable("profile") or "default"
    section = session.full_config.get("profiles", {}).get(name)
    if not isinstance(section, Mapping):
        return Profile(name)
    plugin = section.get("credential_plugin", "")
    plugin = plugin.strip() if isinstance(plugin, str) else ""
    options = section.get("credential_plugin_options")
    if plugin not in {"", _PLUGIN} or not isinstance(options, Mapping):
        options = {}
    return Profile(name, plugin, options, frozenset(section))


def who_signs_instead(profile: Profile) -> str | None:
    """Return why what is stored for a profile will not sign, as a sentence; None if it will."""
    name, keys = profile.name, profile.keys or frozenset()
    if profile.keys is None and name != "default":
        return f"There is no profile {name!r}: add it to ~/.aws/config, so that programs can use it"
    if profile.plugin not in {"", _PLUGIN}:
        return (
            f"The profile {name!r} has credential_plugin = {profile.plugin!r}, so what is stored "
            f"does not sign: write {_PLUGIN!r} there"
        )
    if _ROLE in keys:
        return (
            f"The profile {name!r} has {_ROLE}, so it signs as a role, with another profile's key"
        )
    found = next((key for key in _SOURCES if key in keys), None)
    if found is not None and not profile.plugin:
        return (
            f"The profile {name!r} has {found}, which comes before what is stored: remove it, or "
            f"write `credential_plugin = {_PLUGIN}` there"
        )
    if _KEY_VARIABLE in os.environ:
        return f"{_KEY_VARIABLE} is set here, and its key comes before what is stored: unset it"
    return None
