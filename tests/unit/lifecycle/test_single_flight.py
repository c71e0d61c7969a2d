"""Threads that need a value at the same moment: one of them calls the plugin.

No test sleeps. Each waits for a moment that it can see, and `Scene.everyone_waits` sees
how many threads wait for a flight to land.
"""

import asyncio
import contextvars
import logging
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from typing import Any

import pytest

from plugincreds import NonRecoverableError, PluginError, PluginProviderRetrieveError, Value
from tests.support.engines import RefreshEngine, new_engine, threads_that_wait
from tests.support.interruptions import Stopped

DEADLINE = 15.0  # seconds after which a test has failed; none is meant to come near
START = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
HOUR, ADVISORY, MANDATORY, EXPIRED = 3600.0, 3600.0 - 899, 3600.0 - 59, 3600.0

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture(autouse=True)
def restless_threads() -> Iterator[None]:
    """Let the interpreter change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def until(condition: Callable[[], bool]) -> None:
    """Return when something has become true."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it has not happened"
        getattr(os, "sched_yield", int)()  # lets others run


class Scene:
    """A cache whose plugin can be held and told what to answer, and threads that use it.

    `retrieve()` runs while `gate` is set. `answers` are used up one by one: a lifetime, or
    what is raised or returned; the last one stays.
    """

    def __init__(self, *answers: Any, timeout: float | None = None) -> None:
        self.answers = list(answers or [HOUR])
        self.now = 0.0
        self.calls = 0
        self.running = 0
        self.most_running = 0
        self.gate = threading.Event()
        self.gate.set()
        self.inside = threading.Semaphore(0)  # released by each call that is under way
        self.expired: Any = False
        self._lock = threading.Lock()
        self.retrieve: Callable[[], Any] = self._retrieve
        self.is_expired: Callable[[], Any] = lambda: self.expired
        self.cache = new_engine(
            lambda: self.retrieve(),  # noqa: PLW0108 - tests replace it
            lambda: self.is_expired(),  # noqa: PLW0108 - the same
            clock=lambda: START + self.now,
            uniform=lambda low, _high: low,
            timeout=timeout,
        )

    def limit(self, timeout: float | None) -> None:
        """Set another time limit."""
        self.cache._timeout = timeout

    def _retrieve(self) -> Any:
        with self._lock:
            self.calls += 1
            number = self.calls
            self.running += 1
            self.most_running = max(self.running, self.most_running)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            self.inside.release()
            assert self.gate.wait(DEADLINE)
        finally:
            with self._lock:
                self.running -= 1
        if isinstance(answer, BaseException):
            raise answer
        return self.value(number, answer) if isinstance(answer, float) else answer

    def value(self, number: int, lifetime: float = HOUR) -> Value:
        """Return what the call of that number gives."""
        expiry = datetime.fromtimestamp(START + self.now + lifetime, timezone.utc)
        return Value(f"KEY{number}", f"SECRET{number}", f"TOKEN{number}", expiry_time=expiry)

    def key(self) -> str:
        """Return the access key that a caller gets now."""
        return self.cache.get().access_key

    def call(self) -> "Caller":
        """Start a thread that calls `get()`."""
        return Caller(self.cache.get)

    def lead(self) -> "Caller":
        """Start a thread that calls `get()`, and return when it is inside the plugin."""
        caller = self.call()
        assert self.inside.acquire(timeout=DEADLINE)
        return caller

    def everyone_waits(self, count: int) -> None:
        """Return when so many threads wait for the flight to land."""
        until(lambda: threads_that_wait() == count)

    def assert_at_rest(self) -> None:
        """Nothing is left behind: no flight, no lock, and never were there two calls at once."""
        sync = self.cache.sync()
        assert sync.flight is None
        assert sync.lock.acquire(timeout=DEADLINE)  # a thread that has landed may still be leaving
        sync.lock.release()
        assert (self.running, self.most_running) == (0, 1)


