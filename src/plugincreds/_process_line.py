"""Reads a `credential_process` that runs `plugincreds export`: which plugin, which profile.

The words are those of the command itself; a test compares this with its parser.
"""

import os
import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

PROCESS_FORMAT = "process"
_PROGRAM = "plugincreds"
_PYTHON = re.compile(r"(?:py|pythonw?[0-9.]*t?|pypy[0-9.]*)(?:\.exe)?")
# The interpreter's options up to `-m plugincreds`, also in one word, as in `-Im plugincreds`.
_MODULE = re.compile(rf"(?:-[XW]\s?\S+\s|-[A-VYZa-z0-9.]+\s)*?-[A-Za-z]*m\s?{_PROGRAM}\s")
_VALUES = {"--profile": "profile", "--format": "format"}


class ExportCommand(NamedTuple):
    """What a process exports.

    Attributes:
        name: The plugin; empty if the command looks for the selected one.
        profile: The value of `--profile`, or empty.
        format: The value of `--format`.
    """

    name: str = ""
    profile: str = ""
    format: str = PROCESS_FORMAT


def export_command(line: str) -> ExportCommand | None:
    """Return what the process exports; None if it is another program, or cannot be read."""
    try:
        program, *words = shlex.split(line.replace("\\", "/") if os.name == "nt" else line)
    except ValueError:  # no word at all, or a quotation mark without its pair
        return None
    name = program.rpartition("/")[2]
    if _PYTHON.fullmatch(name):
        start = _MODULE.match(" ".join(words) + " ")
        words = words[start[0].count(" ") :] if start else []
    elif name.removesuffix(".exe") != _PROGRAM:
        return None
    return _read(words[1:]) if words[:1] == ["export"] else None


def _read(words: Sequence[str]) -> ExportCommand | None:
    """Read the arguments as argparse does: options anywhere, and the last of them counts."""
    found, rest = ExportCommand(), iter(words)
    for word in rest:
        option, sign, value = word.partition("=")
        if option in _VALUES:
            value = value if sign else next(rest, "-")
            if value.startswith("-") and not sign:
                return None
            found = found._replace(**{_VALUES[option]: value})
        elif word.startswith("-") or found.name:
            return None
        else:
            found = found._replace(name=word)
    return found
