"""What commands print: aligned text for people, and JSON for programs."""

import json
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from plugincreds._cli.config_damage import damage_of
from plugincreds._cli.missing_profile import missing_profile
from plugincreds._cli.streams import STDOUT, Stdout
from plugincreds._errors import PluginError, printable
from plugincreds._redaction import described
from plugincreds._sharing.folders import RefusedError

_SCHEMA = 1  # of all JSON documents; a key that is removed or changed makes it 2
_GAP = "  "
_WIDTH = 80  # of what is not a terminal
_NARROWEST = 30  # a column that would have less room begins on a line of its own
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


def wrapped(text: str, first: str = "", others: str = "") -> list[str]:
    """Return a text in lines that fit the width; a longer word, such as a path, stays whole.

    Args:
        text: The text.
        first: What the first line begins with.
        others: What the other lines begin with.
    """
    lines = textwrap.wrap(
        printable(text),
        width(),
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [first.rstrip()]


def wrapped_table(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[list[str]]:
    """Return the lines of each row; its last column is wrapped, or below the others."""
    heads = table([row[:-1] for row in rows], indent=indent)
    start = max(map(len, heads), default=0) + len(_GAP)
    room = width() - start
    below = indent + _GAP * 2
    lines = []
    for head, (*_, text) in zip(heads, rows, strict=True):
        fits = [len(word) <= room for word in text.split()]
        if room < _NARROWEST or not all(fits[:1]):
            lines.append([*filter(None, [head]), *wrapped(text, below, below)])
        else:
            others = " " * start if all(fits) else below
            lines.append(wrapped(text, head.ljust(start), others))
    return lines


def width() -> int:
    """Return how long a line may be."""
    if not STDOUT.isatty():
        return _WIDTH
    # It respects COLUMNS, and otherwise asks sys.__stdout__, which is stderr.
    return shutil.get_terminal_size((STDOUT.columns() or _WIDTH, 0)).columns


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document for programs; JSON escapes all control characters but one."""
    text = json.dumps({"schema": _SCHEMA, **document}, indent=2)
    STDOUT.write(text.replace("\x7f", "\\u007f") + "\n")


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
    return damage_of(error) or missing_profile(error) or f"{described(error)}."
