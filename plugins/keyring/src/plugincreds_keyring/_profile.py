"""The profile that the command is about: which item it means, and what it says of the plugin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugincreds import NonRecoverableError

from plugincreds_keyring._options import SERVICE, KeychainItem, read_options

PLUGIN = "keyring"
SELECTS = f"credential_plugin = {PLUGIN}"
_KEY, _OPTIONS_KEY, _PROCESS_KEY = (
    "credential_plugin",
    "credential_plugin_options",
    "credential_process",
)
_ROLE = "role_arn"
# The keys by which botocore finds other credentials in a profile.
_SOURCES = (
    "aws_access_key_id",
    _PROCESS_KEY,
    "login_session",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)

Settings = Mapping[str, str | Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile, less the values that may be secrets.

    Attributes:
        name: Its name.
        file: The AWS config file that is in use.
        plugin: The plugin that it names, or nothing.
        options: Its options, where they are meant for this plugin.
        keys: What else it has; None where there is no such profile.
    """

    name: str
    file: Path
    plugin: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    keys: frozenset[str] | None = None

    @property
    def is_selecting(self) -> bool:
        """Whether it names this plugin."""
        return self.plugin == PLUGIN

    @property
    def item(self) -> KeychainItem:
        """The item that the plugin reads for this profile."""
        return read_options(self.options, self.name).item


def read_profile(given: str | None) -> Profile:
    """Return the profile of that name, or the active one.

    Raises:
        NonRecoverableError: Its options are not indented, so the plugin refuses them, too.
    """
    from botocore.session import Session  # noqa: PLC0415 - it takes a while

    session = Session(profile=given)
    name = session.get_config_variable("profile") or "default"
    file = os.path.expandvars(session.get_config_variable("config_file"))
    path = Path(os.path.expanduser(file))  # noqa: PTH111 - it needs no home directory
    section = session.full_config.get("profiles", {}).get(name)
    return _profile(name, path, section) if isinstance(section, Mapping) else Profile(name, path)


def _profile(name: str, file: Path, section: Mapping[str, Any]) -> Profile:
    keys = set(section)
    plugin = str(section.get(_KEY, "")).strip()
    is_ours = plugin in {"", PLUGIN} and _OPTIONS_KEY in section
    options = _options(name, file, section) if is_ours else {}
    if f"plugincreds export {PLUGIN}" in str(section.get(_PROCESS_KEY)):
        keys.discard(_PROCESS_KEY)  # by it, other SDKs get the same credentials
    return Profile(name, file, plugin, options, frozenset(keys))


def _options(name: str, file: Path, section: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the options of both files, as the plugin receives them."""
    from botocore.configloader import load_config  # noqa: PLC0415 - it takes a while

    # Botocore replaces the block of the config file by that of the credentials file.
    profiles = load_config(str(file))["profiles"] if file.is_file() else {}
    options: dict[str, str] = {}
    for each in (profiles.get(name, {}), section):
        if _OPTIONS_KEY not in each:
            continue
        block = each[_OPTIONS_KEY]
        if not block or not isinstance(block, Mapping):
            raise NonRecoverableError(
                f"The profile {name!r} has {_OPTIONS_KEY}, but not as indented lines below it",
                hint="put each option on its own indented line below it, as in '  key = value'",
            )
        options |= block
    return options


def missing_settings(profile: Profile | None, item: KeychainItem) -> Settings:
    """Return what a profile lacks for the plugin to read that item."""
    options = {}
    if profile is None or item != profile.item:
        options = {"service": item.service} if item.service != SERVICE else {}
        if profile is None or item.username != profile.name:
            options["username"] = item.username
    return {_KEY: PLUGIN, **({_OPTIONS_KEY: options} if options else {})}


def lines_of(settings: Settings) -> list[str]:
    """Return settings in the form that they have in the AWS config file."""
    lines = []
    for key, setting in settings.items():
        if isinstance(setting, str):
            lines.append(f"{key} = {setting}")
        else:
            lines += [f"{key} =", *(f"  {name} = {text}" for name, text in setting.items())]
    return lines


def obstacle(profile: Profile, item: KeychainItem) -> str | None:
    """Return why a line in the profile does not make that item sign, as a sentence, or None."""
    name, keys = profile.name, profile.keys or frozenset()
    if _KEY in keys and not profile.is_selecting:
        return (
            f"The profile {name!r} has credential_plugin = {profile.plugin!r}, so what is stored "
            f"does not sign: write {PLUGIN!r} there"
        )
    if _ROLE in keys:
        return (
            f"The profile {name!r} has {_ROLE}, so it signs as a role, with another profile's key"
        )
    found = next((key for key in _SOURCES if key in keys), None)
    if found is not None and not profile.is_selecting:
        return (
            f"The profile {name!r} has {found}, which comes before what is stored or contradicts "
            f"it: remove it, and write `{SELECTS}` there"
        )
    if (profile.is_selecting or _OPTIONS_KEY in keys) and profile.item != item:
        return (
            f"The profile {name!r} means {profile.item}, and not what is stored: correct its "
            f"{_OPTIONS_KEY}"
        )
    return None
