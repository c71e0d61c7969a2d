"""CredentialsCache: holds one plugin's value and calls the plugin when it is time.

What is to be done is decided by `_lifecycle`, from a state that never changes. Here are the
threads: the state is published by one assignment under a lock, at most one flight calls the
plugin, and those who wait for it share what comes of it. The plugin is never called under
the lock.
"""

import inspect
import logging
import random
import time
from collections.abc import Callable, Hashable
from datetime import datetime

from plugincreds._contract import WANTED_VALUE, Answer, Value, read_answer
from plugincreds._errors import described
from plugincreds._flight import OWN_FLIGHT_ADVICE, flight, was_refused
from plugincreds._lifecycle import (
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
from plugincreds._settings import OFF, VARIABLE
from plugincreds._single_flight import Flight, Outcome, Sync, SyncHolder
from plugincreds._worker import awaited, start

logger = logging.getLogger("plugincreds")

_PATIENCE = 10.0  # seconds of waiting after which a person is told
_SLOW_ANSWER = 0.05  # seconds that is_expired() may take before a person is told


class CredentialsCache:
    """One value and the two functions that renew it; safe for threads and forks.

    Args:
        retrieve: Returns credentials in any shape of the contract, None to decline, or raises.
        is_expired: Tells whether the plugin has given its last value up. It is asked before
            each use after the first. None: only the expiry and `invalidate()` end a value.
        clock: Returns seconds since the epoch.
        uniform: Returns a random number between its two arguments.
        advisory_window: How many seconds before its expiry a value is renewed ahead, at most
            half of its lifetime. None: 5, 15 or 60 minutes, by its lifetime.

    Attributes:
        label: What messages call the plugin.
        plugin: The plugin's name in errors, or None.
        distribution: The package's name and version in errors, or None.
        mark: What the flight is known by; this cache, unless it is set.
        timeout: After how many seconds `retrieve` counts as failed; None for never.
    """

    def __init__(
        self,
        retrieve: Callable[[], Answer],
        is_expired: Callable[[], bool] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        uniform: Uniform = random.uniform,
        advisory_window: float | None = None,
    ) -> None:
        self._retrieve = retrieve
        self._is_expired = is_expired
        self._clock = clock
        self._uniform = uniform
        self._advisory_window = advisory_window
        self._state = State()
        self._syncs = SyncHolder()
        self._said: dict[str, object] = {}
        self.label = "A credential plugin"
        self.plugin: str | None = None
        self.distribution: str | None = None
        self.mark: Hashable = self
        self.timeout: float | None = None

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
        state, now = self._state, self._clock()
        given_up: bool | Failure = False
        if self._is_expired is not None and state.value is not None:
            given_up = self._ask(self._is_expired)
        if state.calm_from <= now < state.calm_until and given_up is False:
            return state.value  # type: ignore[return-value] # a calm state has one
        with flight(self.mark, self.label):
            return self._get_slowly(state, now, given_up=given_up)

    def invalidate(self, access_key: str) -> None:
        """Renew the value at the next `get()`, if this is still its key: a service rejected it."""
        with self._syncs.get().lock:
            value = self._state.value
            if value is not None and value.access_key == access_key and not self._state.rejected:
                self._state = rejected(self._state)

    def _get_slowly(self, state: State, now: float, *, given_up: bool | Failure) -> Value:
        while True:
            if isinstance(given_up, Failure):
                state, given_up = self._counted_as_failed(state, given_up), False
                now = self._clock()
            outcome = self._outcome(state, now, given_up=given_up)
            if outcome is not None:
                return outcome.result()
            # Another thread has published meanwhile, or was interrupted. What is_expired()
            # said holds for the value that it was said of.
            published = self._state
            given_up = given_up and published.value is state.value
            state, now = published, self._clock()

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
            outcome = self._landed(running, given_up=given_up)
            if mine.interrupted_by is not None:
                raise mine.interrupted_by
            return outcome
        finally:
            if not mine.handed_over:  # whatever interrupts this thread, nobody waits for ever
                sync.close(mine)

    def _launch(self, sync: Sync, mine: Flight, *, given_up: bool) -> None:
        """Call the plugin: here, or where there is a time limit in a thread of its own."""
        if self.timeout is None:
            self._fly(sync, mine, given_up=given_up)
            return

        def fly() -> None:
            try:
                self._fly(sync, mine, given_up=given_up)
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                mine.interrupted_by = error
            finally:
                sync.close(mine)

        mine.handed_over = True
        try:
            start(fly)
        except RuntimeError:  # no more threads can be had
            mine.handed_over = False
            raise

    def _fly(self, sync: Sync, mine: Flight, *, given_up: bool) -> None:
        """Call the plugin, publish what it gave, and let those go who wait for it."""
        result = self._called()
        with sync.lock:
            before, now = self._state, self._clock()
            self._state = state = self._next(before, result, now, given_up=given_up)
            mine.outcome = Outcome(state.value)
            if isinstance(result, Failure) and (state.is_hard or state.value is None):
                mine.outcome = Outcome(failure=result)
        sync.close(mine)
        self._warn_if_served_on(state, now)
        if given_up and isinstance(result, Value):
            self._check_new_value()

    def _called(self) -> Value | Failure:
        """Call the plugin, and return what it gave as a checked value or as a failure."""
        try:
            answer = self._retrieve()
            if inspect.isawaitable(answer):
                answer = awaited(answer)
        except Exception as error:  # noqa: BLE001 - any exception means "try again later"
            return self._failure(f"it raised {described(error)}", cause=error)
        value, fault = read_answer(answer, self._clock())
        if fault:
            return self._failure(f"it returned {fault}; it must {WANTED_VALUE}")
        if value is None:
            if was_refused():
                return self._failure(
                    f"it declined after it had asked for itself; {OWN_FLIGHT_ADVICE}"
                )
            # On a refresh it is a failure: the chain does not move on to another identity.
            return self._failure("it declined", declined=self._state.value is None)
        return value

    def _next(self, before: State, result: Value | Failure, now: float, *, given_up: bool) -> State:
        if isinstance(result, Failure):
            return failed(before, result, now, self._uniform, given_up=given_up)
        state = succeeded(result, now, self._advisory_window, self._uniform)
        if not (before.rejected and before.value and before.value.access_key == result.access_key):
            return state
        failure = self._failure("it gave the key again that a service has rejected")
        return failed(rejected(state), failure, now, self._uniform, given_up=False)

    def _landed(self, running: Flight, *, given_up: bool) -> Outcome | None:
        """Wait for a flight, and return what came of it; None if it was interrupted."""
        limit = NEVER if self.timeout is None else self.timeout
        if not running.done.wait(min(limit, _PATIENCE)) and limit > _PATIENCE:
            self._warn_once(
                f"{self.label} has been retrieving credentials for {_PATIENCE:.0f} s, and the "
                "program waits for it. Perhaps it waits for a person, or for a thread of its own "
                "that asks for these credentials: such a thread must use context.session or "
                "plugincreds.base_session()."
            )
            running.done.wait(None if limit == NEVER else limit - _PATIENCE)
        if running.done.is_set():
            return running.outcome
        failure = self._failure(f"its retrieve() has taken longer than {limit:g} s")
        state = self._counted_as_failed(self._state, failure, given_up=given_up)
        if decide(state, self._clock(), given_up=False) is Step.RAISE or state.value is None:
            return Outcome(failure=state.failure or failure)
        return Outcome(state.value)

    def _counted_as_failed(
        self, state: State, failure: Failure, *, given_up: bool = False
    ) -> State:
        """Publish a failure that came of no flight, and return what is published then."""
        with self._syncs.get().lock:
            now = self._clock()
            if self._state is not state or backs_off(state, now):
                return self._state
            self._state = state = failed(state, failure, now, self._uniform, given_up=given_up)
        self._warn_if_served_on(state, now)
        return state

    def _ask(self, is_expired: Callable[[], bool]) -> bool | Failure:
        started = time.perf_counter()
        try:
            answer = is_expired()
        except Exception as error:  # noqa: BLE001 - any exception counts as a failed refresh
            return self._failure(f"its is_expired() raised {described(error)}", cause=error)
        if time.perf_counter() - started > _SLOW_ANSWER:
            self._warn_once(
                f"is_expired() has taken longer than {_SLOW_ANSWER * 1000:.0f} ms. It is asked "
                f"before each request and must not block. {self.label} is slowing the program."
            )
        if answer is True or answer is False:
            return answer
        if inspect.iscoroutine(answer):
            answer.close()  # nobody will await it
        return self._failure(
            f"its is_expired() returned an object of type {type(answer).__name__}; "
            "it must return a bool"
        )

    def _check_new_value(self) -> None:
        if self._is_expired is not None and self._ask(self._is_expired) is True:
            self._warn_once(
                f"{self.label} says that its credentials are expired right after it has given "
                "new ones, so it is asked for every request. Its is_expired() is wrong, or its "
                "source gives credentials that are expired."
            )

    def _failure(
        self, found: str, *, cause: Exception | None = None, declined: bool = False
    ) -> Failure:
        message = (
            f"{self.label} gave no credentials: {found}. No others are used in their place; mend "
            f"the cause, or set {VARIABLE}={OFF} to go without plugins."
        )
        return Failure(message, cause, self.plugin, self.distribution, declined, found)

    def _warn_if_served_on(self, state: State, now: float) -> None:
        if state.failure is not None and not state.is_hard and state.value is not None:
            expiry = state.value.expiry_time
            until = f" until {expiry:%Y-%m-%d %H:%M:%S %Z}" if expiry else ""
            logger.warning(
                "%s could not renew its credentials: %s. Those at hand are used%s; "
                "the next attempt is in %.0f s.",
                self.label,
                state.failure.found,
                until,
                state.retry_at - now,
            )

    def _warn_once(self, message: str) -> None:
        mine = object()
        if self._said.setdefault(message, mine) is mine:
            logger.warning(message)
