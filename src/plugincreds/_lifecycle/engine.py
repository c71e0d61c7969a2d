"""The refresh engine of one source: holds credentials and calls the plugin when they are due.

`policy` decides what to do, from an immutable state. This module has the threads: a state is
published by one assignment under a lock, at most one thread calls the plugin, and its waiters
share the outcome. The plugin is never called under the lock.
"""

import random
import time
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import ClassVar

from plugincreds._contract import Value
from plugincreds._lifecycle.flights import Flight, FlightOutcome, Sync, SyncHolder
from plugincreds._lifecycle.policy import (
    NEVER,
    Failure,
    RefreshStep,
    State,
    Uniform,
    decide,
    due,
    failed,
    is_known_failure,
    is_usable,
    rejected,
    succeeded,
)
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieved, asked
from plugincreds._reentrancy import (
    PATIENCE,
    ActiveCall,
    is_inside,
    waiting_for,
)


class RefreshEngine:
    """Holds the credentials of one source, and refreshes them; safe for threads and forks.

    Args:
        retrieve: Calls the plugin: a `Retrieval`, or a `SharedCredentials` that uses one.
        is_expired: The plugin's function, or None if it has only that of the base class.
        reporter: Words the errors and log messages of the source.
        key: The source key, by which active calls of this source are recognized.
        clock: Returns seconds since the epoch.
        uniform: Returns a random number between its two arguments.
        advisory_window: How many seconds before their expiry credentials are refreshed early, at
            most half of their lifetime. None: 5, 15 or 60 minutes, depending on the lifetime.
        timeout: After how many seconds `retrieve` counts as failed; None for never.

    Attributes:
        state: The current state. It is replaced whenever anything changes.
        clock, is_expired, reporter: As given. `is_expired` is called before each use.
        patience: Seconds of waiting after which a warning is logged.
    """

    patience: ClassVar[float] = PATIENCE

    def __init__(  # noqa: PLR0913 - all that it depends on
        self,
        retrieve: Callable[..., Retrieved],
        is_expired: Callable[[], object] | None,
        reporter: Reporter,
        *,
        key: Hashable = None,
        clock: Callable[[], float] = time.time,
        uniform: Uniform = random.uniform,
        advisory_window: float | None = None,
        timeout: float | None = None,
    ) -> None:
        self.state = State()
        self.clock = clock
        self.is_expired = is_expired
        self.reporter = reporter
        self._retrieve = retrieve
        self._key = object() if key is None else key
        self._uniform = uniform
        self._advisory_window = advisory_window
        self._timeout = timeout
        self._syncs = SyncHolder()

    def get(self) -> Value:
        """Return credentials that may be used now; call the plugin if necessary.

        Raises:
            PluginProviderRetrieveError: The plugin gave none, and there are no usable ones.
            PluginError: The plugin itself asks while it retrieves these credentials.
        """
        state = self.state
        return self.outcome(state, self.ask(state)).result()

    def ask(self, state: State) -> bool | Failure:
        """Return whether the plugin reports the credentials of a state as expired."""
        if self.is_expired is None or state.value is None:
            return False
        return asked(self.is_expired, self.reporter)

    def outcome(self, state: State, reported: bool | Failure) -> FlightOutcome:  # noqa: FBT001 - what ask() returns
        """Return credentials or a failure: refresh in this thread, or wait for the one that does.

        Args:
            state: The state that the caller has seen.
            reported: Whether the plugin has reported that state's credentials as expired.

        Raises:
            PluginError: The plugin itself asks while it retrieves these credentials.
        """
        while True:
            state, reported = self.counted(state, reported)
            step = self.decision(state, reported=reported)
            if isinstance(step, FlightOutcome):
                return step
            outcome = self._flown(state, step, reported=reported)
            if outcome is not None:
                return outcome
            state, reported = self.published(state, reported=reported)

    def invalidate(self, access_key: str) -> None:
        """Refresh at the next use if this is still the current key: a service rejected it."""
        with self._syncs.get().lock:
            value = self.state.value
            if value is not None and value.access_key == access_key and not self.state.rejected:
                self.state = rejected(self.state)

    def hasten(self) -> State:
        """Refresh at the next use, because the program asks for it; return the new state."""
        with self._syncs.get().lock:
            self.state = state = due(self.state)
        return state

    def waiting(self) -> AbstractContextManager[None]:
        """Return a context in which the caller waits for a retrieval that another one has begun.

        It raises a PluginError if that retrieval waits for the caller in turn.
        """
        return waiting_for(self._syncs.get().in_progress, self.reporter.circle)

    def end_patience(self, *, leads: bool) -> None:
        """Log a warning about a long wait; `leads`: for a retrieval that the caller has begun.

        Raises:
            PluginError: The plugin may be waiting for the caller.
        """
        if not leads:
            self.reporter.refuse_wait(self._syncs.get().in_progress, self._key)
        self.reporter.warn_of_wait(self.patience)

    def sync(self) -> Sync:
        """Return the lock and the retrievals in flight."""
        return self._syncs.get()

    def decision(self, state: State, *, reported: bool) -> FlightOutcome | RefreshStep:
        """Return the outcome for a caller, if it is known; else which kind of refresh is due.

        Raises:
            PluginError: This thread is inside the retrieval, and no credentials can be used.
        """
        now = self.clock()
        step = decide(state, now, reported_expired=reported)
        if step is RefreshStep.SERVE:
            return FlightOutcome(state.value)
        if step is RefreshStep.RAISE:
            return FlightOutcome(failure=state.failure)
        if not is_inside(self._key) and not self._syncs.get().is_locked_here():
            return step
        # Perhaps not the plugin itself asks, but a signal handler, a log handler or a finalizer.
        if is_usable(state, now, reported_expired=reported):
            return FlightOutcome(state.value)
        raise self.reporter.refused()

    def counted(self, state: State, reported: bool | Failure) -> tuple[State, bool]:  # noqa: FBT001 - what ask() returns
        """Count a failed answer of is_expired() as a failed refresh."""
        if isinstance(reported, Failure):
            return self.count_failure(state, reported), False
        return state, reported

    def published(self, state: State, *, reported: bool) -> tuple[State, bool]:
        """Return the current state; the report counts only for the credentials it was about."""
        published = self.state
        return published, reported and published.value is state.value

    def count_failure(
        self, state: State, failure: Failure, *, reported_expired: bool = False
    ) -> State:
        """Publish a failure that no retrieval has published, and return the new state."""
        with self._syncs.get().lock:
            now, before = self.clock(), self.state
            is_known = is_known_failure(before, failure, now, reported_expired=reported_expired)
            failure.raised = None
            if before.value is not state.value or is_known:
                return before
            self.state = state = failed(
                before, failure, now, self._uniform, reported_expired=reported_expired
            )
        self.reporter.warn_of_stale_credentials(state, now)
        return state

    def _flown(self, state: State, step: RefreshStep, *, reported: bool) -> FlightOutcome | None:
        """Return the outcome of a retrieval; None if the caller must decide again."""
        sync, mine, raised = self._syncs.get(), Flight(), list[BaseException]()
        # The call is active before its flight is seen: this thread must not wait for that.
        mine.call = call = ActiveCall(self._key)
        try:
            call.begin()
            with sync.lock:
                if self.state is not state:
                    return None
                running = sync.join(mine)
                running.callers.append(raised)
            if running is not mine:
                if step is RefreshStep.ADVISORY:
                    return FlightOutcome(state.value)
            else:
                fly = partial(self._fly, sync, mine, reported=reported)
                if self._timeout is None or not mine.hand_over(sync, call, fly):
                    fly()
        finally:
            # The call and its flight end at once, whenever an interruption comes: if the call alone
            # ended, a signal handler would wait for its own thread, or other threads for ever.
            if not mine.handed_over:
                call.done = mine.done
            call.done.open()
            if not mine.handed_over:
                sync.close(mine)
            call.leave()
        outcome = self._landed(sync, running, raised, leads=running is mine, reported=reported)
        if mine.interrupted_by is not None:
            try:
                raise mine.interrupted_by
            finally:
                mine.interrupted_by = None  # this frame is in its traceback
        # A retrieval that began before the report may keep the credentials that it is about.
        return None if reported and outcome and outcome.is_stale else outcome

    def _fly(self, sync: Sync, mine: Flight, *, reported: bool) -> None:
        """Call the plugin, publish its answer, and wake the waiters."""
        # No variable holds a failure: this frame is in the traceback of its cause.
        self._publish(
            sync, mine, self._retrieve(is_first=self.state.value is None), reported=reported
        )
        if reported and self.state.failure is None and self.ask(self.state) is True:
            self.reporter.warn_of_expired_answer()

    def _publish(self, sync: Sync, mine: Flight, retrieved: Retrieved, *, reported: bool) -> None:
        with sync.lock:
            now = self.clock()
            self.state = state = self._next(self.state, retrieved, now, reported=reported)
            if isinstance(retrieved, Failure):
                mine.fail(retrieved, None if state.is_hard else state.value)
            else:
                mine.outcome = FlightOutcome(state.value)
        sync.close(mine)
        self.reporter.warn_of_stale_credentials(state, now)

    def _next(self, before: State, retrieved: Retrieved, now: float, *, reported: bool) -> State:
        if isinstance(retrieved, Failure):
            return failed(before, retrieved, now, self._uniform, reported_expired=reported)
        value, at = retrieved
        state = succeeded(value, min(now, at), self._advisory_window, self._uniform)
        if not (before.rejected and before.value and before.value.access_key == value.access_key):
            return state
        failure = self.reporter.failure("it gave the same key again, which a service has rejected")
        return failed(rejected(state), failure, now, self._uniform, reported_expired=False)

    def _landed(
        self,
        sync: Sync,
        running: Flight,
        raised: list[BaseException],
        *,
        leads: bool,
        reported: bool,
    ) -> FlightOutcome | None:
        """Wait for an in-flight retrieval, and return its outcome; None if it was interrupted."""
        limit = NEVER if self._timeout is None else self._timeout
        with nullcontext() if leads else self.waiting():
            running.wait(limit, self.patience, partial(self.end_patience, leads=leads))
        with sync.lock:
            state, outcome = self.state, running.outcome
        if outcome is not None:
            return FlightOutcome(outcome.value, outcome.failure, raised)
        if running.done.is_open:
            return None
        failure = self.reporter.timed_out(limit)
        state = self.count_failure(state, failure, reported_expired=reported)
        if state.is_hard or state.value is None or self.clock() >= state.expires_at:
            return FlightOutcome(failure=state.failure or failure)
        return FlightOutcome(state.value)
