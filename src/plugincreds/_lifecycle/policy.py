"""When to refresh credentials: pure functions of the time and an immutable state.

The times in the life of credentials that expire, with the default windows for one hour:

    retrieved_at          advisory_at            mandatory_at             expires_at
         |------ used --------|--- early refresh ------|--- mandatory refresh --|-- the same, or
                               (15 min, less jitter)     (60 s)                    an error

A failure never moves them; it only sets the time of the next attempt.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

from plugincreds._contract import Value
from plugincreds._errors import NonRecoverableError, PluginProviderRetrieveError

MINUTE = 60.0
NEVER = float("inf")

# Lifetimes up to the first number have the window beside it. Only the first window can be longer
# than half of a lifetime, and is then shortened to that.
_SHORT, _SHORT_WINDOW = 20 * MINUTE, 5 * MINUTE
_MEDIUM, _MEDIUM_WINDOW = 90 * MINUTE, 15 * MINUTE
_LONG_WINDOW = 60 * MINUTE
_MANDATORY, _MANDATORY_SHARE = 60.0, 0.1
_JITTER_SHARE = 0.2

# While stale credentials are used, a backoff is so long, but at most that share of the time left,
# and at least so long. After they have expired, the last one applies.
_SOFT_BACKOFF = 300.0, 600.0
_SOFT_SHARE = 1 / 3, 1 / 2
_SHORTEST_BACKOFF = 1.0, 5.0
HARD_BACKOFF = 1.0, 5.0

Uniform = Callable[[float, float], float]


class RefreshStep(Enum):
    """What a caller does next."""

    SERVE = auto()  # use the credentials
    ADVISORY = auto()  # one caller retrieves, all others use the credentials meanwhile
    MANDATORY = auto()  # one caller retrieves, all others wait for its outcome
    RAISE = auto()  # raise the failure, without calling the plugin again


class Failure:
    """Why the plugin gave no credentials.

    Not a tuple, because crash reporters show the elements of tuples, and a cause may show secrets.

    Attributes:
        message: The text of the error.
        cause: What the plugin raised, or None; a copy without frames, because failures are kept.
        raised: The same with all frames, until the failure is kept.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.
        declined: Whether the plugin declined: it is not configured here.
        reason: Why it declined, in the plugin's words.
        found: What went wrong, as a part of a sentence.
        hint: What a person must do, in the plugin's words.
    """

    __slots__ = (
        "cause",
        "declined",
        "distribution",
        "found",
        "hint",
        "message",
        "plugin",
        "raised",
        "reason",
    )

    def __init__(  # noqa: PLR0913 - all optional but the first
        self,
        message: str,
        cause: BaseException | None = None,
        *,
        raised: BaseException | None = None,
        plugin: str | None = None,
        distribution: str | None = None,
        declined: bool = False,
        reason: str | None = None,
        found: str = "",
        hint: str | None = None,
    ) -> None:
        self.message: str = message
        self.cause: BaseException | None = cause
        self.raised: BaseException | None = raised
        self.plugin: str | None = plugin
        self.distribution: str | None = distribution
        self.declined: bool = declined
        self.reason: str | None = reason
        self.found: str = found
        self.hint: str | None = hint

    def __repr__(self) -> str:
        """Show only the text."""
        return f"Failure({self.message!r})"

    @property
    def is_final(self) -> bool:
        """Whether another attempt is useless until a person has acted."""
        return issubclass(type(self.cause), NonRecoverableError)

    def error(self) -> PluginProviderRetrieveError:
        """Return a new error for each caller, all with the same cause."""
        error = PluginProviderRetrieveError(
            self.message,
            plugin=self.plugin,
            distribution=self.distribution,
            declined=self.declined,
            reason=self.reason,
            hint=self.hint,
        )
        error.__cause__ = self.raised or self.cause
        return error


class State:
    """What an engine knows; it never changes. All times are seconds since the epoch.

    Attributes:
        value: The current credentials, or None before the first.
        retrieved_at: When they were retrieved.
        advisory_at: When their early refresh begins, jitter included.
        mandatory_at: When callers begin to wait for the refresh.
        expires_at: When they expire.
        rejected: Whether a service has rejected their key.
        failure: Why the last attempt failed, or None.
        failed_at: When it failed.
        retry_at: When the next attempt may be made.
        is_hard: Whether `failure` is raised until then; else the credentials are used until then.
        fresh_from: From this time until `fresh_until`, they are used without a decision ...
        fresh_until: ... unless the plugin reports them as expired.
    """

    def __init__(  # noqa: PLR0913 - all optional
        self,
        value: Value | None = None,
        retrieved_at: float = NEVER,
        *,
        advisory_at: float = NEVER,
        mandatory_at: float = NEVER,
        expires_at: float = NEVER,
        rejected: bool = False,
        failure: Failure | None = None,
        failed_at: float = NEVER,
        retry_at: float = NEVER,
        is_hard: bool = False,
        fresh_from: float = NEVER,
        fresh_until: float = -NEVER,
    ) -> None:
        self.value: Final = value
        self.retrieved_at: Final = retrieved_at
        self.advisory_at: Final = advisory_at
        self.mandatory_at: Final = mandatory_at
        self.expires_at: Final = expires_at
        self.rejected: Final = rejected
        self.failure: Final = failure
        self.failed_at: Final = failed_at
        self.retry_at: Final = retry_at
        self.is_hard: Final = is_hard
        self.fresh_from: Final = fresh_from
        self.fresh_until: Final = fresh_until

    def replaced(self, **changes: Any) -> "State":
        """Return another state with these changes."""
        return State(**vars(self) | changes)

    @property
    def is_due(self) -> bool:
        """Whether the next use refreshes, although the credentials have not expired."""
        return self.mandatory_at == -NEVER


def decide(state: State, now: float, *, reported_expired: bool) -> RefreshStep:  # noqa: PLR0911 - a table
    """Return what a caller does; `reported_expired` is the answer of `is_expired()`."""
    waits = backs_off(state, now)
    if waits and state.is_hard:
        return RefreshStep.RAISE
    if state.value is None or reported_expired:
        return RefreshStep.MANDATORY
    if now >= state.expires_at:
        return RefreshStep.RAISE if waits else RefreshStep.MANDATORY
    if waits:
        return RefreshStep.SERVE
    if now >= state.mandatory_at:
        return RefreshStep.MANDATORY
    if state.failure is not None or not state.retrieved_at <= now < state.advisory_at:
        return RefreshStep.ADVISORY
    return RefreshStep.SERVE


def is_usable(state: State, now: float, *, reported_expired: bool) -> bool:
    """Tell whether there are credentials that may still be used, although a refresh may be due."""
    return state.value is not None and now < state.expires_at and not reported_expired


def backs_off(state: State, now: float) -> bool:
    """Tell whether it is too early to call the plugin again after a failure.

    Setting the clock back to before the failure ends the backoff.
    """
    return state.failure is not None and state.failed_at <= now < state.retry_at


def is_known_failure(state: State, failure: Failure, now: float, *, reported_expired: bool) -> bool:
    """Tell whether a failure changes nothing, because an earlier one has begun a backoff.

    Then it only counts if it ends the use of the credentials.
    """
    ends_use = not state.is_hard and (reported_expired or failure.is_final)
    return backs_off(state, now) and not ends_use


def succeeded(value: Value, now: float, window: float | None, uniform: Uniform) -> State:
    """Return the state after a retrieval; `window` replaces the default window, if given."""
    if value.expiry_time is None:
        return State(value, now, fresh_from=now, fresh_until=NEVER)
    expires_at = value.expiry_time.timestamp()
    lifetime = expires_at - now
    advisory = advisory_window(lifetime, window)
    advisory_at = expires_at - advisory + uniform(0, advisory * _JITTER_SHARE)
    mandatory_at = expires_at - min(_MANDATORY, lifetime * _MANDATORY_SHARE)
    return State(
        value,
        retrieved_at=now,
        advisory_at=advisory_at,
        mandatory_at=mandatory_at,
        expires_at=expires_at,
        fresh_from=now,
        fresh_until=min(advisory_at, mandatory_at),
    )


def advisory_window(lifetime: float, window: float | None) -> float:
    """Return how many seconds before their expiry credentials are refreshed early, less jitter."""
    if window is not None:
        return min(window, lifetime / 2)
    if lifetime <= _SHORT:
        return min(_SHORT_WINDOW, lifetime / 2)
    return _MEDIUM_WINDOW if lifetime < _MEDIUM else _LONG_WINDOW


def soft_backoff(left: float, uniform: Uniform) -> float:
    """Return the backoff in seconds for credentials that expire in `left` seconds.

    Both bounds are random, too. With a fixed share of the time left, workers whose credentials
    expire together would retry together. With a fixed shortest backoff, all of them would retry in
    the last seconds, and with a backoff that ends at the expiry, all at that time.
    """
    longest = left * uniform(*_SOFT_SHARE)
    return max(min(uniform(*_SOFT_BACKOFF), longest), uniform(*_SHORTEST_BACKOFF))


def failed(
    state: State, failure: Failure, now: float, uniform: Uniform, *, reported_expired: bool
) -> State:
    """Return the state after a failed refresh."""
    if is_usable(state, now, reported_expired=reported_expired) and not failure.is_final:
        retry_at = now + soft_backoff(state.expires_at - now, uniform)
        return state.replaced(
            failure=failure,
            failed_at=now,
            retry_at=retry_at,
            is_hard=False,
            fresh_from=now,
            fresh_until=min(retry_at, state.expires_at),
        )
    if state.value is None and not failure.is_final:
        return State()  # the next call tries again
    return state.replaced(
        failure=failure,
        failed_at=now,
        retry_at=now + uniform(*HARD_BACKOFF),
        is_hard=True,
        fresh_until=-NEVER,
    )


def rejected(state: State) -> State:
    """Return the state after a service has rejected the key."""
    return due(state).replaced(rejected=True)


def due(state: State) -> State:
    """Return a state in which the next use refreshes, or the first use after a backoff."""
    if state.failure is not None and not state.is_hard:
        return state.replaced(mandatory_at=-NEVER)  # this does not end a backoff
    return state.replaced(mandatory_at=-NEVER, fresh_until=-NEVER)
