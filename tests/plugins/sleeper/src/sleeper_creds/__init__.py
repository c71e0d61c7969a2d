"""A plugin that takes SLEEPER_SECONDS to retrieve: `sleeper` blocks, `sleeper-async` awaits.

Its keys live for SLEEPER_LIFETIME seconds, or for ever without that.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"sleeper {event}\n")


_trace("imported")


def _seconds() -> float:
    return float(os.environ.get("SLEEPER_SECONDS", "0"))


def _keys() -> dict[str, str]:
    keys = {
        "AccessKeyId": os.environ["SLEEPER_KEY"],
        "SecretAccessKey": os.environ["SLEEPER_SECRET"],
    }
    if "SLEEPER_LIFETIME" in os.environ:
        lifetime = timedelta(seconds=float(os.environ["SLEEPER_LIFETIME"]))
        keys["Expiration"] = (datetime.now(timezone.utc) + lifetime).isoformat()
    _trace("retrieved")
    return keys


def retrieve() -> dict[str, str]:
    """Keep the thread, then return the keys in the environment."""
    time.sleep(_seconds())
    return _keys()


async def retrieve_async() -> dict[str, str]:
    """Let others run, then return the keys in the environment."""
    await asyncio.sleep(_seconds())
    return _keys()


def is_expired() -> bool:
    """Leave that to the expiry."""
    return False


def get_blocking() -> tuple[Callable[[], dict[str, str]], Callable[[], bool]] | None:
    """Return the pair with a function, or decline without a key."""
    return (retrieve, is_expired) if "SLEEPER_KEY" in os.environ else None


def get_awaiting() -> tuple[Callable[[], Awaitable[dict[str, str]]], Callable[[], bool]] | None:
    """Return the pair with a coroutine function, or decline without a key."""
    return (retrieve_async, is_expired) if "SLEEPER_KEY" in os.environ else None
