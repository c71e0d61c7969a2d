"""The one retrieval that may be in flight for a source, and the outcome that its waiters share.

A fork copies locks that other threads hold, and retrievals whose threads do not run in the child.
So each engine makes new ones when it is first used in the child.
"""

import threading
from collections.abc import Callable
from typing import Any

from plugincreds._contract import Value
from plugincreds._lifecycle.forks import forks
from plugincreds._lifecycle.policy import Failure
from plugincreds._reentrancy import ActiveCall
from plugincreds._threads import OPEN, Gate, start


class FlightOutcome:
    """The outcome of a retrieval: credentials to use, or a failure to raise.

    Both, if it failed and the stale credentials can still be used.

    Args:
        value: The credentials.
        failure: The failure, as it is kept: its cause refers to no frames.
        raised: What the plugin raised, with all frames, for the error of this one caller.
    """

    __slots__ = ("_raised", "failure", "value")

    def __init__(
        self,
        value: Value | None = None,
        failure: Failure | None = None,
        raised: list[BaseException] | None = None,
    ) -> None:
        self.value: Value | None = value
        self.failure: Failure | None = failure
        self._raised = raised

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
        error = (self.failure or Failure("A credential plugin was interrupted.")).error()
        if (raised := self.take_raised()) is not None:
            error.__cause__ = raised
        try:
            raise error
        finally:
            del error, raised  # this frame is in its traceback

    def take_raised(self) -> BaseException | None:
        """Return what the plugin raised, once: frames that it refers to may have this object."""
        return self._raised.pop() if self._raised else None


class Flight:
    """A retrieval in flight.

    Attributes:
        call: The active call that makes it, if it has begun.
        callers: A list for each caller that began it or waits for it. If it fails, and the callers
            raise that, each list gets what the plugin raised.
        done: Opened when it has ended in any way.
        outcome: Its outcome; None if it was interrupted, and a waiter must try again.
        interrupted_by: The exception that interrupted it, if another thread than the caller's ran.
        handed_over: Whether another thread than the caller's closes it.
    """

    def __init__(self) -> None:
        self.call: ActiveCall | None = None
        self.callers: list[list[BaseException]] = []
        self.done = Gate()
        self.outcome: FlightOutcome | None = None
        self.interrupted_by: BaseException | None = None
        self.handed_over = False

    def fail(self, failure: Failure, stale: Value | None) -> None:
        """Set the outcome: a failure, and credentials that can still be used, if there are any.

        What the plugin raised goes from the failure to the callers, if they will raise that.
        """
        if stale is None and failure.raised is not None:
            for raised in self.callers:
                raised.append(failure.raised)
        self.callers, failure.raised = [], None
        self.outcome = FlightOutcome(stale, failure)

    def wait(self, limit: float, patience: float, end_patience: Callable[[], object]) -> None:
        """Wait for its end, up to a limit in seconds; call a function when the patience ends."""
        if not self.done.wait(min(limit, patience)) and limit > patience:
            end_patience()
            self.done.wait(limit - patience)

    def hand_over(self, sync: "Sync", callers: ActiveCall, fly: Callable[[], object]) -> bool:
        """Let a new thread retrieve, and close this when it has ended.

        Return whether it could be started. At the end of the interpreter, for example, none can,
        and the caller must retrieve itself, without a time limit.
        """
        claim = threading.Lock()  # the thread that takes it must end the retrieval

        def run() -> None:
            if not claim.acquire(blocking=False):
                return
            callers.done = OPEN  # it may wait for this thread from now on, in a signal handler
            self.call = call = ActiveCall(callers.key)
            call.done = self.done
            try:
                call.begin()
                fly()
            except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
                self.interrupted_by = error
            finally:
                sync.close(self)
                call.leave()

        self.handed_over = True
        try:
            start(run)
        except BaseException as error:
            if not claim.acquire(blocking=False):
                raise  # interrupted after the thread had begun
            self.handed_over = False
            if not isinstance(error, Exception):
                raise
        return self.handed_over


class Sync:
    """The lock of one engine, and its retrievals in flight, for the process that created it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # reentrant, because a signal handler may need it, too
        self.flight: Flight | None = None
        self.background: Any = None  # a thread that refreshes for event loops: see `awaiting`
        self._generation = forks.generation

    def in_this_process(self) -> bool:
        """Tell whether this is still the process that created it, and not a forked child."""
        return self._generation == forks.generation

    def is_locked_here(self) -> bool:
        """Tell whether this thread has the lock: it has been interrupted, and must not wait."""
        return self.lock._is_owned()  # type: ignore[attr-defined,no-any-return] # noqa: SLF001 - as in threading.Condition

    def in_progress(self) -> tuple[ActiveCall, ...]:
        """Return the calls that have led to the retrieval in flight, if there is one."""
        call = None if self.flight is None else self.flight.call
        return () if call is None else call.in_progress()

    def join(self, mine: Flight) -> Flight:
        """Return the retrieval in flight; the given one, if there is none. It needs the lock."""
        # One that has ended is still there if an interruption came before `close()`.
        if self.flight is None or self.flight.done.is_open:
            self.flight = mine
        return self.flight

    def close(self, flight: Flight) -> None:
        """End an in-flight retrieval if it has not ended yet, and wake its waiters."""
        with self.lock:
            if self.flight is flight:
                self.flight = None
        flight.done.open()


class SyncHolder:
    """Gives an engine its `Sync`, a new one after a fork."""

    def __init__(self) -> None:
        self._sync = Sync()

    def get(self) -> Sync:
        """Return the `Sync` of this process."""
        sync = self._sync
        if sync.in_this_process():
            return sync
        with forks.lock:
            if not self._sync.in_this_process():
                self._sync = Sync()
            return self._sync
