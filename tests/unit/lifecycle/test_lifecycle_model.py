"""The cache against a model of the lifecycle's table, over whatever hypothesis thinks of.

The model knows neither threads nor immutable states: it is the table, read from top to
bottom. What must hold whatever the table says is asserted beside it.

The examples are the same in every run. To search for others, and for longer:

    PLUGINCREDS_MODEL_EXAMPLES=20000 pytest tests/unit/lifecycle/test_lifecycle_model.py
"""

import contextvars
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from plugincreds import CredentialsCache, NonRecoverableError, PluginProviderRetrieveError, Value
from plugincreds._lifecycle.policy import Failure, State

EXAMPLES = int(os.environ.get("PLUGINCREDS_MODEL_EXAMPLES", "0"))
START = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
FOR_EVER = math.inf

LIFETIMES = [0.5, 1.0, 2.5, 9.0, 60.0, 300.0, 600.0, 1200.0, 1201.0, 3600.0, 5399.0, 5400.0]
STEPS = [0.001, 0.5, 1.0, 2.0, 5.0, 30.0, 59.0, 150.0, 300.0, 600.0, 3541.0, 3600.0, 1e5, 1e8]


class Interruption(KeyboardInterrupt):
    """What interrupts the program."""


@dataclass(frozen=True)
class Good:
    """The plugin gives a value that is well; the same key again where `repeats`."""

    lifetime: float = 3600.0
    repeats: bool = False


# Each is made anew where it is used: the cause of an error is compared by identity.
BAD_ANSWERS: dict[str, Callable[[], Any]] = {
    "declines": lambda: None,
    "raises": lambda: OSError("sealed"),
    "gives up for good": lambda: NonRecoverableError("Logged out."),
    "is interrupted": lambda: Interruption("pulled out"),
    "has a space": lambda: ("BAD", "two words"),
    "is no credentials": lambda: 42,
    "lacks a key": lambda: {"AccessKeyId": "BAD"},
    "has a naive expiry": lambda: Value("BAD", "BAD", expiry_time=datetime(2099, 1, 1)),  # noqa: DTZ001
    "expired long ago": lambda: Value(
        "BAD", "BAD", expiry_time=datetime(1999, 1, 1, tzinfo=timezone.utc)
    ),
}
SAYINGS: dict[str, Callable[[], Any]] = {
    "no": lambda: False,
    "yes": lambda: True,
    "None": lambda: None,
    "1": lambda: 1,
    "raises": lambda: ValueError("broken"),
    "gives up for good": lambda: NonRecoverableError("Logged out."),
    "is interrupted": lambda: Interruption("pulled out"),
}

lifetimes = st.sampled_from([*LIFETIMES, 21600.0, 1e7, FOR_EVER]) | st.floats(0.1, 1e5)
good_answers = st.builds(Good, lifetimes, st.booleans())
answers = good_answers | good_answers | st.sampled_from(sorted(BAD_ANSWERS))
moments = st.sampled_from(
    ["now", "now", "now", "retrieved", "ahead", "mandatory", "expires", "failed", "retry"]
)
sayings = st.sampled_from(["no"] * 14 + sorted(SAYINGS))
steps = st.sampled_from([*STEPS, *(-step for step in STEPS)]) | st.floats(0, 4000)
durations = st.sampled_from([0.0] * 8 + [0.3, 40.0, 4000.0, -0.3, -4000.0])


@dataclass
class Held:
    """The value that the model holds, and the moments of its life."""

    value: Value
    retrieved: float
    expires: float
    ahead: float
    rejected: bool = False


@dataclass
class Failed:
    """The failure that the model knows of, and until when the plugin is left alone."""

    at: float
    until: float
    hard: bool
    cause: BaseException | None


class Model:
    """The table, for one caller at a time."""

    def __init__(self, window: float | None) -> None:
        self.window = window
        self.held: Held | None = None
        self.failed: Failed | None = None

    def expected(self, now: float, said: Any) -> str:
        """Return "serve", "raise", "ahead" or "call"; the last two both call the plugin."""
        waits = self.waits(now)
        if self.failed and waits and self.failed.hard:
            return "raise"
        if self.held is None or said is True:
            return "call"
        if now >= self.held.expires:
            return "raise" if waits else "call"
        if waits:
            return "serve"
        lifetime = self.held.expires - self.held.retrieved
        if self.held.rejected or now >= self.held.expires - min(60.0, lifetime / 10):
            return "call"
        is_back = now < self.held.retrieved
        return "ahead" if self.failed or is_back or now >= self.held.ahead else "serve"

    def waits(self, now: float) -> bool:
        """Tell whether the plugin is left alone."""
        return self.failed is not None and self.failed.at <= now < self.failed.until

    def is_usable(self, now: float) -> bool:
        """Tell whether there is a value that has not expired."""
        return self.held is not None and now < self.held.expires

    def fail(self, cause: BaseException | None, now: float, draw: float, *, said: Any) -> None:
        """The plugin gave no value."""
        is_final = isinstance(cause, NonRecoverableError)
        hard = is_final or said is True or not self.is_usable(now)
        if hard and self.held is None and not is_final:
            self.failed = None
        elif hard:
            self.failed = Failed(now, now + 1 + 4 * draw, hard, cause)
        elif self.held:
            left = self.held.expires - now
            wait = min(300 + 300 * draw, left * (2 + draw) / 6)
            self.failed = Failed(now, now + max(wait, 1 + 4 * draw), hard, cause)

    def succeed(self, value: Value, now: float, draw: float) -> None:
        """The plugin gave a value."""
        repeats = self.held and self.held.rejected and self.held.value.access_key
        expires = value.expiry_time.timestamp() if value.expiry_time else FOR_EVER
        window = self._window(expires - now)
        ahead = expires - window + draw * window / 5 if value.expiry_time else FOR_EVER
        self.held, self.failed = Held(value, now, expires, ahead), None
        if repeats == value.access_key:
            self.held.rejected = True
            self.fail(None, now, draw, said=False)

    def _window(self, lifetime: float) -> float:
        if self.window is not None:
            return min(self.window, lifetime / 2)
        if lifetime <= 20 * 60:
            return min(5 * 60, lifetime / 2)
        return 15 * 60 if lifetime < 90 * 60 else 60 * 60