class Caller(threading.Thread):
    """A thread that makes one call and keeps what came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self._outcome: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._outcome = self._call()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error

    def ended(self) -> "Caller":
        """Return when the call has ended."""
        self.join(DEADLINE)
        assert not self.is_alive(), "the call has not ended"
        return self

    def value(self) -> Value:
        """Return the value that came of the call."""
        self.ended()
        if self.error is not None:
            raise self.error
        assert isinstance(self._outcome, Value)
        return self._outcome

    def key(self) -> str:
        """Return the access key that came of the call."""
        return self.value().access_key

    def failed(self) -> PluginProviderRetrieveError:
        """Return the error that came of the call."""
        self.ended()
        assert isinstance(self.error, PluginProviderRetrieveError), self.error
        return self.error


def storm(count: int, call: Callable[[], Any]) -> list[Caller]:
    """Return callers that have all called at the same moment and have ended."""
    barrier = threading.Barrier(count)

    def called() -> Any:
        barrier.wait(DEADLINE)
        return call()

    callers = [Caller(called) for _ in range(count)]
    return [caller.ended() for caller in callers]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what has been logged as a warning."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


WITH_AND_WITHOUT_LIMIT = pytest.mark.parametrize(
    "timeout", [None, 2 * DEADLINE], ids=["no limit", "with a limit"]
)


class TestStorm:
    """Many threads at one moment."""

    @pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
    def test_a_thousand_threads_cause_one_call(self, moment: float) -> None:
        """They all see the same object, whatever of them came first."""
        scene = Scene()
        if moment:
            scene.key()
        scene.now = moment
        values = {id(caller.value()): caller.key() for caller in storm(1000, scene.cache.get)}
        assert list(values.values()) == [f"KEY{scene.calls}"]
        assert scene.calls == (2 if moment else 1)
        scene.assert_at_rest()

    @pytest.mark.parametrize("cause", [OSError("sealed"), NonRecoverableError("logged out")])
    def test_a_thousand_threads_share_one_failure(self, cause: Exception) -> None:
        """One call, one cause, and for each thread an exception of its own.

        An exception that several threads raise would collect the tracebacks of all.
        """
        scene = Scene(HOUR, cause)
        scene.key()
        scene.now = EXPIRED
        errors = [caller.failed() for caller in storm(1000, scene.cache.get)]
        assert scene.calls == 2
        later = [error.__cause__ for error in errors if error.__cause__ is not cause]
        assert len({id(each) for each in later}) <= 1
        assert {(type(each), str(each)) for each in later} <= {(type(cause), str(cause))}
        assert len({id(error) for error in errors}) == 1000
        scene.assert_at_rest()

    def test_those_who_wait_for_the_first_value_share_its_failure(self) -> None:
        """There is no backoff before the first value, so each would call after the other."""
        scene = Scene(OSError("sealed"))
        scene.gate.clear()
        callers = [scene.lead()] + [scene.call() for _ in range(63)]
        scene.everyone_waits(63)
        scene.gate.set()
        assert len({id(caller.failed().__cause__) for caller in callers}) == 1
        assert scene.calls == 1
        scene.assert_at_rest()

    @WITH_AND_WITHOUT_LIMIT
    def test_again_and_again(self, timeout: float | None) -> None:
        """One call for each value, however often it expires."""
        scene = Scene(timeout=timeout)
        for number in range(1, 51):
            scene.now += EXPIRED
            assert {caller.key() for caller in storm(8, scene.cache.get)} == {f"KEY{number}"}
        scene.assert_at_rest()

    def test_a_flapping_source(self) -> None:
        """Each thread gets a whole value that is valid, or the plugin's error; nothing else."""
        scene = Scene(*[OSError("sealed"), None, ("BAD", "two words"), 60.0, HOUR] * 600)
        rounds, seen = 40, Counter[str]()

        def use() -> None:
            for _ in range(rounds):
                try:
                    value = scene.cache.get()
                except PluginProviderRetrieveError:
                    seen["error"] += 1
                else:
                    number = value.access_key.removeprefix("KEY")
                    assert (value.secret_key, value.token) == (f"SECRET{number}", f"TOKEN{number}")
                    seen["value"] += 1
                scene.now += 97.0

        for caller in storm(64, use):
            assert caller.error is None
        assert seen["error"]
        assert seen["value"]
        scene.assert_at_rest()

    def test_no_reader_sees_a_mix_of_two_values(self) -> None:
        """A plugin that gives up each of its values has them renewed by each of 8 threads."""
        scene = Scene()
        scene.expired = True

        def use() -> None:
            for _ in range(100):
                value = scene.cache.get()
                number = value.access_key.removeprefix("KEY")
                assert (value.secret_key, value.token) == (f"SECRET{number}", f"TOKEN{number}")
                scene.cache.invalidate(value.access_key)

        for caller in storm(8, use):
            assert caller.error is None
        assert scene.calls > 100
        scene.assert_at_rest()


