"""Which plugin is selected here, by what, and where that is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from plugincreds._endpoint import is_meant_by
from plugincreds._errors import PluginError
from plugincreds._profile_selection import profile_selection, role_source, source_selection
from plugincreds._selection import Selected, Selection, chain_selection
from plugincreds._settings import (
    OFF,
    PLUGIN_KEY,
    SOURCE_NAME,
    VARIABLE,
    Section,
    asked_by_variable,
    is_off,
    own_plugin,
)

NOT_SELECTED = "nobody"  # the word that stands in the JSON documents since 1.0.0
_SOURCE_KEY = "credential_source"
_SECTION = re.compile(r"\[(?P<name>[^]]*)\]")
_QUOTES = "\"'"
_OFF_BY_VARIABLE = f"{VARIABLE}={OFF}"


@dataclass(frozen=True, slots=True)
class SelectionInEffect:
    """Which plugin is selected.

    Attributes:
        by: "variable", "profile" or "credential_source" where one plugin is selected, "off"
            where plugins are switched off, NOT_SELECTED where any installed one may answer.
        plugin: The name of the plugin that is selected, or None.
        asked_by: What selects it or switches plugins off, in the words of a message, or None.
        profile: The profile in which that is written, or None.
        problem: What is wrong with it, as a sentence, or None.
        file: The file in which it is written, or None.
        line: The number of the line there, or None.
        off_by: The setting that switches plugins off, in the words of a message, or None. With a
            plugin beside it, that one is asked for in vain.
    """

    by: str
    plugin: str | None = None
    asked_by: str | None = None
    profile: str | None = None
    problem: str | None = None
    file: str | None = None
    line: int | None = None
    off_by: str | None = None

    @property
    def location(self) -> str:
        """File and line as editors know them, empty where it is in no file."""
        return "" if self.file is None else f"{self.file}:{self.line}"


def selection_in_effect(
    environ: Mapping[str, str],
    profiles: Mapping[str, Section],
    profile: str,
    *,
    profile_in_code: bool = False,
) -> SelectionInEffect:
    """Return what is selected for a profile; where it is written is left open."""
    section = profiles.get(profile, {})
    chosen: Selection = chain_selection(environ, section, profile_in_code=profile_in_code)
    if isinstance(chosen, Selected):
        return SelectionInEffect("variable", chosen.name, chosen.asked_by)
    by, where = _asking_profile(profiles, profile)
    if not profile_in_code and _is_overruled(environ):
        by = NOT_SELECTED
    asking = profiles.get(where, {})
    try:
        if by == "profile":
            chosen = profile_selection(environ, asking, where)
        elif by == _SOURCE_KEY:
            chosen = source_selection(environ, asking, where)
    except PluginError as error:
        name = SOURCE_NAME if by == _SOURCE_KEY else own_plugin(asking)
        key = _SOURCE_KEY if by == _SOURCE_KEY else PLUGIN_KEY
        asked_by = f"{key} = {name} in profile {where!r}"
        off_by = _OFF_BY_VARIABLE if is_off(asked_by_variable(environ)) else None
        return SelectionInEffect(by, error.plugin, asked_by, where, str(error), off_by=off_by)
    if isinstance(chosen, Selected):
        if chosen.asked_by.startswith(f"{VARIABLE}="):
            by = "variable"
        return SelectionInEffect(by, chosen.name, chosen.asked_by, where)
    if is_off(asked_by_variable(environ)):
        return SelectionInEffect("off", asked_by=_OFF_BY_VARIABLE, off_by=_OFF_BY_VARIABLE)
    if is_off(own_plugin(section)):
        asked_by = f"{PLUGIN_KEY} = {OFF} in profile {profile!r}"
        return SelectionInEffect("off", asked_by=asked_by, profile=profile, off_by=asked_by)
    return SelectionInEffect(NOT_SELECTED)


def _is_overruled(environ: Mapping[str, str]) -> bool:
    """Tell whether `plugincreds exec` or `serve` has switched off the default profile's plugin."""
    has_profile = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    return is_off(asked_by_variable(environ)) and is_meant_by(environ) and not has_profile


def _asking_profile(profiles: Mapping[str, Section], profile: str) -> tuple[str, str]:
    """Return in which way plugins are asked for, and in which profile."""
    if own_plugin(profiles.get(profile, {})):
        return "profile", profile
    source = role_source(profiles, profile)
    if source is None:
        return NOT_SELECTED, ""
    if not source.by_credential_source:
        return "profile", source.profile
    if profiles[source.profile][_SOURCE_KEY] == SOURCE_NAME:
        return _SOURCE_KEY, source.profile
    return NOT_SELECTED, ""


def with_location(
    selection: SelectionInEffect, config_file: str, credentials_file: str
) -> SelectionInEffect:
    """Return the same with the file and the line; the credentials file has the last word."""
    if selection.profile is None or selection.by == "variable":
        return selection
    keys = [PLUGIN_KEY]
    if selection.by == _SOURCE_KEY:
        keys.append(_SOURCE_KEY)
    for key in keys:
        for file, has_prefix in ((credentials_file, False), (config_file, True)):
            path = Path(file).expanduser()
            line = line_of(path, selection.profile, key, has_prefix=has_prefix)
            if line is not None:
                return replace(selection, file=str(path), line=line)
    return selection


def line_of(
    path: Path, profile: str, key: str, *, has_prefix: bool, is_indented: bool = False
) -> int | None:
    """Return the number of the line that has a key in a profile's section, or None.

    Args:
        path: The file.
        profile: The profile.
        key: The key.
        has_prefix: Whether sections are named `[profile x]`, as in the configuration file.
        is_indented: Whether the line is in a block below another key, as an option is.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    names = {profile}
    if has_prefix:
        names = {f"profile {profile}"} | ({profile} if profile == "default" else set())
    is_inside = False
    for number, line in enumerate(lines, start=1):
        header = _SECTION.match(line)
        if header is not None:
            is_inside = _plain(header["name"]) in names
        elif is_inside and line[:1].isspace() == is_indented and _key_of(line) == key.lower():
            return number
    return None


def _key_of(line: str) -> str:
    return re.split("[=:]", line, maxsplit=1)[0].strip().lower()


def _plain(name: str) -> str:
    """Return a section's name without quotes and extra spaces, as in `profile x`."""
    return " ".join(word.strip(_QUOTES) for word in name.split())
