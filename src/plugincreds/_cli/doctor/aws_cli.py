"""The command `aws` on the path: what it is, and which plugins it finds. It is not started."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

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
            which cannot load packages; UNKNOWN.
        python: That Python, or None.
        version: The version of the package awscli there, or None.
        plugins: The plugins that it finds, by name; None where that is not known.
    """

    path: str
    kind: str
    python: str | None = None
    version: str | None = None
    plugins: tuple[str, ...] | None = None


def aws_cli(here: Discovery) -> AwsCli | None:
    """Look at the command; None if there is none.

    Args:
        here: The plugins that are installed for this Python.
    """
    path = shutil.which("aws")
    if path is None:
        return None
    file = Path(path).resolve()
    python = _interpreter(file)
    if python is None:
        if (file.parent / "awscli").is_dir():  # its data, beside the program
            return AwsCli(path, FROZEN, plugins=())
        return AwsCli(path, UNKNOWN)
    prefix = python.parent.parent
    folders = _folders(prefix, python)
    versions = [info.name for folder in folders for info in folder.glob("awscli-*.*-info")]
    version = versions[0].removeprefix("awscli-").rpartition(".")[0] if versions else None
    if prefix == Path(sys.prefix):
        plugins = tuple(here.plugins)
    elif any((folder / _STARTUP_FILE).exists() for folder in folders):
        plugins = tuple(discover(list(map(str, folders))).plugins)
    else:
        plugins = ()
    return AwsCli(path, PYTHON, str(python), version, plugins)


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
