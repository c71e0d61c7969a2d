"""The command `plugincreds` in this process: tests know it from here, wherever it is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from plugincreds._cli import _parser as parser
from plugincreds._cli import export
from plugincreds._cli import main as _main
from plugincreds._cli.streams import STDOUT, Stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugincreds import Value

__all__ = ["formatted", "main", "parser"]


def main(arguments: Sequence[str]) -> int:
    """Run the command as its script does, and give the streams back."""
    kept, streams = os.dup(1), (sys.stdout, sys.__stdout__, sys.stderr)
    try:
        return _main(arguments, owns_streams=True)
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        sys.stdout, sys.__stdout__, sys.stderr = streams  # type: ignore[misc]
        STDOUT.close()
        vars(STDOUT).update(vars(Stdout()))


def formatted(name: str, value: Value) -> str:
    """Return what `plugincreds export --format NAME` prints for a value."""
    return export._FORMATS[name](value)
