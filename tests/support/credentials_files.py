"""For the tests of the plugin `shared-file`: a file that a tool writes, and clocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import plugincreds

NewContext: TypeAlias = Callable[..., plugincreds.PluginContext]
NewPlugin: TypeAlias = Callable[..., Any]
SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
START = 1_900_000_000.0  # 2030-03-17 17:46:40 UTC


class Clock:
    """The time of day and the monotonic clock, of which only `sleep()` and tests move both."""

    def __init__(self) -> None:
        self.now = START
        self.slept = 0.0
        self.on_sleep: Callable[[], object] = lambda: None

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - START

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        self.on_sleep()


class CredentialsFile:
    """The file that a tool writes, with the time of the fake clock."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def write(self, text: str, *, age: float = 60.0) -> None:
        """Write it in place, so many seconds ago."""
        self.path.write_text(text, encoding="utf-8")
        self.touch(age)

    def replace(self, text: str, *, age: float = 60.0) -> None:
        """Put another file in its place."""
        self.path.unlink(missing_ok=True)
        self.write(text, age=age)

    def touch(self, age: float) -> None:
        """Set the time of its last change."""
        at = int((self._clock.now - age) * 1e9)
        os.utime(self.path, ns=(at, at))


def section(number: int, name: str = "work", **more: str) -> str:
    """Return a section with credentials that are recognized by their number."""
    keys = {
        "aws_access_key_id": f"ASIAEXAMPLE{number:05}",
        "aws_secret_access_key": f"{SECRET}{number:05}",
        "aws_session_token": f"token{SECRET}{number:05}",
        **more,
    }
    return "\n".join([f"[{name}]", *(f"{key} = {text}" for key, text in keys.items()), ""])