class LifecycleMachine(RuleBasedStateMachine):
    """One caller, a plugin that does whatever it likes, and a clock that runs and steps."""

    @initialize(window=st.none() | st.sampled_from([0.0, 10.0, 900.0, 1e6]))
    def start(self, window: float | None) -> None:
        self.now = START
        self.draw = 0.5
        self.model = Model(window)
        self.given: dict[str, Value] = {}  # by secret key
        self.calls = 0
        self.running = 0
        self.answer: Any = None
        self.said: Any = False
        self.said_next: Any = False
        self.takes = 0.0
        self.rejects = False
        self.looks_on = False
        self.gave: Any = None
        self.cache = CredentialsCache(
            self._retrieve,
            self._is_expired,
            clock=lambda: self.now,
            uniform=lambda low, high: low + (high - low) * self.draw,
            advisory_window=window,
        )

    def _is_expired(self) -> Any:
        said, self.said = self.said, self.said_next
        if isinstance(said, BaseException):
            raise said
        return said

    def _retrieve(self) -> Any:
        assert self.running == 0, "two calls of the plugin at once"
        self.running += 1
        try:
            self.calls += 1
            if self.looks_on:
                self._look_on()
            if self.rejects and self.model.held:
                self.cache.invalidate(self.model.held.value.access_key)
                self.model.held.rejected = True
            self.now += self.takes
            self.gave = self._made() if isinstance(self.answer, Good) else self.answer
            if isinstance(self.gave, BaseException):
                raise self.gave
            return self.gave
        finally:
            self.running -= 1

    def _look_on(self) -> None:
        """Be another caller during a flight; it is not served by waiting: this is one thread."""
        assert self.model.held is not None
        said, self.said, next_ = self.said, False, self.said_next
        self.said_next = False
        assert contextvars.Context().run(self.cache.get) == self.model.held.value
        self.said, self.said_next = said, next_

    def _made(self) -> Value:
        number = self.calls
        key = f"KEY{number}"
        if self.answer.repeats and self.model.held:
            key = self.model.held.value.access_key
        ends = self.now + self.answer.lifetime
        expiry = None if ends == FOR_EVER else datetime.fromtimestamp(ends, timezone.utc)
        value = Value(key, f"SECRET{number}", f"TOKEN{number}", expiry_time=expiry)
        self.given[value.secret_key] = value
        return value

    @rule(step=steps)
    def the_clock_moves(self, step: float) -> None:
        self.now = max(self.now + step, 0.0)

    def _move_to(self, moment: str, by: float) -> None:
        """Set the clock beside a moment that counts."""
        held, failed = self.model.held, self.model.failed
        moments = {"failed": failed.at, "retry": failed.until} if failed else {}
        if held:
            moments["retrieved"], moments["ahead"] = held.retrieved, held.ahead
            moments["expires"] = held.expires
            moments["mandatory"] = held.expires - min(60.0, (held.expires - held.retrieved) / 10)
        at = moments.get(moment, FOR_EVER)
        if math.isfinite(at):
            self.now = at + by

    @precondition(lambda self: self.model.held is not None)
    @rule()
    def a_service_rejects_the_key(self) -> None:
        assert self.model.held is not None
        self.cache.invalidate(self.model.held.value.access_key)
        self.model.held.rejected = True

    @rule(number=st.integers(0, 40))
    def a_service_rejects_another_key(self, number: int) -> None:
        key = f"KEY{number}"
        if self.model.held is None or self.model.held.value.access_key != key:
            before = self.cache._engine.state
            self.cache.invalidate(key)
            assert self.cache._engine.state is before

    @rule(
        moment=moments,
        by=st.sampled_from([-0.001, 0.001, 0.3]),
        answer=answers,
        said=sayings,
        said_next=sayings,
        draw=st.sampled_from([0.0, 0.5, 1.0]),
        takes=durations,
        rejects=st.sampled_from([False, False, False, True]),
        looks_on=st.booleans(),
    )
    def somebody_needs_credentials(
        self,
        moment: str,
        by: float,
        answer: Any,
        said: str,
        said_next: str,
        draw: float,
        takes: float,
        rejects: bool,
        looks_on: bool,
    ) -> None:
        model = self.model
        self._move_to(moment, by)
        self.answer = answer if isinstance(answer, Good) else BAD_ANSWERS[answer]()
        self.said, self.said_next = SAYINGS[said](), SAYINGS[said_next]()
        self.draw, self.takes, self.rejects = draw, takes, rejects
        word = self.said if model.held else False
        if isinstance(word, Interruption):
            before = self.cache._engine.state
            assert self._outcome() is word
            assert self.cache._engine.state is before
            return
        if word is not True and word is not False:
            cause = word if isinstance(word, Exception) else None
            known = model.waits(self.now) and model.failed
            if not known or not (known.hard or not isinstance(cause, NonRecoverableError)):
                model.fail(cause, self.now, draw, said=False)
        expected = model.expected(self.now, word)
        self.looks_on = looks_on and expected == "ahead"
        calls, state = self.calls, self.cache._engine.state
        outcome = self._outcome()
        assert self.calls - calls == (expected in {"call", "ahead"}), expected
        if isinstance(outcome, Interruption):
            is_after_success = word is True and outcome is not self.gave
            assert is_after_success or self.cache._engine.state.value is state.value
            if not is_after_success:
                return
        if self.calls > calls:
            if isinstance(answer, Good):
                model.succeed(self.gave, self.now, draw)
            else:
                cause = self.gave if isinstance(self.gave, Exception) else None
                model.fail(cause, self.now, draw, said=word)
                if isinstance(outcome, PluginProviderRetrieveError):
                    assert outcome.__cause__ is cause
        if not isinstance(outcome, Interruption):
            self._check(outcome, expected)

    def _outcome(self) -> Value | BaseException:
        """Return what `get()` returns or raises; it raises nothing but these."""
        try:
            return self.cache.get()
        except (PluginProviderRetrieveError, Interruption) as error:
            return error

    def _check(self, outcome: Value | BaseException, expected: str) -> None:
        model = self.model
        fails = model.held is None or (model.failed is not None and model.failed.hard)
        if expected == "serve":
            fails = False
        elif expected == "raise":
            fails = True
            assert model.failed is not None
            assert isinstance(outcome, PluginProviderRetrieveError)
            kept, cause = outcome.__cause__, model.failed.cause
            assert (type(kept), str(kept)) == (type(cause), str(cause))
            assert kept is None or kept.__traceback__ is None
        assert isinstance(outcome, PluginProviderRetrieveError) == fails, (outcome, expected)
        if isinstance(outcome, Value):
            assert model.held is not None
            assert outcome == model.held.value
            # Whatever the table says: a whole value that the plugin gave, and valid now.
            assert outcome == self.given[outcome.secret_key]
            assert outcome.expiry_time is None or self.now < outcome.expiry_time.timestamp()

    @rule()
    def a_hundred_more_need_them_at_once(self) -> None:
        """Where the plugin fails or gives a valid value, they cost one call at the very most."""
        self.looks_on = self.rejects = False
        self.takes, self.draw = 0.0, 0.0
        self.said = self.said_next = False
        if self.model.held is None:
            return
        self.answer = OSError("sealed")
        before, expected = self.calls, self.model.expected(self.now, said=False)
        outcomes = {type(self._outcome()) for _ in range(100)}
        assert len(outcomes) == 1
        assert self.calls - before == (expected in {"call", "ahead"})
        if self.calls > before:
            self.model.fail(self.answer, self.now, 0.0, said=False)


