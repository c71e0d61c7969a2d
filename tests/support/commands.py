"""The command `plugincreds` in this process: tests know it from here, wherever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugincreds._cli import _parser as parser
from plugincreds._cli import export, main

if TYPE_CHECKING:
    from plugincreds import Value

__all__ = ["formatted", "main", "parser"]


def formatted(name: str, value: Value) -> str:
    """Return what `plugincreds export --format NAME` prints for a value."""
    return export._FORMATS[name](value)
