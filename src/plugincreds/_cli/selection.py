"""Which plugin is selected here, by what, and where that is written."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

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

_SECTION = re.compile(r"\[(?P<name>[^]]*)\]")
_QUOTES = "\"'"


@dataclass(frozen=True, slots=True)
class InEffect:
    """What is selected.

    Attributes:
        by: "variable", "profile" or "credential_source" where one plugin is selected, "off"
            where plugins are switched off, "nobody" where any installed one may answer.
        plugin: The name of the plugin that is selected, or None.
        asked_by: What selects it or switches plugins off, in the words of a message, or None.
        profile: The profile in which that is written, or None.
        problem: What is wrong with it, as a sentence, or None.
        file: The file in which it is written, or None.
        line: The number of the line there, or None.
    """

    by: str
    plugin: str | None = None
    asked_by: str | None = None
    profile: str | None = None
    problem: str | None = None
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """File and line as editors know them, empty where it is in no file."""
        return "" if self.file is None else f"{self.file}:{self.line}"

    def as_document(self) -> dict[str, Any]:
        """Return all that, for programs."""
        return asdict(self)


def in_effect(
    environ: Mapping[str, str],
    profiles: Mapping[str, Section],
    profile: str,
    *,
    profile_in_code: bool = False,
) -> InEffect:
    """Return what is selected for a profile; where it is written is left open."""
    section = profiles.get(profile, {})
    chosen: Selection = chain_selection(environ, section, profile_in_code=profile_in_code)
    if isinstance(chosen, Selected):
        return InEffect("variable", chosen.name, chosen.asked_by)
    by, where = _written(profiles, profile)
    wants = profiles.get(where, {}) if where else {}
    try:
        if by == "profile":
            chosen = profile_selection(environ, wants, where)
        elif by == "credential_source":
            chosen = source_selection(environ, wants, where)
    except PluginError as error:
        key, name = (PLUGIN_KEY, own_plugin(wants))
        if by == "credential_source":
            key, name = ("credential_source", SOURCE_NAME)
        asked_by = f"{key} = {name} in profile {where!r}"
        return InEffect(by, error.plugin, asked_by, where, problem=str(error))
    if isinstance(chosen, Selected):
        is_variable = chosen.asked_by.startswith(f"{VARIABLE}=")
        return InEffect(
            "variable" if is_variable else by, chosen.name, chosen.asked_by, profile=where
        )
    if is_off(asked_by_variable(environ)):
        return InEffect("off", asked_by=f"{VARIABLE}={OFF}")
    if is_off(own_plugin(section)):
        asked_by = f"{PLUGIN_KEY} = {OFF} in profile {profile!r}"
        return InEffect("off", asked_by=asked_by, profile=profile)
    return InEffect("nobody")


def with_place(found: InEffect, config_file: str, credentials_file: str) -> InEffect:
    """Return the same with the file and the line; the credentials file has the last word."""
    if found.profile is None or found.by == "variable":
        return found
    keys = [PLUGIN_KEY]
    if found.by == "credential_source":
        keys.append("credential_source")
    for key in keys:
        for file, has_prefix in ((credentials_file, False), (config_file, True)):
            path = Path(file).expanduser()
            line = line_of(path, found.profile, key, has_prefix=has_prefix)
            if line is not None:
                facts = {**asdict(found), "file": str(path), "line": line}
                return InEffect(**facts)
    return found


def line_of(path: Path, profile: str, key: str, *, has_prefix: bool) -> int | None:
    """Return the number of the line that has a key in a profile's section, or None.

    Args:
        path: The file.
        profile: The profile.
        key: The key.
        has_prefix: Whether sections are named `[profile x]`, as in the configuration file.
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
        elif is_inside and re.split("[=:]", line, maxsplit=1)[0].rstrip().lower() == key:
            return number
    return None


def _plain(name: str) -> str:
    """Return a section's name as one would write it without need: `profile x`."""
    return " ".join(word.strip(_QUOTES) for word in name.split())


def _written(profiles: Mapping[str, Section], profile: str) -> tuple[str, str]:
    """Return in which way plugins are asked for, and in which profile."""
    if own_plugin(profiles.get(profile, {})):
        return "profile", profile
    source = role_source(profiles, profile)
    if source is None:
        return "nobody", ""
    section = profiles.get(source.profile, {})
    if not source.by_credential_source:
        return "profile", source.profile
    if section.get("credential_source") == SOURCE_NAME:
        return "credential_source", source.profile
    return "nobody", ""
