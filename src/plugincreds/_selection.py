"""Which plugin is asked for, and by whom. Pure functions of what they are given."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugincreds._errors import PluginError
from plugincreds._settings import (
    ACCOUNT_KEY,
    OFF,
    PLUGIN_KEY,
    SOURCE_NAME,
    VARIABLE,
    Section,
    is_off,
)

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


_UNREADABLE = "a block of lines"  # no plugin has such a name


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


def chain_selection(
    environ: Mapping[str, str], section: Section, *, profile_in_code: bool
) -> Selection:
    """Return which plugin stands in a default chain beside what its profile asks for.

    A profile that is given in code decides alone: botocore skips the environment's keys
    then, and the variable is skipped for the same reason. Switching off is not skipped.
    """
    name = asked_by_variable(environ)
    if is_off(name):
        return Off()
    account_id = None if other_sources(section) else _account_id(section)
    own = own_plugin(section)
    if name and not profile_in_code:
        return _selected_by_variable(name, account_id if own in {"", name} else None)
    return Off() if own else Automatic(account_id)  # what the profile asks for stands elsewhere


def profile_selection(environ: Mapping[str, str], section: Section, profile: str) -> Selected | Off:
    """Return which plugin a profile asks for: as the active one, or as a `source_profile`.

    Raises:
        PluginError: It asks for one while plugins are switched off, or in a way that cannot
            be read.
    """
    name = own_plugin(section)
    if name == _UNREADABLE:
        message = (
            f"The profile {profile!r} has {PLUGIN_KEY} with a block of lines below it. Put the "
            "name of one plugin on the same line."
        )
        raise PluginError(message)
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
    if is_off(own_plugin(section)):
        message = (
            f"The profile {profile!r} has credential_source = {SOURCE_NAME}, which asks for a "
            f"plugin, and {PLUGIN_KEY} = {OFF}, which forbids it. Remove one of the two."
        )
        raise PluginError(message)
    chosen = profile_selection(environ, section, profile)
    if isinstance(chosen, Selected):
        return Selected(chosen.name, chosen.asked_by, chosen.remedy)
    name = asked_by_variable(environ)
    check_not_off(environ, None, asked_by)
    if name:
        return _selected_by_variable(name)
    return Automatic(asked_by=asked_by)


def asks_for_plugin(section: Section) -> bool:
    """Tell whether a profile asks for a plugin, be it in a way that cannot be read."""
    name = own_plugin(section)
    return bool(name) and not is_off(name)


def own_plugin(section: Section) -> str:
    """Return the name in a profile, empty where there is none."""
    name = section.get(PLUGIN_KEY, "")
    return name.strip() if isinstance(name, str) else _UNREADABLE


def other_sources(section: Section) -> tuple[str, ...]:
    """Return the keys of a profile that give it credentials without a plugin."""
    return tuple(key for key in _SOURCE_KEYS if key in section)


def check_not_off(environ: Mapping[str, str], plugin: str | None, asked_by: str) -> None:
    """See that plugins are not switched off.

    Raises:
        PluginError: They are, but somebody asks for one. No other identity takes its place.
    """
    if is_off(asked_by_variable(environ)):
        message = (
            f"Credential plugins are switched off by {VARIABLE}={OFF}, but {asked_by} asks for "
            f"{'one' if plugin is None else f'the plugin {plugin!r}'}. Unset {VARIABLE}, or take "
            "that request back."
        )
        raise PluginError(message, plugin=plugin)


def asked_by_variable(environ: Mapping[str, str]) -> str:
    """Return the name in the environment variable, empty where there is none."""
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
