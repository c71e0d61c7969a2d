"""What commands print: aligned text for people, JSON for programs, and no output of plugins."""

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from typing import Any, TextIO

from plugincreds._cli.config_damage import damage_of
from plugincreds._errors import PluginError
from plugincreds._redaction import described, printable
from plugincreds._sharing.folders import RefusedError

_GAP = "  "
_CODES = {"green": "32", "red": "31", "yellow": "33", "faint": "2", "bold": "1"}
_OUT, _ERR = 1, 2  # file descriptors


class Palette:
    """Colours text, or leaves it plain.

    Args:
        stream: What the text is printed to; only a terminal has colours.
        environ: The environment, in which `NO_COLOR` may be set.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        is_terminal = bool(getattr(stream, "isatty", bool)())
        forbidden = environ.get("NO_COLOR") or environ.get("TERM") == "dumb"
        unable = sys.platform == "win32" and "WT_SESSION" not in environ
        self.is_on = is_terminal and not forbidden and not unable

    def paint(self, text: str, colour: str) -> str:
        """Return the text in a colour; an empty colour stands for none."""
        if not (self.is_on and colour):
            return text
        return f"\033[{_CODES[colour]}m{text}\033[0m"


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
    """Print a document for programs."""
    print(json.dumps(document, indent=2))


def print_lines(lines: Sequence[str]) -> None:
    """Print text for people; what the terminal cannot show is escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    text = "\n".join(lines)
    print(text.encode(encoding, "backslashreplace").decode(encoding))


@contextmanager
def stdout_kept_clean() -> Iterator[None]:
    """Send to stderr whatever the body prints, also by way of the file descriptor.

    Plugins run in the body. What they and their child processes print must stay out of the
    document that the command prints.
    """
    with suppress(Exception):
        sys.stdout.flush()
    with ExitStack() as stack:
        try:
            kept = os.dup(_OUT)
            try:
                os.dup2(_ERR, _OUT)
            except OSError:  # stderr is closed: what is printed there is lost
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, _OUT)
                os.close(null)
        except OSError:  # stdout is closed
            pass
        else:
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, _OUT)
            stack.callback(_flush_of_c)
        stack.enter_context(redirect_stdout(sys.stderr))
        yield


def _flush_of_c() -> None:
    """Write out what code in C has printed: the buffer of C is not Python's."""
    with suppress(Exception):
        ctypes = importlib.import_module("ctypes")  # there are Pythons without it
        ctypes.CDLL(None).fflush(None)


def sentence(error: BaseException) -> str:
    """Return an error as one sentence, without what looks like a secret."""
    # The messages of our own errors have no secrets and say what to do.
    if isinstance(error, RefusedError):
        return f"{error}."
    if isinstance(error, PluginError):
        return str(error)
    return damage_of(error) or f"{described(error)}."