TestLifecycle = LifecycleMachine.TestCase
TestLifecycle.settings = settings(
    max_examples=EXAMPLES or 400,
    stateful_step_count=40,
    derandomize=not EXAMPLES,
    deadline=None,  # a slow machine is no fault
)


def test_an_error_that_a_person_has_mended_does_not_come_back() -> None:
    """Not even where the clock is set back to when it was raised."""
    errors: list[Exception] = [NonRecoverableError("Logged out."), OSError("sealed")]
    now = START

    def retrieve() -> tuple[str, str]:
        if errors:
            raise errors.pop(0)
        return "KEY", "secret"

    cache = CredentialsCache(retrieve, clock=lambda: now, uniform=max)
    for cause in ("Logged out", "Logged out", "sealed"):
        with pytest.raises(PluginProviderRetrieveError, match=cause):
            cache.get()
        now += 2.5
    now = START
    assert cache.get().access_key == "KEY"


def test_a_failure_is_no_tuple() -> None:
    """Guards causes that show bytes: crash reporters look into tuples, whatever their repr says."""
    failure = Failure("it failed", UnicodeDecodeError("utf-8", b"SECRET\xff", 6, 7, "no"))
    assert not isinstance(failure, tuple | list | dict | set)
    assert "SECRET" not in repr(failure) + repr(State(failure=failure))
