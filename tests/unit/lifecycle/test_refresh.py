"""Every row of the lifecycle's table as a scenario, on a clock that the tests move."""

import gc
import itertools
import logging
import math
import random
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from plugincreds import (
    CredentialsCache,
    NonRecoverableError,
    PluginError,
    PluginProviderRetrieveError,
    RecoverableError,
    Value,
)
from plugincreds._lifecycle.policy import (
    Failure,
    RefreshStep,
    State,
    advisory_window,
    decide,
    failed,
    soft_backoff,
)

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
HOUR = 3600.0
NEVER_SET = object()


class World:
    """A cache, its plugin and its clock; `uniform` is always the lower of its two numbers."""

    def __init__(self, lifetime: float | None = HOUR, **arguments: Any) -> None:
        self.now = 0.0
        self.lifetime = lifetime
        self.calls = 0
        self.questions = 0
        self.expired: Any = False
        self.answer: Any = NEVER_SET  # what retrieve() gives instead of a new value
        self.retrieve: Callable[[], Any] = self._retrieve
        arguments = {"uniform": lambda low, _high: low, **arguments}
        self.cache = CredentialsCache(
            lambda: self.retrieve(),  # noqa: PLW0108 - tests replace it
            self._is_expired,
            clock=self._clock,
            **arguments,
        )

    def _clock(self) -> float:
        return EPOCH.timestamp() + self.now

    def _retrieve(self) -> Any:
        self.calls += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.new_value() if self.answer is NEVER_SET else self.answer

    def new_value(self, key: str | None = None) -> Value:
        """Return a value of the current lifetime, retrieved now."""
        at = EPOCH + timedelta(seconds=self.now)
        expiry = None if self.lifetime is None else at + timedelta(seconds=self.lifetime)
        return Value(key or f"KEY{self.calls}", "secret", expiry_time=expiry)

    def _is_expired(self) -> Any:
        self.questions += 1
        if isinstance(self.expired, BaseException):
            raise self.expired
        return self.expired

    def key(self) -> str:
        """Return the access key that a caller gets now."""
        return self.cache.get().access_key

    def error(self) -> PluginProviderRetrieveError:
        """Return the error that a caller gets now."""
        with pytest.raises(PluginProviderRetrieveError) as caught:
            self.cache.get()
        return caught.value


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what has been logged as a warning."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


# Moments in the life of a value of one hour: 15 minutes of advisory window, 60 s of mandatory.
FRESH, ADVISORY, MANDATORY, EXPIRED = 100.0, HOUR - 899, HOUR - 59, HOUR
STATES = pytest.mark.parametrize(
    "moment",
    [FRESH, ADVISORY, MANDATORY, EXPIRED],
    ids=["fresh", "advisory", "mandatory", "expired"],
)


@pytest.mark.parametrize(
    ("lifetime", "advisory", "mandatory"),
    [
        (60.0, 30.0, 6.0),
        (300.0, 150.0, 30.0),
        (600.0, 300.0, 60.0),
        (900.0, 300.0, 60.0),
        (1230.0, 900.0, 60.0),
        (HOUR, 900.0, 60.0),
        (6 * HOUR, 3600.0, 60.0),
    ],
)
def test_the_windows_of_each_lifetime(lifetime: float, advisory: float, mandatory: float) -> None:
    """Renewed once in the window and never before it, so never once per request."""
    world = World(lifetime)
    assert world.key() == "KEY1"
    assert world.cache._engine.state.mandatory_at == EPOCH.timestamp() + lifetime - mandatory
    world.now = lifetime - advisory - 0.01
    assert world.key() == "KEY1"
    world.now = lifetime - advisory
    assert world.key() == "KEY2"
    assert world.calls == 2


