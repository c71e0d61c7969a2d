"""Which plugin a profile asks for: itself, or for a role that it assumes. Pure functions."""

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from plugincreds._errors import PluginError
from plugincreds._plugin_settings import check_readable
from plugincreds._process_line import PROCESS_FORMAT, ExportCommand
from plugincreds._selection import Automatic, Off, Selected, account_of, selected_by_variable
from plugincreds._settings import (
    OFF,
    PLUGIN_KEY,
    PROCESS_KEY,
    PROFILE_VARIABLES,
    SOURCE_NAME,
    VARIABLE,
    Section,
    asked_by_variable,
    asks_for_plugin,
    assumes_role,
    is_off,
    other_sources,
    own_plugin,
)

_STATIC_KEYS = frozenset({"aws_access_key_id", "aws_secret_access_key"})


def profile_selection(environ: Mapping[str, str], section: Section, profile: str) -> Selected | Off:
    """Return which plugin a profile asks for: as the active one, or as a `source_profile`.

    Raises:
        PluginError: Plugins are switched off, or a key of ours cannot be read.
    """
    check_readable(section, profile)
    name = own_plugin(section)
    if not name or is_off(name):
        return Off()
    asked_by = f"{PLUGIN_KEY} = {name} in profile {profile!r}"
    check_not_off(environ, name, asked_by)
    caution, caution_beside_keys = _cautions(environ, section, profile, name)
    return Selected(
        name,
        asked_by,
        remedy=f"remove {PLUGIN_KEY} = {name} in the profile {profile!r}",
        account_id=account_of(section),
        caution=caution,
        caution_beside_keys=caution_beside_keys,
    )


def source_selection(
    environ: Mapping[str, str], section: Section, profile: str
) -> Selected | Automatic:
    """Return which plugin `credential_source = CustomPlugin` in a profile means.

    It is the plugin that this profile itself names; else the variable's, even if the profile is
    given in code (as with botocore's `Environment` source); else any that is installed.

    Raises:
        PluginError: Plugins are switched off.
    """
    asked_by = f"credential_source = {SOURCE_NAME} in profile {profile!r}"
    if is_off(own_plugin(section)):
        message = (
            f"The profile {profile!r} has credential_source = {SOURCE_NAME}, which asks for a "
            f"plugin, and {PLUGIN_KEY} = {OFF}, which forbids it. Remove {PLUGIN_KEY} = {OFF} in "
            f"the profile {profile!r} to use a plugin, or else credential_source = {SOURCE_NAME}."
        )
        raise PluginError(message)
    chosen = profile_selection(environ, section, profile)
    if isinstance(chosen, Selected):
        return Selected(chosen.name, chosen.asked_by, chosen.remedy)
    name = asked_by_variable(environ)
    check_not_off(environ, None, asked_by)
    if name:
        return selected_by_variable(name)
    return Automatic(asked_by=asked_by)


def check_not_off(environ: Mapping[str, str], plugin: str | None, asked_by: str) -> None:
    """Check that plugins are not switched off.

    Raises:
        PluginError: They are. The plugin is asked for, so no other identity may be used.
    """
    if is_off(asked_by_variable(environ)):
        # A request in code or on the command line is no line that can be removed.
        line = asked_by.replace(" in profile ", " in the profile ", 1)
        message = (
            f"Credential plugins are switched off by {VARIABLE}={OFF}, but {asked_by} asks for "
            f"{'one' if plugin is None else f'the plugin {plugin!r}'}. Unset {VARIABLE}"
            f"{'' if line == asked_by else f', or remove {line}'}."
        )
        raise PluginError(message, plugin=plugin)


class RoleSource(NamedTuple):
    """Where botocore finds the credentials that it assumes a role with.

    Attributes:
        profile: The profile that has them.
        by_credential_source: Whether its `credential_source` gives them; else its own providers.
    """

    profile: str
    by_credential_source: bool


def role_source(profiles: Mapping[str, Section], profile: str) -> RoleSource | None:
    """Follow each `source_profile` to the next, as botocore does, and return where that ends.

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


def needs_plugin_for_role(profiles: Mapping[str, Section], profile: str) -> bool:
    """Tell whether a profile that assumes a role asks for a plugin, itself or for its source."""
    if asks_for_plugin(profiles.get(profile, {})):
        return True
    source = role_source(profiles, profile)
    if source is None:
        return False
    section = profiles.get(source.profile, {})
    if source.by_credential_source:
        return section.get("credential_source") == SOURCE_NAME
    return asks_for_plugin(section)


def role_leads_to(
    plugins: frozenset[str],
    environ: Mapping[str, str],
    profiles: Mapping[str, Section],
    profile: str,
) -> bool:
    """Tell whether a profile's role is assumed with credentials of one of these plugins."""
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
    return name in plugins if name else bool(plugins)  # without a name, any may answer


def process_difference(
    environ: Mapping[str, str], section: Section, profile: str, plugin: str
) -> str:
    """Return what a profile's `credential_process` does, unless it exports that plugin.

    The profile must be the same, too, because it has the options. Empty if nothing differs.
    """
    command = section[PROCESS_KEY]
    if not isinstance(command, ExportCommand):
        return "runs something else than `plugincreds export`"
    active = next((environ[name] for name in PROFILE_VARIABLES if name in environ), "")
    used = command.profile or active or "default"
    # A profile given in code goes before the variable.
    name = command.name or ("" if command.profile else asked_by_variable(environ))
    if name not in {"", plugin}:
        return f"exports the plugin {name!r}"
    if used != profile:
        return f"uses the profile {used!r}"
    if command.format != PROCESS_FORMAT:
        return f"has --format {command.format}"
    return ""


def _cautions(
    environ: Mapping[str, str], section: Section, profile: str, plugin: str
) -> tuple[str, str]:
    """Return warnings of what is beside the plugin: of all, and of all but the static keys."""
    beside, told = other_sources(section), ""
    if PROCESS_KEY in beside:
        difference = process_difference(environ, section, profile, plugin)
        if difference:
            same = f"plugincreds export {plugin} --profile {shlex.quote(profile)}"
            told = (
                f"Programs that do not use botocore use {PROCESS_KEY}, which {difference}. If "
                f"they are to get the same credentials, write {PROCESS_KEY} = {same}. "
            )
        else:
            beside = tuple(key for key in beside if key != PROCESS_KEY)

    def caution(keys: tuple[str, ...]) -> str:
        if not keys:
            return ""
        return (
            f"The profile {profile!r} has {PLUGIN_KEY} = {plugin} beside {' and '.join(keys)}. The "
            f"plugin's credentials are used. {told}Remove what is not intended, unless the plugin "
            "itself needs it."
        )

    return caution(beside), caution(tuple(key for key in beside if key not in _STATIC_KEYS))
