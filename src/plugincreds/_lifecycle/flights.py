"""The one retrieval that may be in flight for a source, and what its waiters share.

A fork copies locks that other threads hold, and retrievals that never end. So a child starts
with new ones: each engine finds out when it next needs them.
"""

import os
import threading
from typing import Any

from plugincreds._contract import Value
from plugincreds._lifecycle.policy import Failure


class FlightOutcome:
    """What a retrieval has come to: credentials to use, or a failure to raise.

    Both where it failed and the current credentials are used meanwhile.
    """

    __slots__ = ("failure", "value")

    def __init__(self, value: Value | None = None, failure: Failure | None = None) -> None:
        self.value: Value | None = value
        self.failure: Failure | None = failure

    @property
    def is_stale(self) -> bool:
        """Whether these are the credentials from before a failed refresh."""
        return self.value is not None and self.failure is not None

    def result(self) -> Value:
        """Return the credentials.

        Raises:
            PluginProviderRetrieveError: There are none. It is a new error for each caller.
        """
        if self.value is not None:
            return self.value
        failure = self.failure or Failure("A credential plugin was interrupted.")
        raise failure.error()


class Flight:
    """A retrieval in flight.

    Attributes:
        done: Set when it has ended, in whatever way.
        outcome: What it has come to; None if it was interrupted, and a waiter must try again.
        interrupted_by: What interrupted it, where that was not raised in the caller's thread.
        handed_over: Whether a thread of its own ends it.
    """

    def __init__(self) -> None:
        self.done = threading.Event()
        self.outcome: FlightOutcome | None = None
        self.interrupted_by: BaseException | None = None
        self.handed_over = False


class Sync:
    """The lock of one engine, and what is in flight, in the process that it was made in."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.flight: Flight | None = None
        self.background: Any = None  # a thread that refreshes for event loops: see `awaiting`
        self._generation = _forks.generation

    def in_this_process(self) -> bool:
        """Tell whether there has been no fork since."""
        return self._generation == _forks.generation

    def close(self, flight: Flight) -> None:
        """End a flight, if it has not ended yet, and wake its waiters."""
        with self.lock:
            if self.flight is flight:
                self.flight = None
        flight.done.set()


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
    """Gives an engine its `Sync`, a new one after a fork."""

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