@pytest.mark.parametrize(
    ("lifetime", "configured", "window"),
    [(HOUR, 10.0, 10.0), (HOUR, 2400.0, 1800.0), (60.0, 300.0, 30.0), (6 * HOUR, 60.0, 60.0)],
)
def test_a_configured_window_replaces_the_table(
    lifetime: float, configured: float, window: float
) -> None:
    """At most half of the lifetime, or each request would renew."""
    assert advisory_window(lifetime, configured) == window
    world = World(lifetime, advisory_window=configured)
    world.key()
    world.now = lifetime - max(window, min(60.0, lifetime / 10)) - 0.01
    assert world.key() == "KEY1"


def test_jitter_spreads_the_advisory_moment_by_a_fifth_of_the_window() -> None:
    """A fleet that was started together must not renew together; the value draws once."""
    drawn: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        drawn.append((low, high))
        return high

    world = World(HOUR, uniform=uniform)
    world.key()
    world.now = HOUR - 900 + 179.9
    assert world.key() == "KEY1"
    world.now = HOUR - 900 + 180
    assert world.key() == "KEY2"
    assert drawn == [(0, 180), (0, 180)]


def test_no_value_yet() -> None:
    """A failure raises, and the next call retrieves again, without any backoff."""
    world = World()
    world.answer = OSError("sealed")
    assert "sealed" in str(world.error())
    assert "sealed" in str(world.error())
    world.answer = NEVER_SET
    assert world.key() == "KEY3"


def test_a_valid_value_is_served_without_asking_for_another() -> None:
    """A hundred signatures cost one retrieval."""
    world = World(900.0)
    assert {world.key() for _ in range(100)} == {"KEY1"}
    assert world.calls == 1
    assert world.questions == 99  # before each use after the first


@pytest.mark.parametrize("moment", [ADVISORY, MANDATORY], ids=["advisory", "mandatory"])
def test_a_failed_refresh_serves_the_valid_value(
    caplog: pytest.LogCaptureFixture, moment: float
) -> None:
    """Under a backoff of 300 s, but never later than a share of the time left; one warning each."""
    world = World()
    world.key()
    world.now, world.answer = moment, OSError("sealed")
    assert world.key() == world.key() == "KEY1"
    assert world.calls == 2
    (message,) = warnings(caplog)
    backoff = min(300.0, (HOUR - moment) / 3)
    assert "its retrieve() raised OSError: sealed" in message
    assert f"the next attempt is in {backoff:.0f} s" in message
    assert "used until 2026-01-01 01:00:00 UTC" in message
    world.now += backoff - 0.01
    assert (world.key(), world.calls) == ("KEY1", 2)
    world.now += 0.01
    assert (world.key(), world.calls) == ("KEY1", 3)
    world.now, world.answer = world.now + 400, NEVER_SET
    assert world.key() == "KEY4"


@pytest.mark.parametrize(
    ("left", "shortest", "longest"),
    [
        (math.inf, 300.0, 600.0),
        (HOUR, 300.0, 600.0),
        (960.0, 300.0, 480.0),
        (600.0, 200.0, 300.0),
        (60.0, 20.0, 30.0),
        (12.0, 4.0, 6.0),
        (6.0, 2.0, 5.0),
        (0.2, 1.0, 5.0),
    ],
)
def test_a_backoff_is_drawn_from_what_the_time_left_allows(
    left: float, shortest: float, longest: float
) -> None:
    """Never later than half of the time left, never shorter than 1 s, and never a fixed number."""
    assert soft_backoff(left, min) == pytest.approx(shortest)
    assert soft_backoff(left, max) == pytest.approx(longest)


@pytest.mark.parametrize("left", [900.0, 600.0, 30.0, 5.0, 0.5])
def test_workers_in_step_fall_out_of_step(left: float) -> None:
    """Guards the source: no tenth of them may come back in one fiftieth of the time."""
    uniform = random.Random(1).uniform
    backoffs = sorted(soft_backoff(left, uniform) for _ in range(1000))
    fiftieth = (backoffs[-1] - backoffs[0]) / 50
    for first, tenth in zip(backoffs, backoffs[100:], strict=False):
        assert tenth - first > fiftieth


