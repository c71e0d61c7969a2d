"""What commands print: aligned text for people, and JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from plugincreds._cli.config_damage import damage_of
from plugincreds._cli.streams import STDOUT, Stdout
from plugincreds._errors import PluginError, printable
from plugincreds._redaction import described
from plugincreds._sharing.folders import RefusedError

_GAP = "  "
_CODES = {"green": "32", "red": "31", "yellow": "33", "faint": "2", "bold": "1"}


class _Painted(str):
    """A line with our colour codes, the only control characters that are printed."""

    __slots__ = ()


class Palette:
    """Colours text, or leaves it plain.

    Args:
        stream: What the text is printed to; only a terminal has colours.
        environ: The environment, in which `NO_COLOR` may be set.
    """

    def __init__(self, stream: TextIO | Stdout, environ: Mapping[str, str]) -> None:
        is_terminal = stream.isatty()
        forbidden = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
        unable = sys.platform == "win32" and "WT_SESSION" not in environ
        self.is_on = is_terminal and not forbidden and not unable

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour; an empty colour stands for none."""
        if not (self.is_on and colour):
            return text
        return _Painted(f"\033[{_CODES[colour]}m{printable(text)}\033[0m")


def table(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[str]:
    """Return lines in which each column but the last is as wide as its widest cell."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        indent
        + _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def print_json(document: Any) -> None:
    """Print a document for programs; JSON escapes all control characters but one."""
    STDOUT.write(json.dumps(document, indent=2).replace("\x7f", "\\u007f") + "\n")


def print_lines(lines: Sequence[str]) -> None:
    """Print text for people; what the terminal cannot show is escaped."""
    safe = (line if isinstance(line, _Painted) else printable(line) for line in lines)
    STDOUT.write("\n".join(safe) + "\n")


def sentence(error: BaseException) -> str:
    """Return an error as one sentence, without what looks like a secret."""
    # The messages of our own errors have no secrets and say what to do.
    if isinstance(error, RefusedError):
        return f"{error}."
    if isinstance(error, PluginError):
        return str(error)
    return damage_of(error) or f"{described(error)}."
