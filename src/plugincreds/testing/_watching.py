"""What a call does beside returning: the network, the code that runs, the time."""

import inspect
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter  # now: a plugin may replace what the module time has later
from types import CodeType, FrameType
from typing import Any

import pytest

SLOW = 0.05  # seconds; a test holds it against the package's own bound


@contextmanager
def network_blocked() -> Iterator[list[str]]:
    """Refuse each connection and each look-up of a host; yield the list of what was tried."""
    tried: list[str] = []

    def refusing(name: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> Any:
            tried.append(name)
            raise OSError(f"{name}() is refused by a test of plugincreds.testing")

        return refuse

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, refusing(f"socket.{name}"))
        for name in ("getaddrinfo", "gethostbyname", "create_connection"):
            patch.setattr(socket, name, refusing(f"socket.{name}"))
        yield tried


@contextmanager
def code_noted() -> Iterator[set[CodeType]]:
    """Yield the set of what Python code this thread runs, and threads that it starts."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.add(frame.f_code)

    before, before_in_threads = sys.getprofile(), threading.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield codes
    finally:
        sys.setprofile(before)
        threading.setprofile(before_in_threads)


def code_of(function: Any) -> CodeType | None:
    """Return the code of a function, or of what it wraps at last, as far as that can be seen.

    Not that of the wrappers: one decorator may stand above the getter and above `retrieve()`.
    """
    while inner := getattr(function, "func", None) or getattr(function, "__wrapped__", None):
        function = inner
    if not inspect.isroutine(function):  # an object that can be called
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def shortest(call: Callable[[], object], times: int = 5) -> float:
    """Return how long a call takes at best, in seconds: a busy machine makes no call faster.

    So what is imported at the first call does not count.
    """
    durations = []
    for _ in range(times):
        started = perf_counter()
        call()
        durations.append(perf_counter() - started)
    return min(durations)