def test_a_backoff_is_never_shorter_than_a_second() -> None:
    """A share of the time left goes to nothing; the plugin must not be asked in a tight loop."""
    world = World()
    world.key()
    world.now, world.answer = HOUR - 0.2, OSError("sealed")
    assert (world.key(), world.calls) == ("KEY1", 2)
    world.now = HOUR + 0.7  # expired by now, and still within the shortest backoff
    assert "sealed" in str(world.error())
    assert world.calls == 2
    world.now = HOUR + 0.81
    world.error()
    assert world.calls == 3


def test_a_backoff_outlasts_the_value_by_five_seconds_at_most() -> None:
    """A plugin that is back must not stay unasked for longer than after any other error."""
    world = World(uniform=max)
    world.key()
    world.now, world.answer = HOUR - 0.5, OSError("sealed")
    assert world.key() == "KEY1"
    world.now, world.answer = HOUR + 4.4, NEVER_SET
    assert "sealed" in str(world.error())
    assert world.calls == 2
    world.now = HOUR + 4.5
    assert world.key() == "KEY3"


def test_an_expired_value_is_never_served() -> None:
    """The plugin's error is raised, and raised again for a second without asking it."""
    world = World()
    world.key()
    cause = OSError("sealed")
    world.now, world.answer = EXPIRED, cause
    errors = [world.error() for _ in range(3)]
    assert world.calls == 2
    assert len({id(error) for error in errors}) == 3  # each caller has its own
    first, *later = [error.__cause__ for error in errors]
    assert first is cause
    assert {(repr(each), each.__traceback__) for each in later if each} == {(repr(cause), None)}
    world.now += 1
    world.answer = NEVER_SET
    assert world.key() == "KEY3"


@STATES
def test_non_recoverable_is_raised_at_once_in_every_state(moment: float) -> None:
    """A person must act, so nobody shall go on with what is left, unaware."""
    world = World()
    world.key()
    world.cache.invalidate("KEY1")  # so that the fresh value is renewed, too
    world.now, world.answer = moment, NonRecoverableError("Logged out.", hint="run `acme login`")
    for _ in range(3):
        assert "run `acme login`" in str(world.error())
    assert world.calls == 2
    world.now, world.answer = world.now + 1, NEVER_SET
    assert world.key() == "KEY3"


def test_non_recoverable_on_the_first_load_is_not_asked_again_at_once() -> None:
    """Each attempt may open a window in front of a person."""
    world = World()
    world.answer = NonRecoverableError("Logged out.")
    world.error()
    world.error()
    assert world.calls == 1
    world.now = 1.0
    world.error()
    assert world.calls == 2


BAD = {
    "expired": lambda world: Value(
        "BAD", "secret", expiry_time=EPOCH + timedelta(seconds=world.now - 1)
    ),
    "none": lambda _world: None,
    "malformed": lambda _world: ("BAD", "two words"),
    "raised": lambda _world: RuntimeError("no"),
}


@STATES
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_good_value_counts_as_a_failed_refresh(
    moment: float, bad: Callable[[World], Any]
) -> None:
    """Served on while valid, raised when expired; a None never moves on to another provider."""
    world = World()
    world.key()
    world.cache.invalidate("KEY1")
    world.now = moment
    world.answer = bad(world)
    if moment < EXPIRED:
        assert world.key() == world.key() == "KEY1"
    else:
        assert world.error().declined is False
        world.error()
    assert world.calls == 2


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_good_value_raises_when_there_is_no_other(bad: Callable[[World], Any]) -> None:
    """Only a None declines."""
    world = World()
    world.answer = bad(world)
    assert world.error().declined is (world.answer is None)


