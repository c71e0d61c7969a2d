"""The threads in which tests call a plugin, with a limit: a call may never end."""

import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any

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
