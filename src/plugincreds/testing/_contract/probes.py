"""The threads in which tests call a plugin, with a limit: a call may never end.

What a call does beside returning: the network, the code that runs, the time.
"""

import inspect
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter  # now: a plugin may replace what the module time has later
from types import CodeType, FrameType
from typing import Any

import pytest

# Waits have their limit in threading, whose clock is not one that a plugin replaces.


class StuckError(Exception):
    """A call has not ended in time; the text says where it stands."""


class Outcome:
    """What a call gave or raised. Shown, it tells nothing."""

    answer: Any = None
    error: BaseException | None = None

    def __init__(self, call: Callable[[], Any]) -> None:
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


class Home:
    """The one thread in which a test calls its plugin; some plugins are bound to one.

    Args:
        limit: How many seconds a call may take.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="plugin-under-test", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], Any]) -> Outcome:
        """Call it there.

        Raises:
            StuckError: It has not ended in time; then this thread is of no more use.
        """
        outcome = Outcome(function)
        self._outcomes.put(outcome)
        if not outcome.is_there.wait(self._limit):
            raise StuckError(self._place())
        return outcome

    def close(self) -> None:
        """Let the thread end, once it comes back."""
        self._outcomes.put(None)

    def _work(self) -> None:
        while (outcome := self._outcomes.get()) is not None:
            outcome.settle()

    def _place(self) -> str:
        """Return the innermost line of the plugin's own, as far as one can tell."""
        frame = sys._current_frames().get(self._thread.ident or 0)  # noqa: SLF001 - documented
        library = Path(threading.__file__).parent
        while frame is not None and library == Path(frame.f_code.co_filename).parent:
            frame = frame.f_back
        if frame is None:
            return "an unknown place"
        return f"{Path(frame.f_code.co_filename).name}, line {frame.f_lineno}"


def at_once(count: int, call: Callable[[], Any], limit: float) -> list[Outcome]:
    """Call it in so many threads that begin together; return what has come within a limit."""
    barrier = threading.Barrier(count)
    outcomes = [Outcome(call) for _ in range(count)]
    all_there = threading.Semaphore(0)

    def run(outcome: Outcome) -> None:
        barrier.wait(limit)
        outcome.settle()
        all_there.release()

    for outcome in outcomes:
        threading.Thread(target=run, args=(outcome,), daemon=True).start()
    for _ in outcomes:
        if not all_there.acquire(timeout=limit):
            break
    return [outcome for outcome in outcomes if outcome.is_there.is_set()]


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