class TestAdvice:
    """What the reader of a warning or an error is told to do."""

    def test_the_hint_of_a_recoverable_error_is_in_each_warning_and_in_the_error(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A login that has ended leaves the current credentials as they are, until they expire."""
        world = World()
        world.key()
        world.answer = RecoverableError("The login has ended.", hint="run `acme login`")
        for moment in (ADVISORY, ADVISORY + 400, MANDATORY):
            world.now = moment
            assert world.key() == "KEY1"
        assert len(warnings(caplog)) == 3
        for message in warnings(caplog):
            assert "raised RecoverableError: The login has ended. The current ones" in message
            assert message.endswith("s. What to do: run `acme login`.")
        world.now = EXPIRED
        for _ in range(2):  # the second caller gets the error that is kept
            error = world.error()
            assert str(error).count("run `acme login`") == 1
            assert error.hint == "run `acme login`"
            assert isinstance(error.__cause__, RecoverableError)
        world.now, world.answer = EXPIRED + 5, NEVER_SET
        assert world.key().startswith("KEY")

    def test_without_a_hint_it_is_any_exception(self, caplog: pytest.LogCaptureFixture) -> None:
        """Guards against an empty piece of advice."""
        world = World()
        world.answer = RecoverableError("The broker is busy.")
        assert str(world.error()).endswith("next request after 5 s calls it again.")
        world.answer = NEVER_SET
        world.key()
        world.now, world.answer = ADVISORY, RecoverableError("The broker is busy.", hint="")
        world.key()
        assert warnings(caplog)[0].endswith("s.")

    @pytest.mark.parametrize(
        "error",
        [
            OSError("HTTP Error 500: Internal Server Error"),
            ValueError("<html><head><title>502 Bad Gateway</title></head></html>"),
            TimeoutError("timed out"),
        ],
    )
    def test_a_cause_that_says_nothing(self, error: Exception) -> None:
        """The reader learns which call failed, and when it is made again."""
        world = World()
        world.answer = error
        told = str(world.error())
        assert f"its retrieve() raised {type(error).__name__}: {error}" in told
        assert told.endswith("Fix this, or wait: the next request after 5 s calls it again.")

    @pytest.mark.parametrize(
        "kind", [NonRecoverableError, RecoverableError], ids=lambda kind: kind.__name__
    )
    def test_a_hint_that_cannot_be_shown(self, kind: type[PluginError]) -> None:
        """A plugin may set the attribute to any object."""

        class Hostile:
            def __str__(self) -> str:
                raise OSError

        world = World()
        world.answer = kind("Logged out.")
        world.answer.hint = Hostile()
        assert f"raised {kind.__name__}: Logged out. Fix this" in str(world.error())


class OwnError(BaseException):
    """A class of the plugin."""


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, OwnError])
def test_a_plugin_does_not_end_the_program(kind: type[BaseException]) -> None:
    """A plugin that wraps a command line may exit; current credentials are used."""
    world = World()
    world.answer = kind(3)
    assert f"its retrieve() raised {kind.__name__}: 3" in str(world.error())
    world.answer = NEVER_SET
    world.key()
    world.now, world.answer = EXPIRED - 30, kind(3)
    assert world.key() == "KEY2"


class TestIsExpired:
    """What the plugin says of its own value."""

    def test_true_renews_at_once(self) -> None:
        """The plugin knows better than any expiry."""
        world = World()
        world.key()
        world.expired = True
        world.now = FRESH
        assert world.key() == "KEY2"

    def test_true_and_a_failure_raise_although_the_value_is_valid(self) -> None:
        """The plugin gave the value up, so nobody may use it."""
        world = World()
        world.key()
        world.expired, world.answer = True, OSError("sealed")
        world.error()
        world.error()
        assert world.calls == 2  # it does not override the backoff of 1 to 5 s
        world.now = 1.0
        world.error()
        assert world.calls == 3

    def test_true_overrides_the_long_backoff(self) -> None:
        """What was worth serving on a minute ago has now been given up."""
        world = World()
        world.key()
        world.now, world.answer = ADVISORY, OSError("sealed")
        assert world.key() == "KEY1"
        world.expired, world.answer = True, NEVER_SET
        assert world.key() == "KEY3"

    def test_true_again_right_after_a_success(self, caplog: pytest.LogCaptureFixture) -> None:
        """The new value is used, the next call retrieves again, and authors are told once."""
        world = World()
        world.key()
        world.expired = True
        assert [world.key() for _ in range(3)] == ["KEY2", "KEY3", "KEY4"]
        (message,) = warnings(caplog)
        assert "expired right after" in message

    @pytest.mark.parametrize("answer", [None, 0, 1, "", "no", OSError("x")])
    @STATES
    def test_no_bool_counts_as_a_failed_refresh(
        self, caplog: pytest.LogCaptureFixture, moment: float, answer: Any
    ) -> None:
        """Served while valid under a backoff, with one warning; raised when expired."""
        world = World()
        world.key()
        world.expired, world.now = answer, moment
        if moment == EXPIRED:
            assert "is_expired()" in str(world.error())
        else:
            assert world.key() == world.key() == "KEY1"
            (message,) = warnings(caplog)
            assert "is_expired()" in message
        assert world.calls == 1
        world.expired = False
        world.now += 300
        assert world.key() == "KEY2"

    def test_it_is_told_once_that_it_is_slow(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Each request waits for it."""
        ticks = itertools.count(0.0, 0.1)
        monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
        world = World()
        assert {world.key() for _ in range(5)} == {"KEY1"}
        (message,) = warnings(caplog)
        assert "must not block" in message

    def test_without_it_only_the_expiry_ends_a_value(self) -> None:
        """The second argument may be left out."""
        cache = CredentialsCache(lambda: ("KEY", "secret"))
        assert cache.get() is cache.get()


class TestInvalidate:
    """What a service's rejection of a key does."""

    def test_the_next_call_renews(self) -> None:
        """One rejected request is enough."""
        world = World()
        world.key()
        world.now = FRESH
        world.cache.invalidate("KEY1")
        assert (world.key(), world.key()) == ("KEY2", "KEY2")

    def test_a_value_without_expiry_ends_by_it(self) -> None:
        """It is the only end that a plugin without is_expired() and expiry has."""
        world = World(None)
        world.key()
        world.now = 1e9
        assert world.key() == "KEY1"
        world.cache.invalidate("KEY1")
        assert world.key() == "KEY2"

    def test_another_key_changes_nothing(self) -> None:
        """Requests that were signed with an older key come back late."""
        world = World()
        world.cache.invalidate("KEY0")
        world.key()
        state = world.cache._engine.state
        world.cache.invalidate("KEY0")
        assert world.cache._engine.state is state

    def test_while_the_refresh_fails_the_value_is_served(self) -> None:
        """Perhaps the service was wrong; and another rejection does not lift the backoff."""
        world = World()
        world.key()
        world.cache.invalidate("KEY1")
        world.now, world.answer = FRESH, OSError("sealed")
        assert world.key() == "KEY1"
        world.cache.invalidate("KEY1")
        assert (world.key(), world.calls) == ("KEY1", 2)
        world.now += 300
        world.answer = NEVER_SET
        assert world.key() == "KEY3"

    def test_the_same_key_again_counts_as_a_failed_refresh(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A broker may cache; asking it for each request does not help."""
        world = World()
        world.key()
        world.cache.invalidate("KEY1")
        world.answer = world.new_value("KEY1")
        assert [world.key() for _ in range(5)] == ["KEY1"] * 5
        assert world.calls == 2
        assert "gave the same key again, which a service has rejected" in warnings(caplog)[0]
        world.now, world.answer = 300.0, NEVER_SET
        assert world.key() == "KEY3"


class TestClock:
    """The wall clock steps."""

    def test_back_before_the_retrieval_renews_ahead_once(self) -> None:
        """How old the value is cannot be known then; and there is no tight loop."""
        world = World()
        world.now = 1000.0
        world.key()
        world.now = 0.0
        assert [world.key() for _ in range(5)] == ["KEY2"] * 5

    def test_back_before_a_failure_ends_the_backoff(self) -> None:
        """The next attempt must not wait for the clock to come back."""
        world = World()
        world.key()
        world.now, world.answer = ADVISORY, OSError("sealed")
        assert (world.key(), world.calls) == ("KEY1", 2)
        world.now = ADVISORY - 10
        assert [world.key() for _ in range(5)] == ["KEY1"] * 5
        assert world.calls == 3

    def test_far_ahead_expires_the_value(self) -> None:
        """The value would be rejected."""
        world = World()
        world.key()
        world.now = 1e9
        assert world.key() == "KEY2"


def test_the_decision_does_not_depend_on_when_it_is_first_asked() -> None:
    """Windows are fixed with the value; a failure never moves them."""
    world = World()
    world.key()
    before = world.cache._engine.state
    after = failed(before, Failure("x"), EPOCH.timestamp() + ADVISORY, max, reported_expired=False)
    moments = ("retrieved_at", "advisory_at", "mandatory_at", "expires_at")
    for name in moments:
        assert getattr(before, name) == getattr(after, name)
    assert decide(State(), 0.0, reported_expired=False) is RefreshStep.MANDATORY


def test_a_coroutine_function_is_awaited() -> None:
    """In a thread of its own, so no loop of the program is disturbed."""

    async def retrieve() -> tuple[str, str]:
        return threading.current_thread().name, "secret"

    cache = CredentialsCache(retrieve)
    assert cache.get().access_key == "plugincreds-retrieve"


def test_a_retrieval_that_asks_for_itself_gets_what_may_be_used_or_an_error() -> None:
    """Guards against a deadlock; each state has its own way into the retrieval."""
    world = World()
    asked: list[str] = []

    def retrieve() -> Value:
        try:
            asked.append(world.cache.get().access_key)
        except PluginError as error:
            asked.append("refused" if "asks for its own credentials" in str(error) else "?")
        return world.new_value(f"KEY{len(asked)}")

    world.retrieve = retrieve
    for moment in (0.0, ADVISORY, ADVISORY + MANDATORY, 4 * HOUR):
        world.now = moment
        world.key()
    world.cache.invalidate("KEY4")
    world.key()
    world.expired = True
    world.key()
    assert asked == ["refused", "KEY1", "KEY2", "refused", "KEY4", "refused"]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"retrieve": None}, TypeError),
        ({"is_expired": 5}, TypeError),
        ({"advisory_window": -5}, ValueError),
    ],
)
def test_arguments_that_cannot_work(arguments: dict[str, Any], kind: type[Exception]) -> None:
    """Guards programs that use the engine by itself: they hear it at once."""
    with pytest.raises(kind, match="must"):
        CredentialsCache(**{"retrieve": tuple, **arguments})


@pytest.mark.parametrize("answers", [[1, 2], [1, None]], ids=["fresh", "a refresh declined"])
def test_a_dropped_cache_is_freed_by_reference_counting(answers: list[int | None]) -> None:
    """Guards programs that switch the garbage collector off: the keys go with the cache."""
    now = EPOCH.timestamp()

    def retrieve() -> Value | None:
        number = answers.pop(0)
        expiry = datetime.fromtimestamp(now + HOUR, timezone.utc)
        return number and Value(f"KEY{number}", "secret", expiry_time=expiry)  # type: ignore[return-value]

    def used() -> "weakref.ref[CredentialsCache]":
        nonlocal now
        cache = CredentialsCache(retrieve, lambda: False, clock=lambda: now)
        cache.get()
        now += MANDATORY
        cache.get()
        cache.invalidate("KEY1")
        return weakref.ref(cache)

    gc.collect()
    gc.disable()
    try:
        assert used()() is None
    finally:
        gc.enable()
    assert answers == []


def test_the_cache_shows_three_names() -> None:
    """Guards what may change: the engine behind it."""
    names = {name for name in dir(World().cache) if not name.startswith("_")}
    assert names == {"expires_at", "get", "invalidate"}
