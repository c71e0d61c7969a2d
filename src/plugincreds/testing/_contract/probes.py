"""Calls of a plugin that are watched: the thread, the network, the code that runs, the time."""

import inspect
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter  # imported now, because a plugin may replace it in the module time
from types import CodeType, FrameType
from typing import Any

import pytest

SLOW = 0.05  # seconds; a unit test compares it with the refresh engine's own limit


class StuckError(Exception):
    """A call has not ended within the limit; the text says which line it is at."""


class CallOutcome:
    """What a call returned or raised. Its repr shows neither."""

    answer: Any = None
    error: BaseException | None = None

    def __init__(self, call: Callable[[], Any]) -> None:
        # The call sees the context variables of the test, whichever thread makes it.
        self._call = copy_context().run, call
        self.is_there = threading.Event()

    def settle(self) -> None:
        """Make the call."""
        run, call = self._call
        try:
            self.answer = run(call)
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like are outcomes, too
            self.error = error
        self.is_there.set()


class PluginThread:
    """The one thread in which a test calls its plugin, because some plugins are bound to one.

    Args:
        limit: How many seconds a call may take.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._outcomes: SimpleQueue[CallOutcome | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="plugin-under-test", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], Any]) -> CallOutcome:
        """Call the function in this thread.

        Raises:
            StuckError: It has not ended within the limit. The thread cannot be used any more.
        """
        outcome = CallOutcome(function)
        self._outcomes.put(outcome)
        if not outcome.is_there.wait(self._limit):
            raise StuckError(self._current_line())
        return outcome

    def close(self) -> None:
        """End the thread, as soon as its last call ends."""
        self._outcomes.put(None)

    def _work(self) -> None:
        while (outcome := self._outcomes.get()) is not None:
            outcome.settle()

    def _current_line(self) -> str:
        """Return the innermost line outside the standard library: most likely the plugin's."""
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 - documented
        library = Path(threading.__file__).parent
        while frame is not None and library == Path(frame.f_code.co_filename).parent:
            frame = frame.f_back
        if frame is None:
            return "an unknown place"
        return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"


def call_in_threads(count: int, call: Callable[[], Any], limit: float) -> list[CallOutcome]:
    """Call it in so many threads that begin together, and return the outcomes.

    It waits for the next outcome until the limit, and then gives up the calls that are left.
    """
    barrier = threading.Barrier(count)
    settled: SimpleQueue[CallOutcome] = SimpleQueue()

    def run(outcome: CallOutcome) -> None:
        barrier.wait(limit)
        outcome.settle()
        settled.put(outcome)

    for _ in range(count):
        threading.Thread(target=run, args=(CallOutcome(call),), daemon=True).start()
    outcomes: list[CallOutcome] = []
    try:
        while len(outcomes) < count:
            outcomes.append(settled.get(timeout=limit))
    except Empty:
        pass
    return outcomes


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
def code_recorded() -> Iterator[set[CodeType]]:
    """Yield the set of the Python code that this thread runs, and threads that it starts."""
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
    """Return the code of the innermost function that this one wraps, if that can be seen.

    The wrappers' code does not count: the getter and `retrieve()` may have the same decorator.
    """
    while inner := getattr(function, "func", None) or getattr(function, "__wrapped__", None):
        function = inner
    if not inspect.isroutine(function):  # an object that can be called
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def fastest(call: Callable[[], object], times: int = 5) -> float:
    """Return the seconds of the fastest of some calls.

    A busy machine makes no call faster, and the imports of the first call do not count.
    """
    durations = []
    for _ in range(times):
        started = perf_counter()
        call()
        durations.append(perf_counter() - started)
    return min(durations)
