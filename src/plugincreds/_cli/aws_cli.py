"""The command `aws` on the path: what it is, and which plugins it finds. It is not started."""

import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugincreds._cli.plugins_section import (
    MODULE,
    PATH_KEY,
    config_file,
    folders_in,
    names_module,
    read_section,
)
from plugincreds._plugins.discovery import Discovery, discover
from plugincreds._plugins.metadata import UnreadableError, beginning

PYTHON, FROZEN, UNKNOWN = "python", "frozen", "unknown"
_STARTUP_FILE = "plugincreds_startup.pth"
_HEAD = 1024  # bytes of a script
# What a script is run by, in its first line, or in the line of a shell script that executes it.
_BY_LINE = re.compile(r"#! *(?:\S+/env (?:-S )?)?((?:\S*/)?python[0-9.]*t?)(?=\s)")
_BY_SHELL = re.compile(r"#!\S*sh\b[^\0]*?\bexec'? +\"?(/[^\"\n]*/python[0-9.]*t?)(?=[\"\s])")
# Where packages are below the prefix of a Python; the last two are Debian's.
_FOLDERS = (
    "lib/{0}/site-packages",
    "lib64/{0}/site-packages",
    "local/lib/{0}/dist-packages",
    "lib/python3/dist-packages",
)


@dataclass(frozen=True, slots=True)
class AwsCli:
    """What is known of it.

    Attributes:
        path: The file.
        kind: PYTHON where a Python with packages runs it; FROZEN: that of AWS's own installer,
            which finds packages only in the folders of a line under `[plugins]`; UNKNOWN.
        python: That Python, or None.
        version: The version of the package awscli there, or None.
        plugins: The plugins that it finds, by name; None where that is not known.
        folders: Where it looks for packages besides, by both lines under `[plugins]`; None
            without them.
        fault: Why all its commands fail because of these lines, as a sentence, or None.
    """

    path: str
    kind: str
    python: str | None = None
    version: str | None = None
    plugins: tuple[str, ...] | None = None
    folders: tuple[str, ...] | None = None
    fault: str | None = None


def aws_cli(here: Discovery) -> AwsCli | None:
    """Look at the command; None if there is none.

    Args:
        here: The plugins that are installed for this Python.
    """
    path = shutil.which("aws")
    if path is None:
        return None
    file, section = Path(path).resolve(), _section()
    folders = tuple(folders_in(section)) if names_module(section) else None
    besides = discover(list(folders)).plugins if folders else {}
    fault = _fault(path, section, folders)
    python = _interpreter(file)
    if python is None:
        # Its data: beside the program, or where PyInstaller puts all files by default.
        if any((file.parent / each).is_dir() for each in ("awscli", "_internal/awscli")):
            return AwsCli(path, FROZEN, None, None, tuple(besides), folders, fault)
        return AwsCli(path, UNKNOWN)
    prefix = python.parent.parent
    sites = _folders(prefix, python)
    versions = [info.name for folder in sites for info in folder.glob("awscli-*.*-info")]
    version = versions[0].removeprefix("awscli-").rpartition(".")[0] if versions else None
    if prefix == Path(sys.prefix):
        plugins = {*here.plugins}
    elif any((folder / _STARTUP_FILE).exists() for folder in sites):
        plugins = {*discover(list(map(str, sites))).plugins}
    else:
        plugins = set()
    if version and version.startswith("1."):
        fault = _fault_of_version_1(path, section)
    else:
        plugins |= besides.keys()
    return AwsCli(path, PYTHON, str(python), version, tuple(sorted(plugins)), folders, fault)


def _section() -> dict[str, str]:
    """Return the section `[plugins]`; a damaged file is reported with the chain."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - other commands do not need it

    try:
        return read_section(config_file())
    except BotoCoreError:
        return {}


def _fault(path: str, section: Mapping[str, str], folders: Sequence[str] | None) -> str | None:
    if folders is None or any(Path(each, f"{MODULE}.py").exists() for each in folders):
        return None
    return (
        f"All commands of {path} fail, because {MODULE} under [plugins] in the configuration file "
        f"is not in {section[PATH_KEY]}. Run plugincreds cli-config after removing these lines."
    )


def _fault_of_version_1(path: str, section: Mapping[str, str]) -> str | None:
    if PATH_KEY not in section:
        return None
    return (
        f"All commands of {path} fail, because it is version 1, which takes {PATH_KEY} under "
        "[plugins] in the configuration file for the name of a module. Remove that line, or "
        "uninstall version 1."
    )


def _folders(prefix: Path, python: Path) -> list[Path]:
    """Return the folders in which that Python looks for packages, in its order."""
    name = python.resolve().name
    name = name if re.fullmatch(r"python3\.\d+t?", name) else "python3*"
    patterns = [pattern.format(name) for pattern in _FOLDERS]
    return [each for base in _bases(prefix) for pattern in patterns for each in base.glob(pattern)]


def _bases(prefix: Path) -> list[Path]:
    """Return the folders below which it has packages: the user's, its own, its base's."""
    user = Path(os.path.expanduser("~/.local"))  # noqa: PTH111 - it never raises
    try:
        text = (prefix / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return [user, prefix]  # no virtual environment
    home = re.search(r"^home *= *(.+)/bin$", text, re.MULTILINE)
    if home is None or not re.search(r"^include-system-site-packages *= *true", text, re.MULTILINE):
        return [prefix]
    return [prefix, user, Path(home[1])]


def _interpreter(script: Path) -> Path | None:
    """Return the Python that a script names in its first line, or None."""
    try:
        text = beginning(str(script), _HEAD).decode("utf-8", "replace")
    except (OSError, UnreadableError):
        return None
    match = _BY_LINE.match(text) or _BY_SHELL.match(text)
    return match and Path(shutil.which(match[1]) or match[1])
