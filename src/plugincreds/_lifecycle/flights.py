"""The one flight that may run for a cache, and what those who wait for it share.

A fork copies locks that other threads hold and flights that nobody will finish. So a child
starts with new ones: each cache finds out when it next needs them.
"""

import os
import threading
from concurrent.futures import Future
from typing import NamedTuple

from plugincreds._contract import Value
from plugincreds._lifecycle.policy import Failure


class Outcome(NamedTuple):
    """What came of a flight: a value to use, or a failure to raise.

    Both where it failed and the value that was there before it is served on.
    """

    value: Value | None = None
    failure: Failure | None = None

    def result(self) -> Value:
        """Return the value.

        Raises:
            PluginProviderRetrieveError: There is none. It is a new error for each caller.
        """
        if self.value is not None:
            return self.value
        failure = self.failure or Failure("A credential plugin was interrupted.")
        raise failure.error()


class Flight:
    """One call of the plugin.

    Attributes:
        done: Set when it has ended, however.
        outcome: What came of it; None if it was interrupted, and then somebody must try again.
        interrupted_by: What interrupted it, where that was not raised in the caller's thread.
        handed_over: Whether a thread of its own ends it.
    """

    def __init__(self) -> None:
        self.done = threading.Event()
        self.outcome: Outcome | None = None
        self.interrupted_by: BaseException | None = None
        self.handed_over = False


class Errand:
    """One thread that gets a cache's value, for everybody who awaits it in an event loop.

    Attributes:
        future: Has the outcome when the thread is done; None if it was interrupted, and then
            somebody must try again. Who awaits it cannot cancel it.
        interrupted_by: What interrupted it.
    """

    def __init__(self) -> None:
        self.future: Future[Outcome | None] = Future()
        self.future.set_running_or_notify_cancel()
        self.interrupted_by: BaseException | None = None


class Waiting(NamedTuple):
    """What an event loop waits for.

    Attributes:
        errand: The errand.
        is_mine: Whether it was begun for the one who waits, to whom an interruption belongs.
        given_up: Whether the plugin has given up the value that is there.
    """

    errand: Errand
    is_mine: bool
    given_up: bool


class Sync:
    """The lock of one cache, its flight and its errand, in the process that it was made in."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.flight: Flight | None = None
        self.errand: Errand | None = None
        self._generation = _forks.generation

    def in_this_process(self) -> bool:
        """Tell whether there has been no fork since."""
        return self._generation == _forks.generation

    def close(self, flight: Flight) -> None:
        """End a flight, if it has not ended yet, and let those go who wait for it."""
        with self.lock:
            if self.flight is flight:
                self.flight = None
        flight.done.set()

    def settle(
        self,
        errand: Errand,
        outcome: Outcome | None = None,
        interrupted_by: BaseException | None = None,
    ) -> None:
        """End an errand, and let those go who await it."""
        with self.lock:
            if self.errand is errand:
                self.errand = None
        errand.interrupted_by = interrupted_by
        errand.future.set_result(outcome)


class _Forks:
    """How often this process is the child of a fork, and a lock that no fork copies."""

    def __init__(self) -> None:
        self.generation = 0
        self.lock = threading.Lock()

    def in_child(self) -> None:
        self.generation += 1
        self.lock = threading.Lock()


_forks = _Forks()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forks.in_child)


class SyncHolder:
    """Gives a cache its `Sync`, a new one after a fork."""

    def __init__(self) -> None:
        self._sync = Sync()

    def get(self) -> Sync:
        """Return the one of this process."""
        sync = self._sync
        if sync.in_this_process():
            return sync
        with _forks.lock:
            if not self._sync.in_this_process():
                self._sync = Sync()
            return self._sync
