"""A plugin that has taken the name of another package's plugin; it must never be asked."""

from __future__ import annotations

import os
from pathlib import Path


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"twin {event}\n")


_trace("imported")


def get_provider() -> None:
    """Decline."""