class TestWhoWaits:
    """While one thread is inside the plugin."""

    @WITH_AND_WITHOUT_LIMIT
    def test_in_the_advisory_window_nobody_else_does(self, timeout: float | None) -> None:
        """All others get the current value at once, also when the key has been rejected."""
        scene = Scene(timeout=timeout)
        scene.key()
        scene.inside.acquire()
        scene.now = ADVISORY
        scene.gate.clear()
        leader = scene.lead()
        assert {caller.key() for caller in storm(64, scene.cache.get)} == {"KEY1"}
        scene.gate.set()
        assert leader.key() == scene.key() == "KEY2"
        assert scene.calls == 2
        scene.assert_at_rest()

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
    def test_elsewhere_all_do(self, moment: float, timeout: float | None) -> None:
        """And they get what comes of it."""
        scene = Scene(timeout=timeout)
        if moment:
            scene.key()
            scene.inside.acquire()
        scene.now = moment
        scene.gate.clear()
        callers = [scene.lead()] + [scene.call() for _ in range(15)]
        scene.everyone_waits(15 if timeout is None else 16)
        scene.gate.set()
        assert len({id(caller.value()) for caller in callers}) == 1
        assert scene.calls == (2 if moment else 1)
        scene.assert_at_rest()

    def test_a_failure_in_the_mandatory_window_leaves_the_value_to_all(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is still valid; there is one warning, not one for each thread."""
        scene = Scene(HOUR, OSError("sealed"))
        scene.key()
        scene.inside.acquire()
        scene.now = MANDATORY
        scene.gate.clear()
        callers = [scene.lead()] + [scene.call() for _ in range(15)]
        scene.everyone_waits(15)
        scene.gate.set()
        assert {caller.key() for caller in callers} == {"KEY1"}
        assert len(warnings(caplog)) == 1
        assert scene.calls == 2

    def test_a_value_that_is_given_up_during_the_flight_is_not_served_on(self) -> None:
        """The flight renewed ahead and failed; who knows better by now has it renewed again."""
        scene = Scene(HOUR, OSError("sealed"), OSError("gone"))
        scene.key()
        scene.inside.acquire()
        scene.now = ADVISORY
        scene.gate.clear()
        leader = scene.lead()
        scene.expired = True
        waiters = [scene.call() for _ in range(8)]
        scene.everyone_waits(8)
        scene.gate.set()
        assert leader.key() == "KEY1"
        assert {str(waiter.failed().__cause__) for waiter in waiters} == {"gone"}
        assert scene.calls == 3
        scene.assert_at_rest()

    def test_what_is_said_of_one_value_does_not_count_for_the_next(self) -> None:
        """While one thread hears that the value is given up, another one renews it."""
        scene = Scene()
        scene.key()
        asked: list[int] = []

        def is_expired() -> bool:
            calls = scene.calls
            asked.append(calls)
            if len(asked) == 1:
                assert scene.call().key() == "KEY2"
            return calls == 1

        scene.is_expired = is_expired
        assert scene.key() == "KEY2"
        assert scene.calls == 2

    @pytest.mark.parametrize("key", ["KEY1", "KEY0"])
    def test_invalidate_during_a_flight(self, key: str) -> None:
        """What the flight brings is new, so nothing is renewed once more."""
        scene = Scene()
        scene.key()
        scene.inside.acquire()
        scene.now = ADVISORY
        scene.gate.clear()
        leader = scene.lead()
        scene.cache.invalidate(key)
        follower = scene.call()
        if key == "KEY1":
            scene.everyone_waits(1)  # a rejected value is not served while it is being renewed
        else:
            assert follower.key() == "KEY1"
        scene.gate.set()
        assert leader.key() == scene.key() == "KEY2"
        assert follower.key() == ("KEY2" if key == "KEY1" else "KEY1")
        assert scene.calls == 2
        scene.assert_at_rest()

    def test_invalidate_during_a_flight_that_brings_the_same_key(self) -> None:
        """The rejected key counts as a failed refresh, although it was asked for before."""
        scene = Scene()
        scene.key()
        scene.inside.acquire()
        scene.now, scene.answers = ADVISORY, [scene.value(1, 2 * HOUR)]
        scene.gate.clear()
        leader = scene.lead()
        scene.cache.invalidate("KEY1")
        scene.gate.set()
        assert leader.key() == scene.key() == "KEY1"
        assert scene.cache.state.failure is not None
        assert scene.calls == 2


class TestInterruption:
    """Ctrl-C and its like end one call, never the flight of the others."""

    @pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no POSIX signals")
    @WITH_AND_WITHOUT_LIMIT
    def test_a_waiter_leaves_the_flight_to_the_others(self, timeout: float | None) -> None:
        """Ctrl-C in the main thread while another one is inside the plugin."""
        scene = Scene(timeout=timeout)
        scene.gate.clear()
        callers = [scene.lead()] + [scene.call() for _ in range(7)]
        others = 7 if timeout is None else 8
        scene.everyone_waits(others)
        main = threading.main_thread().ident
        assert main is not None

        def interrupt() -> None:
            scene.everyone_waits(others + 1)
            signal.pthread_kill(main, signal.SIGINT)

        interrupter = Caller(interrupt)
        with pytest.raises(KeyboardInterrupt):
            scene.cache.get()
        interrupter.ended()
        assert scene.cache.sync().flight is not None
        scene.gate.set()
        assert {caller.key() for caller in callers} == {"KEY1"}
        assert scene.key() == "KEY1"
        assert scene.calls == 1
        scene.assert_at_rest()

    @pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no POSIX signals")
    def test_the_leader_of_a_flight_with_a_limit_leaves_it_to_the_others(self) -> None:
        """Its thread goes on and lands."""
        scene = Scene(timeout=2 * DEADLINE)
        scene.gate.clear()
        main = threading.main_thread().ident
        assert main is not None

        def interrupt() -> None:
            scene.everyone_waits(1)
            signal.pthread_kill(main, signal.SIGINT)

        interrupter = Caller(interrupt)
        with pytest.raises(KeyboardInterrupt):
            scene.cache.get()
        interrupter.ended()
        follower = scene.call()
        scene.everyone_waits(1)
        scene.gate.set()
        assert follower.key() == "KEY1"
        assert scene.calls == 1
        scene.assert_at_rest()

    @pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no POSIX signals")
    def test_the_leader_of_a_coroutine_cancels_it(self) -> None:
        """Or a second call of the plugin would start beside the first."""
        began, ended = threading.Event(), threading.Event()
        events, main = list[str](), threading.main_thread().ident
        assert main is not None

        async def retrieve() -> tuple[str, str]:
            if events:
                return "KEY2", "secret"
            events.append("began")
            began.set()
            try:
                await asyncio.Event().wait()
            finally:
                events.append("ended")
                ended.set()
            raise AssertionError

        def interrupt() -> None:
            began.wait(DEADLINE)
            signal.pthread_kill(main, signal.SIGINT)
            # Python misses a signal that comes just before it begins to wait for a lock.
            while not ended.wait(1.0):
                signal.pthread_kill(main, signal.SIGINT)

        cache = new_engine(retrieve)
        interrupter = Caller(interrupt)
        with pytest.raises(KeyboardInterrupt):
            cache.get()
        interrupter.ended()
        assert events == ["began", "ended"]
        assert cache.get().access_key == "KEY2"

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
    @pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped])
    def test_the_others_start_a_new_flight(
        self, kind: type[BaseException], moment: float, timeout: float | None
    ) -> None:
        """What interrupts the leader inside the plugin is raised in its thread alone."""
        scene = Scene(*[HOUR] * bool(moment), kind(), HOUR, timeout=timeout)
        if moment:
            scene.key()
            scene.inside.acquire()
        scene.now = moment
        scene.gate.clear()
        leader = scene.lead()
        others = [scene.call() for _ in range(15)]
        scene.everyone_waits(15 if timeout is None else 16)
        scene.gate.set()
        assert type(leader.ended().error) is kind
        assert {caller.key() for caller in others} == {f"KEY{scene.calls}"}
        assert scene.calls == (3 if moment else 2)
        scene.assert_at_rest()

    @WITH_AND_WITHOUT_LIMIT
    def test_nothing_is_left_behind_by_the_only_thread(self, timeout: float | None) -> None:
        """The next call retrieves again, without a backoff."""
        scene = Scene(KeyboardInterrupt(), Stopped(), HOUR, timeout=timeout)
        with pytest.raises(KeyboardInterrupt):
            scene.cache.get()
        with pytest.raises(Stopped):
            scene.cache.get()
        assert scene.key() == "KEY3"
        scene.assert_at_rest()

    @pytest.mark.parametrize("is_coroutine", [True, False])
    def test_a_plugins_own_cancellation_is_a_failure(self, *, is_coroutine: bool) -> None:
        """It must not look as if the program's own task had been cancelled, which nobody did."""

        def retrieve() -> Any:
            raise asyncio.CancelledError

        async def retrieve_later() -> Any:
            raise asyncio.CancelledError

        cache = new_engine(retrieve_later if is_coroutine else retrieve)
        with pytest.raises(PluginProviderRetrieveError, match="it cancelled itself"):
            cache.get()

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped])
    def test_a_coroutine_is_interrupted(self, kind: type[BaseException]) -> None:
        """It comes through the thread of the event loop, and leaves no flight open."""
        answers: list[Any] = [kind(), ("KEY2", "secret")]

        async def retrieve() -> Any:
            answer = answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        cache = new_engine(retrieve)
        with pytest.raises(kind):
            cache.get()
        assert cache.get().access_key == "KEY2"


