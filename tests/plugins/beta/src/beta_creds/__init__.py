"""A plugin as an object, whose entry point is a class method."""

from __future__ import annotations

import os
from pathlib import Path


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"beta {event}\n")


_trace("imported")


class Beta:
    """The keys in the environment."""

    @classmethod
    def from_environment(cls) -> Beta | None:
        """Return a plugin, or decline without a key."""
        return cls() if "BETA_KEY" in os.environ else None

    def retrieve(self) -> tuple[str, str, None]:
        """Return the keys, without a token."""
        _trace("retrieved")
        return os.environ["BETA_KEY"], os.environ["BETA_SECRET"], None

    def is_expired(self) -> bool:
        """Keep the keys for ever."""
        return False
