"""A plugin that its profile's options configure: `prefix` tells which variables have the keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"delta {event}\n")


_trace("imported")


class Context(Protocol):
    """What this plugin wants to know."""

    @property
    def options(self) -> Mapping[str, str]:
        """The profile's options."""


def get_provider(
    context: Context,
) -> tuple[Callable[[], tuple[str, str]], Callable[[], bool]] | None:
    """Return the pair, or decline without the option."""
    prefix = context.options.get("prefix")
    if prefix is None:
        return None

    def retrieve() -> tuple[str, str]:
        _trace(f"retrieved {prefix}")
        return os.environ[f"{prefix}_KEY"], os.environ[f"{prefix}_SECRET"]

    return retrieve, lambda: False
