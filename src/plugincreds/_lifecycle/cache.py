"""CredentialsCache: holds one plugin's value and calls the plugin when it is time.

What is to be done is decided by `_lifecycle`, from a state that never changes. Here are the
threads: the state is published by one assignment under a lock, at most one flight calls the
plugin, and those who wait for it share what comes of it. The plugin is never called under
the lock.
"""

import random
import threading
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import TypeVar

from plugincreds._contract import Answer, Value
from plugincreds._lifecycle.flights import Errand, Flight, Outcome, Sync, SyncHolder, Waiting
from plugincreds._lifecycle.policy import (
    NEVER,
    Failure,
    State,
    Step,
    Uniform,
    backs_off,
    decide,
    failed,
    rejected,
    succeeded,
)
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import judged, retrieved
from plugincreds._reentrancy import flight, waiting_for
from plugincreds._threads import as_failure, start

_T = TypeVar("_T")

_PATIENCE = 10.0  # seconds of waiting after which a person is told
_SLOW_ANSWER = 0.05  # seconds that is_expired() may take before a person is told


class CredentialsCache:
    """One value and the two functions that renew it; safe for threads and forks.

    Args:
        retrieve: Returns or awaits credentials in any shape of the contract, None to decline,
            or raises.
        is_expired: Tells whether the plugin has given its last value up. It is asked before
            each use after the first. None: only the expiry and `invalidate()` end a value.
        clock: Returns seconds since the epoch.
        uniform: Returns a random number between its two arguments.
        advisory_window: How many seconds before its expiry a value is renewed ahead, at most
            half of its lifetime. None: 5, 15 or 60 minutes, by its lifetime.

    Attributes:
        timeout: After how many seconds `retrieve` counts as failed; None for never.
    """

    def __init__(
        self,
        retrieve: Callable[[], Answer | Awaitable[Answer]],
        is_expired: Callable[[], bool] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        uniform: Uniform = random.uniform,
        advisory_window: float | None = None,
    ) -> None:
        for function in (retrieve, is_expired or _never):
            if not callable(function):
                kind = type(function).__name__
                raise TypeError(f"retrieve and is_expired must be callable, not of type {kind}")
        if advisory_window is not None and not advisory_window >= 0:
            raise ValueError(f"advisory_window must not be below zero, as {advisory_window!r} is")
        self._retrieve = retrieve
        self._is_expired = is_expired or _never
        self._clock = clock
        self._uniform = uniform
        self._advisory_window = advisory_window
        self._state = State()
        self._syncs = SyncHolder()
        self._watch_at = -NEVER
        self.timeout: float | None = None
        self.reporter: Reporter = Reporter("A credential plugin")  # words what people are told
        self.mark: Hashable = self  # what the flight is known by
        # Tells when the value given last was retrieved, where that was not now.
        self.since: Callable[[], float] | None = None
        # Tells whether the plugin still gives the identity that this is for.
        self.is_same: Callable[[], bool] | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the value that is held expires; None without a value or without an expiry."""
        value = self._state.value
        return None if value is None else value.expiry_time

    def get(self) -> Value:
        """Return a value that may be used now, from the plugin if need be.

        Raises:
            PluginProviderRetrieveError: The plugin gave none, and none is left to serve.
            PluginError: The plugin itself asks, while it retrieves this value.
        """
        return self.look(self.wait)

    def look(self, slowly: "Callable[[State, float, bool | Failure], _T]") -> "Value | _T":
        """Return the value if there is nothing to decide, else what `slowly` makes of it."""
        state, now = self._state, self._clock()
        answer: object = False
        try:  # this is done for every signature, so it is written out here
            if now < self._watch_at:
                answer = self._is_expired()
            elif state.value is not None:
                answer = self._watched(now)
        except BaseException as error:  # noqa: BLE001 - interruptions are raised again
            answer = as_failure(error)  # counts as a failed refresh
        if answer is False and state.calm_from <= now < state.calm_until:
            return state.value  # type: ignore[return-value] # a calm state has one
        given_up = judged(answer, self.reporter)
        del answer  # a traceback may be shown with the variables of its frames
        return slowly(state, now, given_up)

    def wait(self, state: State, now: float, given_up: bool | Failure) -> Value:  # noqa: FBT001 - `look` calls it
        """Return a value from the plugin if need be, and wait for it: what threads do.

        Raises:
            PluginProviderRetrieveError: The plugin gave none, and none is left to serve.
            PluginError: The plugin itself asks, while it retrieves this value.
        """
        return self._outcome_here(state, now, given_up).result()

    def begin(self, state: State, now: float, given_up: bool | Failure) -> Value | Waiting:  # noqa: FBT001 - `look` calls it
        """Return a value without blocking, or what can be awaited: what event loops do.

        Raises:
            PluginProviderRetrieveError: The plugin gave none, and none is left to serve.
            PluginError: The plugin itself asks, while it retrieves this value.
        """
        with self._flight():
            pass  # it is not its own that is asked for
        while True:
            state, now, given_up = self._counted(state, now, given_up)
            step = decide(state, now, given_up=given_up)
            if step is Step.SERVE or step is Step.RAISE:
                return Outcome(state.value if step is Step.SERVE else None, state.failure).result()
            sync, mine = self._syncs.get(), Errand()
            with sync.lock:
                if self._state is state:
                    if step is Step.RENEW_AHEAD and (sync.errand or sync.flight):
                        return Outcome(state.value).result()
                    errand = sync.errand = sync.errand or mine
                    break
            state, now, given_up = self._published(state, given_up=given_up)
        if errand is mine:
            self._send(sync, mine, given_up=given_up)
        return Waiting(errand, errand is mine, given_up)

    def invalidate(self, access_key: str) -> None:
        """Renew the value at the next `get()`, if this is still its key: a service rejected it."""
        with self._syncs.get().lock:
            value = self._state.value
            if value is not None and value.access_key == access_key and not self._state.rejected:
                self._state = rejected(self._state)

    def _flight(self) -> AbstractContextManager[None]:
        who = self.reporter
        return flight(self.mark, who.label, who.plugin, who.distribution)

    def _outcome_here(self, state: State, now: float, given_up: bool | Failure) -> Outcome:  # noqa: FBT001 - `look` calls it
        """Return what comes of it in this thread, which calls the plugin or waits if need be."""
        with self._flight():
            while True:
                state, now, given_up = self._counted(state, now, given_up)
                outcome = self._outcome(state, now, given_up=given_up)
                if outcome is not None:
                    return outcome
                # Another thread has published meanwhile, or was interrupted.
                state, now, given_up = self._published(state, given_up=given_up)

    def _counted(
        self,
        state: State,
        now: float,
        given_up: bool | Failure,  # noqa: FBT001 - one of three answers
    ) -> tuple[State, float, bool]:
        """Count a failed answer of is_expired() as a failed refresh."""
        if isinstance(given_up, Failure):
            return self._counted_as_failed(state, given_up), self._clock(), False
        return state, now, given_up

    def _published(self, state: State, *, given_up: bool) -> tuple[State, float, bool]:
        """Return what is known by now. What is_expired() said holds for the value it saw."""
        published = self._state
        return published, self._clock(), given_up and published.value is state.value

    def _send(self, sync: Sync, mine: Errand, *, given_up: bool) -> None:
        """Get the value in a thread, for all who await it."""

        def run() -> None:
            try:
                found = self.look(self._outcome_here)
                outcome = Outcome(found) if isinstance(found, Value) else found
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                sync.settle(mine, interrupted_by=error)
            else:
                sync.settle(mine, outcome)

        try:
            start(run)
        except BaseException as error:
            if not isinstance(error, Exception):
                sync.settle(mine)
                raise
            found = f"no thread could be started for it: {error}"
            failure = self.reporter.failure(found, cause=error)
            state = self._counted_as_failed(self._state, failure, given_up=given_up)
            sync.settle(mine, Outcome(None if state.is_hard else state.value, failure))

    def _outcome(self, state: State, now: float, *, given_up: bool) -> Outcome | None:
        """Return what a caller gets, or None if it must decide anew."""
        step = decide(state, now, given_up=given_up)
        if step is Step.SERVE:
            return Outcome(state.value)
        if step is Step.RAISE:
            return Outcome(failure=state.failure)
        sync, mine = self._syncs.get(), Flight()
        try:
            with sync.lock:
                if self._state is not state:
                    return None
                running = sync.flight = sync.flight or mine
            if running is mine:
                self._launch(sync, mine, given_up=given_up)
            elif step is Step.RENEW_AHEAD:
                return Outcome(state.value)
            outcome = self._landed(sync, running, given_up=given_up)
            if mine.interrupted_by is not None:
                raise mine.interrupted_by
            if given_up and outcome and outcome.value and outcome.failure:
                return None  # the flight was for others, and serves on what is given up by now
            return outcome
        finally:
            if not mine.handed_over:  # whatever interrupts this thread, nobody waits for ever
                sync.close(mine)

    def _launch(self, sync: Sync, mine: Flight, *, given_up: bool) -> None:
        """Call the plugin: here, or where there is a time limit in a thread of its own."""
        if self.timeout is None:
            self._fly(sync, mine, given_up=given_up)
            return

        claim = threading.Lock()  # who takes it ends the flight

        def fly() -> None:
            if not claim.acquire(blocking=False):
                return
            try:
                self._fly(sync, mine, given_up=given_up)
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                mine.interrupted_by = error
            finally:
                sync.close(mine)

        mine.handed_over = True
        try:
            start(fly)
        except BaseException as error:
            if not claim.acquire(blocking=False):
                raise  # interrupted when the thread was there already
            mine.handed_over = False
            if not isinstance(error, Exception):
                raise
            found = f"no thread could be started for it: {error}"
            failure = self.reporter.failure(found, cause=error)
            self._publish(sync, mine, failure, given_up=given_up)

    def _fly(self, sync: Sync, mine: Flight, *, given_up: bool) -> None:
        """Call the plugin, publish what it gave, and let those go who wait for it."""
        result = retrieved(
            self._retrieve,
            self.reporter,
            self._clock,
            is_first=self._state.value is None,
            is_same=self.is_same,
        )
        self._publish(sync, mine, result, given_up=given_up)
        if given_up and isinstance(result, Value):
            self._check_new_value()

    def _publish(
        self, sync: Sync, mine: Flight, result: Value | Failure, *, given_up: bool
    ) -> None:
        with sync.lock:
            before, now = self._state, self._clock()
            self._state = state = self._next(before, result, now, given_up=given_up)
            if isinstance(result, Value):
                mine.outcome = Outcome(state.value)
            else:
                mine.outcome = Outcome(None if state.is_hard else state.value, result)
        sync.close(mine)
        self.reporter.warn_if_served_on(state, now)

    def _next(self, before: State, result: Value | Failure, now: float, *, given_up: bool) -> State:
        if isinstance(result, Failure):
            return failed(before, result, now, self._uniform, given_up=given_up)
        since = now if self.since is None else min(now, self.since())
        state = succeeded(result, since, self._advisory_window, self._uniform)
        if not (before.rejected and before.value and before.value.access_key == result.access_key):
            return state
        failure = self.reporter.failure("it gave the key again that a service has rejected")
        return failed(rejected(state), failure, now, self._uniform, given_up=False)

    def _landed(self, sync: Sync, running: Flight, *, given_up: bool) -> Outcome | None:
        """Wait for a flight, and return what came of it; None if it was interrupted."""
        limit = NEVER if self.timeout is None else self.timeout
        if not running.done.is_set():
            who = self.reporter
            with waiting_for(self.mark, who.label, who.plugin, who.distribution):
                if not running.done.wait(min(limit, _PATIENCE)) and limit > _PATIENCE:
                    self.reporter.warn_of_wait(_PATIENCE)
                    running.done.wait(None if limit == NEVER else limit - _PATIENCE)
        with sync.lock:
            state, outcome = self._state, running.outcome
        if outcome is not None or running.done.is_set():
            return outcome
        failure = self.reporter.failure(f"its retrieve() has taken longer than {limit:g} s")
        state = self._counted_as_failed(state, failure, given_up=given_up)
        if state.is_hard or state.value is None or self._clock() >= state.expires_at:
            return Outcome(failure=state.failure or failure)
        return Outcome(state.value)

    def _counted_as_failed(
        self, state: State, failure: Failure, *, given_up: bool = False
    ) -> State:
        """Publish a failure that came of no flight, and return what is published then."""
        with self._syncs.get().lock:
            now, before = self._clock(), self._state
            # A failure that takes the value away counts also while it is only served on.
            is_known = backs_off(before, now) and (
                before.is_hard or not (given_up or failure.is_final)
            )
            if before.value is not state.value or is_known:
                return before
            self._state = state = failed(before, failure, now, self._uniform, given_up=given_up)
        self.reporter.warn_if_served_on(state, now)
        return state

    def _watched(self, now: float) -> bool:
        """Ask, and tell if that is slow; once a second is enough, looking at the time costs."""
        self._watch_at = now + 1.0
        started = time.perf_counter()
        answer = self._is_expired()
        if time.perf_counter() - started > _SLOW_ANSWER:
            self.reporter.warn_of_slow_answer(_SLOW_ANSWER)
        return answer

    def _check_new_value(self) -> None:
        with suppress(Exception):  # if it raises, the next call takes that for a failure
            if self._is_expired() is True:
                self.reporter.warn_of_expired_answer()


def _never() -> bool:
    return False
