"""What to do with a value at a moment: pure functions of the clock and an immutable state.

The moments in the life of a value that expires, with the default windows for one hour:

    retrieved_at        advisory_at       mandatory_at  expires_at
         |--- served ------|--- renewed ahead ---|-- renewed --|-- renewed, or an error
                            (15 min, less jitter)    (60 s)

A failure never moves them; it only sets the moment of the next attempt.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from plugincreds._contract import Value
from plugincreds._errors import NonRecoverableError, PluginProviderRetrieveError

MINUTE = 60.0
NEVER = float("inf")

# Lifetimes up to this one have the window beside it. Only the first window is halved where it
# is more than half of the lifetime: the others never are.
_SHORT, _SHORT_WINDOW = 20 * MINUTE, 5 * MINUTE
_MEDIUM, _MEDIUM_WINDOW = 90 * MINUTE, 15 * MINUTE
_LONG_WINDOW = 60 * MINUTE
_MANDATORY, _MANDATORY_SHARE = 60.0, 0.1
_JITTER_SHARE = 0.2

# While a value is served: so long, at most that share of the time left, and at least so long.
_SOFT_BACKOFF = 300.0, 600.0
_SOFT_SHARE = 1 / 3, 1 / 2
_SHORTEST_BACKOFF = 1.0, 5.0
_HARD_BACKOFF = 1.0, 5.0

Uniform = Callable[[float, float], float]


class Step(Enum):
    """What a caller does next."""

    SERVE = auto()  # take the value
    RENEW_AHEAD = auto()  # one caller retrieves, all others take the value
    RENEW = auto()  # one caller retrieves, all others wait for what comes of it
    RAISE = auto()  # the failure, without asking the plugin again


class Failure:
    """Why the plugin gave no value.

    It is no tuple: crash reporters look into tuples, and some causes show bytes.

    Attributes:
        message: The text of the error.
        cause: What the plugin raised, or None.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's, as in `PluginError.distribution`.
        declined: Whether the plugin says that it is not configured here.
        found: What went wrong, as a part of a sentence.
        hint: What a person is to do, in the plugin's words.
    """

    __slots__ = ("cause", "declined", "distribution", "found", "hint", "message", "plugin")

    def __init__(  # noqa: PLR0913 - all optional but the first
        self,
        message: str,
        cause: Exception | None = None,
        *,
        plugin: str | None = None,
        distribution: str | None = None,
        declined: bool = False,
        found: str = "",
        hint: str | None = None,
    ) -> None:
        self.message: str = message
        self.cause: Exception | None = cause
        self.plugin: str | None = plugin
        self.distribution: str | None = distribution
        self.declined: bool = declined
        self.found: str = found
        self.hint: str | None = hint

    def __repr__(self) -> str:
        """Show the text alone."""
        return f"Failure({self.message!r})"

    @property
    def is_final(self) -> bool:
        """Whether a person must act before it is worth another attempt."""
        return isinstance(self.cause, NonRecoverableError)

    def error(self) -> PluginProviderRetrieveError:
        """Return a new error with the one cause, for each caller its own."""
        error = PluginProviderRetrieveError(
            self.message,
            plugin=self.plugin,
            distribution=self.distribution,
            declined=self.declined,
            hint=self.hint,
        )
        error.__cause__ = self.cause
        return error


class State(NamedTuple):
    """What is known between two calls. All moments are seconds since the epoch.

    Attributes:
        value: The value that is held, or None before the first.
        retrieved_at: When it was retrieved.
        advisory_at: From when on it is renewed ahead, jitter included.
        mandatory_at: From when on nobody takes it while it is being renewed.
        expires_at: When it expires.
        rejected: Whether a service has rejected its key.
        failure: What came of the last attempt, if that was no value.
        failed_at: When that was.
        retry_at: When the next attempt may be made.
        is_hard: Whether `failure` is raised until then; else the value is served until then.
        calm_from: From here on ...
        calm_until: ... to here there is nothing to decide, unless the plugin gives it up.
    """

    value: Value | None = None
    retrieved_at: float = NEVER
    advisory_at: float = NEVER
    mandatory_at: float = NEVER
    expires_at: float = NEVER
    rejected: bool = False
    failure: Failure | None = None
    failed_at: float = NEVER
    retry_at: float = NEVER
    is_hard: bool = False
    calm_from: float = NEVER
    calm_until: float = -NEVER


def decide(state: State, now: float, *, given_up: bool) -> Step:  # noqa: PLR0911 - a table
    """Return what a caller does; `given_up` is what the plugin's `is_expired()` says."""
    waits = backs_off(state, now)
    if waits and state.is_hard:
        return Step.RAISE
    if state.value is None or given_up:
        return Step.RENEW
    if now >= state.expires_at:
        return Step.RAISE if waits else Step.RENEW
    if waits:
        return Step.SERVE
    if state.rejected or now >= state.mandatory_at:
        return Step.RENEW
    if state.failure is not None or not state.retrieved_at <= now < state.advisory_at:
        return Step.RENEW_AHEAD
    return Step.SERVE


def backs_off(state: State, now: float) -> bool:
    """Tell whether the plugin is left alone after a failure.

    A clock that was set back to before the failure ends that.
    """
    return state.failure is not None and state.failed_at <= now < state.retry_at


def succeeded(value: Value, now: float, window: float | None, uniform: Uniform) -> State:
    """Return the state after the plugin gave a value; `window` replaces the table's, if given."""
    if value.expiry_time is None:
        return State(value, now, calm_from=now, calm_until=NEVER)
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
        calm_from=now,
        calm_until=min(advisory_at, mandatory_at),
    )


def advisory_window(lifetime: float, window: float | None) -> float:
    """Return how long before its expiry a value is renewed ahead, before jitter, in seconds."""
    if window is not None:
        return min(window, lifetime / 2)
    if lifetime <= _SHORT:
        return min(_SHORT_WINDOW, lifetime / 2)
    return _MEDIUM_WINDOW if lifetime < _MEDIUM else _LONG_WINDOW


def soft_backoff(left: float, uniform: Uniform) -> float:
    """Return how long the plugin is left alone after a failure; the value lives for `left` more.

    Both bounds are drawn by chance, too: workers whose values expire together would keep in step
    at a fixed share of the time left, and with a fixed shortest backoff all of them would ask in
    the last seconds. A backoff that ended with the value would bring them together once more.
    """
    longest = left * uniform(*_SOFT_SHARE)
    return max(min(uniform(*_SOFT_BACKOFF), longest), uniform(*_SHORTEST_BACKOFF))


def failed(
    state: State, failure: Failure, now: float, uniform: Uniform, *, given_up: bool
) -> State:
    """Return the state after the plugin gave none."""
    is_usable = state.value is not None and now < state.expires_at and not given_up
    if is_usable and not failure.is_final:
        retry_at = now + soft_backoff(state.expires_at - now, uniform)
        return state._replace(
            failure=failure,
            failed_at=now,
            retry_at=retry_at,
            is_hard=False,
            calm_from=now,
            calm_until=min(retry_at, state.expires_at),
        )
    if state.value is None and not failure.is_final:
        return State()  # the next call tries again
    return state._replace(
        failure=failure,
        failed_at=now,
        retry_at=now + uniform(*_HARD_BACKOFF),
        is_hard=True,
        calm_until=-NEVER,
    )


def rejected(state: State) -> State:
    """Return the state after a service has rejected the value's key."""
    if state.failure is not None and not state.is_hard:
        return state._replace(rejected=True)  # it does not lift a backoff
    return state._replace(rejected=True, calm_until=-NEVER)