class TestTimeLimit:
    """A `retrieve()` that takes longer than `cache.timeout`; here it never ends by itself."""

    def overdue(self, *answers: Any, moment: float) -> Scene:
        """Return a scene in which the next call of the plugin is overdue at once."""
        scene = Scene(HOUR, *answers, HOUR, timeout=2 * DEADLINE)
        if moment:
            scene.key()
            scene.inside.acquire()
        scene.now = moment
        scene.gate.clear()
        scene.limit(0.05)
        return scene

    def land(self, scene: Scene) -> None:
        """Let the overdue call return, and wait until its flight has landed."""
        flight = scene.cache.sync().flight
        assert flight is not None
        scene.limit(2 * DEADLINE)
        scene.gate.set()
        assert flight.done.wait(DEADLINE)

    @pytest.mark.parametrize("moment", [0.0, EXPIRED])
    def test_without_a_valid_value_it_raises(self, moment: float) -> None:
        """The message says what was too slow, and how long was waited."""
        scene = self.overdue(moment=moment)
        caller = scene.lead()
        assert "'vault' gave no credentials: its retrieve() has taken longer than 0.05 s" in str(
            caller.failed()
        )
        self.land(scene)
        scene.assert_at_rest()

    @pytest.mark.parametrize("moment", [ADVISORY, MANDATORY])
    def test_a_valid_value_is_served_on(
        self, moment: float, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Under a backoff, with one warning."""
        scene = self.overdue(moment=moment)
        assert scene.lead().key() == scene.key() == scene.key() == "KEY1"
        (message,) = warnings(caplog)
        assert "taken longer than 0.05 s" in message
        self.land(scene)

    @pytest.mark.parametrize("served_on", [False, True], ids=["valid", "served on"])
    def test_a_value_that_is_given_up_is_not(self, served_on: bool) -> None:
        """Not even where it was served on under a backoff before."""
        scene = self.overdue(*[OSError("sealed")] * served_on, moment=ADVISORY)
        if served_on:
            scene.gate.set()
            scene.limit(2 * DEADLINE)
            assert scene.key() == "KEY1"
            scene.inside.acquire()
            scene.limit(0.05)
            scene.gate.clear()
        scene.expired = True
        assert "taken longer" in str(scene.lead().failed())
        scene.expired = False
        self.land(scene)
        scene.assert_at_rest()

    @pytest.mark.parametrize("moment", [0.0, EXPIRED])
    def test_no_second_call_starts_beside_the_first(self, moment: float) -> None:
        """However often it is asked and whatever backoff has passed; those who ask wait."""
        scene = self.overdue(moment=moment)
        scene.lead().failed()
        for _ in range(3):
            scene.now += 10
            for caller in storm(8, scene.cache.get):
                assert "taken longer than 0.05 s" in str(caller.failed())
        assert scene.calls == (2 if moment else 1)
        self.land(scene)
        scene.assert_at_rest()

    @pytest.mark.parametrize("moment", [0.0, ADVISORY, MANDATORY, EXPIRED])
    def test_a_late_good_value_is_published(self, moment: float) -> None:
        """It is as good as any; the backoff is over with it."""
        scene = self.overdue(moment=moment)
        scene.lead().ended()
        self.land(scene)
        assert scene.key() == ("KEY2" if moment else "KEY1")
        assert scene.calls == (2 if moment else 1)
        assert scene.cache.state.failure is None
        scene.assert_at_rest()

    @pytest.mark.parametrize("late", [OSError("sealed"), None, KeyboardInterrupt(), SystemExit()])
    @pytest.mark.parametrize("moment", [ADVISORY, MANDATORY, EXPIRED])
    def test_a_late_failure_is_harmless(self, late: Any, moment: float) -> None:
        """Nobody waits for it any more; a later call retrieves again."""
        scene = self.overdue(late, moment=moment)
        caller = scene.lead().ended()
        assert (caller.error is None) == (moment < EXPIRED)
        self.land(scene)
        if moment < EXPIRED:
            assert scene.key() == "KEY1"
        scene.now += 400
        assert scene.key() == "KEY3"
        scene.assert_at_rest()

    def test_who_waits_gets_a_value_that_comes_in_time(self) -> None:
        """The limit is a limit, not a delay."""
        scene = Scene(timeout=2 * DEADLINE)
        scene.gate.clear()
        callers = [scene.call() for _ in range(8)]
        scene.everyone_waits(8)
        scene.gate.set()
        assert {caller.key() for caller in callers} == {"KEY1"}


class TestNoThread:
    """No thread can be started: at the interpreter's end, or where a container's limit is."""

    @pytest.fixture(autouse=True)
    def no_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let no thread be started."""

        def start(_thread: threading.Thread) -> None:
            raise RuntimeError("can't create new thread at interpreter shutdown")

        monkeypatch.setattr(threading.Thread, "start", start)

    def test_the_caller_makes_a_call_with_a_time_limit(self) -> None:
        """Guards the last requests of a program, such as those of atexit handlers."""
        scene = Scene(timeout=2 * DEADLINE)
        threads = []
        retrieve = scene.retrieve

        def noted() -> Any:
            threads.append(threading.get_ident())
            return retrieve()

        scene.retrieve = noted
        for number, moment in enumerate([0.0, ADVISORY, HOUR + ADVISORY, 9 * HOUR], 1):
            scene.now = moment
            assert scene.key() == f"KEY{number}"
            scene.assert_at_rest()
        assert set(threads) == {threading.get_ident()}

    def test_a_failure_is_one(self) -> None:
        """Guards the error of the plugin, which must be the same as ever."""
        scene = Scene(OSError("sealed"), timeout=2 * DEADLINE)
        with pytest.raises(PluginProviderRetrieveError, match="raised OSError: sealed"):
            scene.cache.get()
        scene.assert_at_rest()

    @pytest.mark.parametrize("in_loop", [False, True])
    def test_the_caller_runs_a_coroutine(self, *, in_loop: bool) -> None:
        """It has a loop of its own, also if another loop runs in this thread."""

        async def retrieve() -> tuple[str, str]:
            await asyncio.sleep(0)
            return "KEY", "secret"

        async def get() -> str:
            key = cache.get().access_key
            await asyncio.sleep(0)  # the outer loop still runs
            return key

        cache = new_engine(retrieve)
        assert (asyncio.run(get()) if in_loop else cache.get().access_key) == "KEY"
        assert cache.sync().flight is None

    @pytest.mark.parametrize("cause", [KeyboardInterrupt, OSError])
    def test_a_coroutine_that_is_interrupted_or_fails(self, cause: type[BaseException]) -> None:
        """Guards Ctrl-C in the last moment."""

        async def retrieve() -> tuple[str, str]:
            raise cause("bye")

        cache = new_engine(retrieve)
        with pytest.raises((KeyboardInterrupt, PluginProviderRetrieveError), match="bye"):
            cache.get()
        assert cache.sync().flight is None


class TestPatience:
    """Who waits long is told why."""

    @WITH_AND_WITHOUT_LIMIT
    def test_it_is_said_once(
        self,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        timeout: float | None,
    ) -> None:
        """For which plugin, and what may be the cause; also when many threads wait, and again."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.001)
        scene = Scene(timeout=timeout)
        for number in range(1, 4):
            scene.now += EXPIRED
            scene.gate.clear()
            callers = [scene.lead()] + [scene.call() for _ in range(8)]
            until(lambda: len(warnings(caplog)) > 0)
            scene.everyone_waits(8 if timeout is None else 9)
            scene.gate.set()
            assert {caller.key() for caller in callers} == {f"KEY{number}"}
        (message,) = warnings(caplog)
        assert "The credential plugin 'vault' has been retrieving credentials for" in message
        assert "context.session or plugincreds.base_session()" in message

    def test_nobody_is_told_who_does_not_wait(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """In the advisory window the others go on."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.0)
        scene = Scene()
        scene.key()
        scene.inside.acquire()
        scene.now = ADVISORY
        scene.gate.clear()
        leader = scene.lead()
        assert scene.key() == "KEY1"
        scene.gate.set()
        leader.ended()
        assert warnings(caplog) == []


class TestFlightThatAsksForItself:
    """A plugin that needs its own credentials in order to retrieve them."""

    @pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
    def test_a_helper_thread_without_the_context_waits_and_is_told(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, moment: float
    ) -> None:
        """It cannot be known that it belongs to the flight; the warning names the remedy."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.001)
        scene = Scene()
        helpers: list[Caller] = []

        def retrieve() -> Value:
            if helpers or (moment and scene.now != moment):
                return scene.value(1)
            helpers.append(Caller(lambda: contextvars.Context().run(scene.cache.get)))
            until(lambda: len(warnings(caplog)) > 0)  # the plugin would wait for its thread
            return scene.value(2)

        scene.retrieve = retrieve
        if moment:
            scene.key()
        scene.now = moment
        assert scene.key() == "KEY2"
        assert helpers[0].key() == "KEY2"
        (message,) = warnings(caplog)
        assert "a thread of its own that asks for these credentials" in message
        assert "context.session or plugincreds.base_session()" in message

    def test_a_helper_thread_without_the_context_does_not_wait_in_the_advisory_window(self) -> None:
        """It gets the current value, as everybody does."""
        scene = Scene()
        scene.key()
        scene.now = ADVISORY

        def retrieve() -> Value:
            helper = Caller(lambda: contextvars.Context().run(scene.cache.get))
            assert helper.key() == "KEY1"
            return scene.value(2)

        scene.retrieve = retrieve
        assert scene.key() == "KEY2"

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("moment", [0.0, ADVISORY, MANDATORY, EXPIRED])
    def test_a_helper_thread_with_the_context_is_served(
        self, moment: float, timeout: float | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Threads inherit it on free-threaded Pythons, also those that the plugin never awaits."""
        scene = Scene(timeout=timeout)
        if moment:
            scene.key()
        scene.now = moment
        helpers: list[Caller] = []

        def retrieve() -> Value:
            context = contextvars.copy_context()
            helpers.append(Caller(lambda: context.run(scene.cache.get)))
            if moment == ADVISORY:
                assert helpers[0].key() == "KEY1"
            else:
                scene.everyone_waits(1 if timeout is None else 2)
            return scene.value(2)

        scene.retrieve = retrieve
        assert scene.key() == "KEY2"
        assert helpers[0].key() == ("KEY1" if moment == ADVISORY else "KEY2")
        assert warnings(caplog) == []

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
    def test_a_helper_thread_with_the_context_is_refused_in_the_end(
        self, moment: float, timeout: float | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The plugin may be waiting for it; then nothing else would end that."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.01)
        scene = Scene(timeout=timeout)
        if moment:
            scene.key()
        scene.now = moment
        refusals: list[BaseException | None] = []

        def retrieve() -> Value:
            context = contextvars.copy_context()
            refusals.append(Caller(lambda: context.run(scene.cache.get)).ended().error)
            return scene.value(2)

        scene.retrieve = retrieve
        assert scene.key() == "KEY2"
        assert [type(refusal) for refusal in refusals] == [PluginError]
        assert "must use context.session" in str(refusals[0])
        scene.retrieve = lambda: scene.value(3)
        scene.now += EXPIRED
        assert scene.key() == "KEY3"  # this thread is no longer inside the call

    @pytest.mark.parametrize("with_context", [False, True])
    def test_a_refused_thread_does_not_spoil_an_honest_decline(
        self, monkeypatch: pytest.MonkeyPatch, *, with_context: bool
    ) -> None:
        """The thread may send telemetry, and what comes of that is not the plugin's answer."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.01)
        helpers: list[Caller] = []

        def retrieve() -> None:
            context = contextvars.copy_context() if with_context else contextvars.Context()
            helpers.append(Caller(lambda: context.run(cache.get)))
            if with_context:
                helpers[0].ended()

        cache = new_engine(retrieve)
        with pytest.raises(PluginProviderRetrieveError) as caught:
            cache.get()
        assert caught.value.declined
        assert isinstance(helpers[0].ended().error, PluginError)

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("how", ["itself", "in a task", "with another context"])
    def test_a_coroutine_is_refused(self, how: str, timeout: float | None) -> None:
        """Its thread is our own, in which the call goes on."""

        async def ask() -> Value:
            return cache.get()

        async def ask_without() -> Value:
            return contextvars.Context().run(cache.get)

        ways: dict[str, Callable[[], Awaitable[Value]]] = {
            "itself": ask,
            "in a task": lambda: asyncio.create_task(ask()),
            "with another context": ask_without,
        }

        async def retrieve() -> tuple[str, str]:
            with pytest.raises(PluginError, match="asks for its own credentials") as caught:
                await ways[how]()
            return type(caught.value).__name__, "secret"

        cache = new_engine(retrieve, timeout=timeout)
        assert cache.get().access_key == "PluginError"

    def test_a_thread_of_a_coroutine_is_refused_in_the_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`asyncio.to_thread` passes the context on to a thread that is not ours."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.01)

        async def retrieve() -> tuple[str, str]:
            with pytest.raises(PluginError, match="asks for its own credentials"):
                await asyncio.to_thread(cache.get)
            return "KEY", "secret"

        cache = new_engine(retrieve)
        assert cache.get().access_key == "KEY"

    @WITH_AND_WITHOUT_LIMIT
    @pytest.mark.parametrize("size", [2, 3])
    def test_a_circle_through_helper_threads_is_refused_in_the_end(
        self, size: int, timeout: float | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Guards plugins that need each other in threads with the context, as of a coroutine."""
        monkeypatch.setattr(RefreshEngine, "patience", 0.01)
        together, calls = threading.Barrier(size), list[int]()

        def retrieve(number: int) -> Value:
            calls.append(number)
            if len(calls) > size:
                raise OSError  # the circle has ended already
            together.wait(DEADLINE)
            context = contextvars.copy_context()
            following = caches[(number + 1) % size]
            helper = Caller(lambda: context.run(following.get)).ended()
            assert isinstance(helper.error, PluginError)
            raise helper.error

        caches = [new_engine(partial(retrieve, each), timeout=timeout) for each in range(size)]
        callers = [Caller(cache.get) for cache in caches]
        errors = [repr(caller.ended().error) for caller in callers]
        assert any("a plugin that waits for it in turn" in error for error in errors)
        assert all("PluginProviderRetrieveError" in error for error in errors)

    def test_another_cache_is_not_refused(self) -> None:
        """One plugin may be built on another."""
        inner = Scene()
        outer = new_engine(lambda: ("OUTER", inner.key()))
        assert outer.get().secret_key == "KEY1"


@pytest.mark.parametrize("is_running", [False, True])
def test_an_interruption_while_the_thread_is_started_leaves_no_flight(
    monkeypatch: pytest.MonkeyPatch, *, is_running: bool
) -> None:
    """Before there is a thread, the caller ends the flight; afterwards the thread does."""

    def interrupted_start(thread: threading.Thread) -> None:
        late.append(thread.run)
        if is_running:
            thread.run()
        raise KeyboardInterrupt

    late: list[Callable[[], object]] = []
    cache = new_engine(lambda: ("KEY", "secret"), timeout=DEADLINE)
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        cache.get()
    assert cache.sync().flight is None
    if not is_running:
        late[0]()  # a thread that comes too late does nothing
        assert cache.state.value is None
    monkeypatch.undo()
    assert cache.get().access_key == "KEY"
