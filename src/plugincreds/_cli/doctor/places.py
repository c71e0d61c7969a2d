"""Where the settings that a message names are written, and the exact commands that it means.

The library's messages name a key and its profile, as in "remove credential_plugin = acme in the
profile 'work'", because a program that signs does not look for lines.
"""

import difflib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plugincreds._cli.doctor.commands import REINSTALL, is_name, pip
from plugincreds._cli.selection import line_of
from plugincreds._plugins.discovery import Discovery
from plugincreds._settings import OPTIONS_KEY

_QUOTED = re.compile(r"['\"]([\w.-]+)['\"]")


@dataclass(frozen=True, slots=True)
class Files:
    """The two files in which profiles are written.

    Attributes:
        config: The configuration file.
        credentials: The credentials file, which has the last word.
    """

    config: str = ""
    credentials: str = ""

    def place(self, profile: str, key: str) -> tuple[str, int] | None:
        """Return the file and the line of a key or an option of a profile, or None."""
        for is_indented in (False, True):
            for file, has_prefix in ((self.credentials, False), (self.config, True)):
                line = line_of(
                    Path(file), profile, key, has_prefix=has_prefix, is_indented=is_indented
                )
                if file and line is not None:
                    return file, line
        return None

    def named(self, profile: str, key: str, value: str = "") -> str:
        """Return a key with its value and its place, in the words of a remedy."""
        found = self.place(profile, key)
        where = f"the profile {profile!r}" if found is None else f"{found[0]}, line {found[1]}"
        return f"{key}{value} in {where}"

    def listed(self, profile: str, keys: Iterable[str]) -> str:
        """Return keys with their places, in the words of a list."""
        places = [(key, self.place(profile, key)) for key in keys]
        return ", ".join(
            key if found is None else f"{key} ({found[0]}:{found[1]})" for key, found in places
        )


def files_of(session: object) -> Files:
    """Return the files that a botocore session reads, as absolute paths."""
    paths = (
        session.get_config_variable(file)  # type: ignore[attr-defined]
        for file in ("config_file", "credentials_file")
    )
    return Files(*(os.path.abspath(os.path.expanduser(path)) for path in paths))  # noqa: PTH100, PTH111 - never raise


def located(text: str, files: Files, profiles: Iterable[str]) -> str:
    """Return a message with the places of the keys and options that it names."""
    for profile in profiles:
        text = _with_options(text, files, profile)
        key = rf"\b(\w+)( = \S+)? in the profile {re.escape(repr(profile))}"
        for found in reversed(list(re.finditer(key, text))):
            named = files.named(profile, found[1], found[2] or "")
            text = f"{text[: found.start()]}{named}{text[found.end() :]}"
    return text


def _with_options(text: str, files: Files, profile: str) -> str:
    for file, has_prefix in ((files.credentials, False), (files.config, True)):
        begin = f"The profile {profile!r} has {OPTIONS_KEY} in {file} "
        if file and text.startswith(begin):
            line = line_of(Path(file), profile, OPTIONS_KEY, has_prefix=has_prefix)
            place = "" if line is None else f"{begin.rstrip()}, line {line}, "
            return f"{place or begin}{text.removeprefix(begin)}"
    received = re.escape(f" It received these options of the profile {profile!r}: ")
    found = re.search(rf"{received}(\S+(?:, \S+)*)\. ", text)
    if found is None:
        return text
    options = found[1].split(", ")
    reason = text[: found.start()].rpartition("but it declined: ")[2]
    advice = ""
    for missing in _QUOTED.findall(reason):
        near = difflib.get_close_matches(missing, options, n=1)
        if near and missing not in options:
            written = files.named(profile, near[0])
            advice += f"Did you mean {missing}? Write {missing} in place of {written}. "
    shown = found[1] if advice else files.listed(profile, options)
    return f"{text[: found.start(1)]}{shown}. {advice}{text[found.end() :]}"


def with_commands(text: str, discovery: Discovery) -> str:
    """Return a message with commands in place of the packages that it tells people to install."""

    def of_module(found: re.Match[str]) -> str:
        return f"Run {pip('install', found[1])}. If "

    text = re.sub(r"\bInstall (\w+)\. If (?=\S+ \S+ does not declare )", of_module, text)
    for name, plugins in discovery.plugins.items():
        packages = list(dict.fromkeys(plugin.distribution for plugin in plugins))
        if not all(map(is_name, packages)):
            continue
        for package in packages:
            again = f"Install {package} again, or tell"
            text = text.replace(again, f"Run {pip(*REINSTALL, package)}, or tell")
        fault = discovery.fault(name)
        if len(packages) > 1 and fault is not None:
            told, _, _ = fault.rpartition("; ")
            text = text.replace(f"{fault}.", f"{told}. {_one_of(packages)}")
    return text


def _one_of(packages: list[str]) -> str:
    """Return how to keep each of several packages that declare one name."""
    ways = (
        f"To use the plugin of {kept}, run "
        f"{pip('uninstall', *(each for each in packages if each != kept))}."
        for kept in packages
    )
    return " ".join(ways)
