"""Which plugin is asked for, and by whom. Pure functions of what they are given."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugincreds._errors import PluginError

VARIABLE = "AWS_CREDENTIAL_PLUGIN"
PLUGIN_KEY = "credential_plugin"
SOURCE_NAME = "CustomPlugin"  # botocore wants names of sources from outside to begin with Custom
ACCOUNT_KEY = "aws_account_id"
ADVISORY_WINDOW_KEY = "credential_plugin_advisory_window"
OPTIONS_KEY = "credential_plugin_options"
TIMEOUT_KEY = "credential_plugin_timeout"
OFF = "none"
# The keys by which botocore's own providers find credentials in a profile.
_SOURCE_KEYS = (
    "role_arn",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "login_session",
    "credential_process",
)
_STATIC_KEYS = {"aws_access_key_id", "aws_secret_access_key"}
_LONGEST = 10.0**9  # seconds; 30 years, and still a number that a lock can wait for


@dataclass(frozen=True, slots=True)
class Selected:
    """One plugin is asked for by name, and nothing else will do.

    Attributes:
        name: The plugin's name.
        asked_by: What asks for it, in the words of a message.
        remedy: How a person takes the request back.
        account_id: The account that the profile names, where it speaks of the plugin's keys.
        caution: What a person should know when the plugin is used, or empty.
    """

    name: str
    asked_by: str
    remedy: str
    account_id: str | None = None
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Automatic:
    """Nobody asks for a plugin: any that is installed may answer, late in the chain.

    Attributes:
        account_id: The account that the profile names, where it speaks of the plugin's keys.
        asked_by: What cannot do without any of them, in the words of a message; None if the
            chain goes on.
    """

    account_id: str | None = None
    asked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Off:
    """No plugin is asked here."""


Selection = Selected | Automatic | Off
Section = Mapping[str, Any]  # a profile's, as botocore reads it


def chain_selection(
    environ: Mapping[str, str], section: Section, *, profile_in_code: bool
) -> Selection:
    """Return which plugin stands in a default chain beside what its profile asks for.

    A profile that is given in code decides alone: botocore skips the environment's keys
    then, and the variable is skipped for the same reason. Switching off is not skipped.
    """
    name = _asked_by_variable(environ)
    if is_off(name):
        return Off()
    account_id = None if other_sources(section) else _account_id(section)
    if name and not profile_in_code:
        return _selected_by_variable(name, account_id)
    is_named = bool(str(section.get(PLUGIN_KEY, "")).strip())  # that stands elsewhere, or is none
    return Off() if is_named else Automatic(account_id)


def profile_selection(environ: Mapping[str, str], section: Section, profile: str) -> Selected | Off:
    """Return which plugin a profile asks for: as the active one, or as a `source_profile`.

    Raises:
        PluginError: It asks for one while plugins are switched off, or in a way that cannot
            be read.
    """
    name = section.get(PLUGIN_KEY, "")
    if not isinstance(name, str):
        message = (
            f"The profile {profile!r} has {PLUGIN_KEY} with a block of lines below it. Put the "
            "name of one plugin on the same line."
        )
        raise PluginError(message)
    name = name.strip()
    if not name or is_off(name):
        return Off()
    asked_by = f"{PLUGIN_KEY} = {name} in profile {profile!r}"
    check_not_off(environ, name, asked_by)
    return Selected(
        name,
        asked_by,
        remedy="remove that line",
        account_id=_account_id(section),
        caution=_caution(section, profile, name),
    )


def source_selection(
    environ: Mapping[str, str], section: Section, profile: str
) -> Selected | Automatic:
    """Return which plugin `credential_source = CustomPlugin` in a profile means.

    It is the one that this profile itself names, else the variable's, also where the profile
    was given in code (as botocore's `Environment` source does), else any that is installed.

    Raises:
        PluginError: Plugins are switched off.
    """
    asked_by = f"credential_source = {SOURCE_NAME} in profile {profile!r}"
    if is_off(str(section.get(PLUGIN_KEY, ""))):
        message = (
            f"The profile {profile!r} has credential_source = {SOURCE_NAME}, which asks for a "
            f"plugin, and {PLUGIN_KEY} = {OFF}, which forbids it. Remove one of the two."
        )
        raise PluginError(message)
    chosen = profile_selection(environ, section, profile)
    if isinstance(chosen, Selected):
        return Selected(chosen.name, chosen.asked_by, chosen.remedy)
    name = _asked_by_variable(environ)
    check_not_off(environ, None, asked_by)
    if name:
        return _selected_by_variable(name)
    return Automatic(asked_by=asked_by)


def asks_for_plugin(section: Section) -> bool:
    """Tell whether a profile asks for a plugin, be it in a way that cannot be read."""
    name = section.get(PLUGIN_KEY)
    return bool(name.strip() and not is_off(name) if isinstance(name, str) else name)


def role_source(profiles: Mapping[str, Section], profile: str) -> str:
    """Return the profile that has the credentials, or their source, for a profile's role.

    It is the end of the way that botocore takes from one `source_profile` to the next; the
    profile itself, where it assumes no role.
    """
    section, seen = profiles.get(profile, {}), {profile}
    while _assumes_role(section) and isinstance(section.get("source_profile"), str):
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
        names.add(_asked_by_variable(environ))
        if plugins and names == {""}:
            return True  # any of them may be asked
    return bool(names & plugins)


def other_sources(section: Section) -> tuple[str, ...]:
    """Return the keys of a profile that give it credentials without a plugin."""
    return tuple(key for key in _SOURCE_KEYS if key in section)


def check_not_off(environ: Mapping[str, str], plugin: str | None, asked_by: str) -> None:
    """See that plugins are not switched off.

    Raises:
        PluginError: They are, but somebody asks for one. No other identity takes its place.
    """
    if is_off(_asked_by_variable(environ)):
        message = (
            f"Credential plugins are switched off by {VARIABLE}={OFF}, but {asked_by} asks for "
            f"{'one' if plugin is None else f'the plugin {plugin!r}'}. Unset {VARIABLE}, or take "
            "that request back."
        )
        raise PluginError(message, plugin=plugin)


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF


def _assumes_role(section: Section) -> bool:
    return "role_arn" in section and "web_identity_token_file" not in section


def _asked_by_variable(environ: Mapping[str, str]) -> str:
    return environ.get(VARIABLE, "").strip()


def _selected_by_variable(name: str, account_id: str | None = None) -> Selected:
    return Selected(name, f"{VARIABLE}={name}", f"unset {VARIABLE}", account_id)


def _account_id(section: Section) -> str | None:
    account_id = section.get(ACCOUNT_KEY)
    return account_id.strip() or None if isinstance(account_id, str) else None


def _caution(section: Section, profile: str, plugin: str) -> str:
    beside = other_sources(section)
    if not beside:
        return ""
    return (
        f"The profile {profile!r} has {PLUGIN_KEY} = {plugin} beside {' and '.join(beside)}. The "
        "plugin's credentials are used. Remove what is not meant, unless the plugin itself needs "
        "it."
    )


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """How a profile wants values to be renewed.

    Attributes:
        advisory_window: How many seconds before its expiry a value is renewed ahead, or None.
        timeout: After how many seconds `retrieve()` counts as failed, or None.
    """

    advisory_window: float | None = None
    timeout: float | None = None


def refresh_settings(section: Section, profile: str) -> RefreshSettings:
    """Return what a profile's section says.

    Raises:
        PluginError: A value is no number of seconds above zero.
    """
    return RefreshSettings(
        _seconds(section, ADVISORY_WINDOW_KEY, profile), _seconds(section, TIMEOUT_KEY, profile)
    )


def plugin_options(section: Section, profile: str) -> Mapping[str, str]:
    """Return the nested block of options in a profile's section.

    Raises:
        PluginError: It is no block of lines `key = value`.
    """
    options = section.get(OPTIONS_KEY, {})
    if isinstance(options, Mapping):
        return options
    message = (
        f"The profile {profile!r} has {OPTIONS_KEY} with a value on the same line. Put each option "
        "on an indented line of its own below it, as in '  key = value'."
    )
    raise PluginError(message)


def _seconds(section: Section, key: str, profile: str) -> float | None:
    if key not in section:
        return None
    text = section[key]
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        seconds = math.nan
    if 0 < seconds < math.inf:
        return min(seconds, _LONGEST)
    message = (
        f"The profile {profile!r} has {key} = {text!r}, which is not a number of seconds above "
        "zero. Correct or remove that line."
    )
    raise PluginError(message)
