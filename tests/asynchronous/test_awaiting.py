"""One cache behind `await`: the loop is never blocked, and one thread serves all tasks.

A plugin here waits for a gate. Where it is the loop that opens the gate, a loop that is
blocked would never come to it.
"""

import asyncio
import contextvars
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import trio

from plugincreds import NonRecoverableError, PluginError, Value
from plugincreds import PluginProviderRetrieveError as RetrieveError
from plugincreds._lifecycle.awaiting import in_thread, refreshed, settled
from tests.asynchronous.conftest import Together
from tests.support.engines import RefreshEngine, new_engine
from tests.support.interruptions import Stopped

START = 1_700_000_000.0
HOUR = 3600.0
TASKS = 1000
LONGEST = 20.0  # seconds; a test that takes longer hangs


async def got(engine: RefreshEngine) -> Value:
    """Return credentials as aiobotocore's adapter gets them, where something may be decided."""
    state = engine.state
    return await refreshed(engine, state, engine.ask(state))


class Scene:
    """A cache whose plugin waits for a gate, and whose clock stands."""

    def __init__(self) -> None:
        self.now = START
        self.calls = 0
        self.given_up = False
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.answer: Callable[[], Any] = self.value
        self.cache = new_engine(
            self.retrieve,
            lambda: self.given_up,
            clock=lambda: self.now,
            uniform=lambda low, _: low,
        )

    def value(self) -> Value:
        expiry = datetime.fromtimestamp(self.now, timezone.utc) + timedelta(seconds=HOUR)
        return Value(f"KEY{self.calls}", "secret", expiry_time=expiry)

    def retrieve(self) -> Any:
        self.calls += 1
        self.entered.set()
        assert self.gate.wait(LONGEST)
        return self.answer()

    async def get(self) -> Value:
        return await got(self.cache)

    def fail(self, error: BaseException) -> None:
        def answer() -> None:
            raise error

        self.answer = answer


@pytest.fixture
def scene() -> Scene:
    return Scene()


def workers() -> int:
    """Return how many threads of ours there are."""
    return sum(thread.name == "plugincreds-retrieve" for thread in threading.enumerate())


async def tick(times: int = 50) -> None:
    """Let everybody else run."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        for _ in range(times):
            await trio.lowlevel.checkpoint()
    else:
        for _ in range(times):
            await asyncio.sleep(0)


def opening(scene: Scene, seen: list[int]) -> Callable[[], Any]:
    """Return what opens the gate from the loop, when all others wait."""

    async def call() -> None:
        await tick()
        seen.append(workers())
        scene.gate.set()

    return call


def at_once(coroutine: Any) -> Any:
    """Return what a coroutine returns without having waited for anything."""
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    return caught.value.value


def test_a_valid_value_does_not_leave_the_loop(scene: Scene, together: Together) -> None:
    """Guards the hot path: no thread, no future, not even a turn of the loop."""
    (value,) = together(scene.get)
    assert at_once(scene.get()) is value
    assert scene.calls == 1


def test_a_thousand_tasks_at_expiry(scene: Scene, together: Together) -> None:
    """Guards one retrieval in one thread, for the first value as for a later one."""
    for number in (1, 2):
        scene.gate.clear()
        seen: list[int] = []
        *values, _ = together(*[scene.get] * TASKS, opening(scene, seen))
        assert Counter(value.access_key for value in values) == {f"KEY{number}": TASKS}
        assert (scene.calls, seen) == (number, [1])
        scene.now += HOUR


def test_all_but_one_are_served_in_the_advisory_window(scene: Scene, together: Together) -> None:
    """Guards that one task gets the new value, and nobody waits for it."""
    together(scene.get)
    scene.now += HOUR - 600
    scene.gate.clear()
    served: list[str] = []

    async def get() -> str:
        key = (await scene.get()).access_key
        served.append(key)
        if len(served) == 9:
            scene.gate.set()
        return key

    assert sorted(together(*[get] * 10)) == ["KEY1"] * 9 + ["KEY2"]
    assert served[:9] == ["KEY1"] * 9
    assert scene.calls == 2


def test_the_others_share_the_failure(scene: Scene, together: Together) -> None:
    """Guards that each task has an error of its own with the one cause, and that it is kept."""
    scene.gate.clear()
    cause = OSError("sealed")
    scene.fail(cause)
    *errors, _ = together(*[scene.get] * 64, opening(scene, []))
    assert {type(error) for error in errors} == {RetrieveError}
    assert len({id(error) for error in errors}) == 64
    assert all(error.__cause__ is cause for error in errors)
    assert scene.calls == 1
    scene.answer = scene.value
    (value,) = together(scene.get)
    assert value.access_key == "KEY2"


def test_a_failure_is_served_over_without_waiting(scene: Scene, together: Together) -> None:
    """Guards that the value that is still valid comes at once while the plugin is backed off."""
    together(scene.get)
    scene.now += HOUR - 600
    scene.fail(OSError("sealed"))
    (value,) = together(scene.get)
    assert value.access_key == "KEY1"
    assert at_once(scene.get()).access_key == "KEY1"
    assert scene.calls == 2
    scene.now += 400
    scene.fail(NonRecoverableError("Logged out.", hint="run `acme login`"))
    (error,) = together(scene.get)
    assert error.hint == "run `acme login`"


def test_what_is_given_up_meanwhile_is_not_served(scene: Scene, together: Together) -> None:
    """Guards tasks that join a flight which then fails and would serve the old value on."""
    together(scene.get)
    scene.now += HOUR - 600
    scene.gate.clear()
    scene.fail(OSError("sealed"))

    async def given_up() -> Value:
        await tick()
        assert scene.entered.wait(LONGEST)
        scene.given_up = True
        return await scene.get()

    first, second, _ = together(scene.get, given_up, opening(scene, []))
    assert isinstance(second, RetrieveError)
    assert isinstance(first, (Value, RetrieveError))


def test_a_plugin_that_always_gives_up_is_asked_once_for_each_call(
    scene: Scene, together: Together
) -> None:
    """Guards against a loop that never ends."""
    scene.given_up = True
    keys = [together(scene.get)[0].access_key for _ in range(3)]
    assert keys == ["KEY1", "KEY2", "KEY3"]


@pytest.mark.parametrize("cancelled", [0, 5])
def test_cancelling_one_cancels_nobody_else_in_asyncio(scene: Scene, cancelled: int) -> None:
    """Guards the one who began the flight, and one who joined it."""
    scene.gate.clear()

    async def main() -> list[Any]:
        tasks = [asyncio.ensure_future(scene.get()) for _ in range(10)]
        await tick()
        tasks[cancelled].cancel()
        await tick()
        assert tasks[cancelled].cancelled()
        scene.gate.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    results = asyncio.run(main())
    assert isinstance(results.pop(cancelled), asyncio.CancelledError)
    assert [value.access_key for value in results] == ["KEY1"] * 9
    assert scene.calls == 1


@pytest.mark.parametrize("cancelled", [0, 5])
def test_cancelling_one_cancels_nobody_else_in_trio(scene: Scene, cancelled: int) -> None:
    """Guards the same with its cancel scopes."""
    scene.gate.clear()
    values: list[Value] = []
    scopes = [trio.CancelScope() for _ in range(10)]

    async def get(scope: trio.CancelScope) -> None:
        with scope:
            values.append(await scene.get())

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for scope in scopes:
                nursery.start_soon(get, scope)
            await tick()
            scopes[cancelled].cancel()
            await tick()
            scene.gate.set()

    trio.run(main)
    assert [value.access_key for value in values] == ["KEY1"] * 9
    assert scopes[cancelled].cancelled_caught
    assert scene.calls == 1


@pytest.mark.parametrize("run", [asyncio.run, None], ids=["asyncio", "trio"])
def test_a_loop_that_ends_before_its_thread(
    scene: Scene, run: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards that the thread comes to its end in silence, and that its value is kept."""
    scene.gate.clear()

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(scene.get(), 0.01)

    async def main_of_trio() -> None:
        with trio.move_on_after(0.01) as scope:
            await scene.get()
        assert scope.cancelled_caught

    with caplog.at_level(logging.DEBUG):
        trio.run(main_of_trio) if run is None else run(main())
        errand = scene.cache.sync().background
        assert errand is not None
        scene.gate.set()
        outcome = errand.future.result(LONGEST)
    assert outcome is not None
    assert outcome.result().access_key == scene.cache.get().access_key == "KEY1"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_loops_and_threads_share_one_flight(scene: Scene) -> None:
    """Guards that asyncio, trio and plain threads at once cause one call."""
    scene.gate.clear()
    results: list[Any] = []
    started = threading.Barrier(5)

    def of_asyncio() -> None:
        async def main() -> None:
            started.wait(LONGEST)
            results.extend(await asyncio.gather(*[scene.get() for _ in range(10)]))

        asyncio.run(main())

    def of_trio() -> None:
        async def main() -> None:
            started.wait(LONGEST)
            results.append(await scene.get())

        trio.run(main)

    def of_nobody() -> None:
        started.wait(LONGEST)
        results.append(scene.cache.get())

    targets = [of_asyncio, of_asyncio, of_trio, of_nobody]
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    started.wait(LONGEST)
    assert scene.entered.wait(LONGEST)
    scene.gate.set()
    for thread in threads:
        thread.join(LONGEST)
    assert [value.access_key for value in results] == ["KEY1"] * 22
    assert scene.calls == 1


@pytest.mark.parametrize("kind", [Stopped, KeyboardInterrupt])
def test_what_ends_a_program_reaches_who_began(scene: Scene, kind: type[BaseException]) -> None:
    """Guards that it is raised in the loop, and that the next call tries again."""
    scene.fail(kind("bye"))
    for run in (lambda: asyncio.run(scene.get()), lambda: trio.run(scene.get)):
        with pytest.raises(kind, match="bye"):
            run()
    scene.answer = scene.value
    assert asyncio.run(scene.get()).access_key == "KEY3"


def test_those_who_joined_an_interrupted_flight_try_again(scene: Scene) -> None:
    """Guards that a task never gets an interruption that belongs to another one."""
    scene.gate.clear()
    loop = asyncio.new_event_loop()
    scene.fail(KeyboardInterrupt("bye"))
    first = loop.create_task(scene.get())
    second = loop.create_task(scene.get())
    loop.run_until_complete(tick())
    answer = scene.answer

    def answer_once() -> Any:
        scene.answer = scene.value
        return answer()

    scene.answer = answer_once
    scene.gate.set()
    with pytest.raises(KeyboardInterrupt, match="bye"):
        loop.run_until_complete(first)
    assert loop.run_until_complete(second).access_key == "KEY2"
    loop.close()


def test_no_thread_can_be_started(
    scene: Scene, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards tasks that run when the interpreter ends: the loop's thread makes the call."""

    def start(_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert {value.access_key for value in together(*[scene.get] * 3)} == {"KEY1"}
    scene.fail(OSError("sealed"))
    scene.now += HOUR
    errors = together(*[scene.get] * 3)
    assert {type(error) for error in errors} == {RetrieveError}
    assert "its retrieve() raised OSError: sealed" in str(errors[0])


def test_a_plugin_that_waits_for_itself(together: Together) -> None:
    """Guards that it is told at once, in the loop of its own that its coroutine has."""

    async def retrieve() -> Value:
        return await got(cache)

    cache = new_engine(retrieve)
    (error,) = together(lambda: got(cache))
    assert isinstance(error.__cause__, PluginError)
    assert "asks for its own credentials" in str(error)


@pytest.mark.parametrize("waits", [False, True])
def test_a_task_that_the_plugin_starts_in_the_programs_loop(
    monkeypatch: pytest.MonkeyPatch, *, waits: bool
) -> None:
    """It has the context of the call: it waits as others do, and is refused in the end."""
    if waits:
        monkeypatch.setattr(RefreshEngine, "patience", 0.01)
    tasks: list[Any] = []

    async def main() -> str:
        loop = asyncio.get_running_loop()

        def retrieve() -> tuple[str, str]:
            tasks.append(asyncio.run_coroutine_threadsafe(got(cache), loop))
            if waits:
                with pytest.raises(PluginError, match="asks for its own credentials"):
                    tasks[0].result(LONGEST)
            return "KEY1", "secret"

        cache = new_engine(retrieve)
        value: Value = await got(cache)
        if not waits:
            value = await asyncio.wrap_future(tasks[0])
        return value.access_key

    assert asyncio.run(main()) == "KEY1"


def test_the_context_of_who_asks(scene: Scene, together: Together) -> None:
    """Guards plugins that read a context variable, such as one for tracing."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    scene.answer = lambda: (variable.get(), "secret")

    async def get() -> str:
        variable.set("ALICE")
        return (await scene.get()).access_key

    assert together(get) == ["ALICE"]


def test_a_long_wait_is_told_once(
    scene: Scene,
    together: Together,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards that a person learns whom the program waits for."""
    monkeypatch.setattr(RefreshEngine, "patience", 0.0)
    scene.gate.clear()

    async def opener() -> None:
        while not caplog.records:
            await tick(1)
        await tick()
        scene.gate.set()

    together(*[scene.get] * 3, opener)
    (record,) = caplog.records
    assert "has been retrieving credentials for" in record.getMessage()


def test_a_time_limit(scene: Scene, together: Together) -> None:
    """Guards that it holds behind `await`, too, and that the late value is taken."""
    scene.cache._timeout = 0.01
    scene.gate.clear()
    (error,) = together(scene.get)
    assert "has taken longer than 0.01 s" in str(error)
    flight = scene.cache.sync().flight
    assert flight is not None
    scene.gate.set()
    assert flight.done.wait(LONGEST)
    assert together(scene.get)[0].access_key == "KEY1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_does_not_await_its_parents_thread(scene: Scene) -> None:
    """Guards a server that forks while a task retrieves: that thread is not in the child."""
    scene.gate.clear()

    async def main() -> int:
        task = asyncio.ensure_future(scene.get())
        await tick()
        assert scene.entered.wait(LONGEST)
        child = os.fork()
        if not child:
            try:
                scene.gate = threading.Event()
                scene.gate.set()
                asyncio._set_running_loop(None)
                os._exit(asyncio.run(scene.get()).access_key != "KEY2")
            finally:
                os._exit(3)
        scene.gate.set()
        await task
        return child

    _, status = os.waitpid(asyncio.run(main()), 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_an_exception_of_a_thread_is_raised(together: Together) -> None:
    """Guards what discovery and plugins raise while they are loaded."""

    async def call() -> None:
        await settled(in_thread(lambda: 1 // 0))

    assert isinstance(together(call)[0], ZeroDivisionError)


def test_coroutines_that_need_each_other_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that one of them is refused, where both would wait for ever."""
    monkeypatch.setattr(RefreshEngine, "patience", 0.1)
    caches: dict[str, RefreshEngine] = {}
    barrier = threading.Barrier(2)

    def plugin(other: str) -> RefreshEngine:
        async def retrieve() -> Value:
            barrier.wait(LONGEST)  # each has a loop of its own
            return await got(caches[other])

        return new_engine(retrieve)

    caches.update(a=plugin("b"), b=plugin("a"))

    async def main() -> list[Any]:
        calls = [got(cache) for cache in caches.values()]
        found = asyncio.gather(*calls, return_exceptions=True)
        return list(await asyncio.wait_for(found, LONGEST))

    errors = asyncio.run(main())
    assert {type(error) for error in errors} == {RetrieveError}
    assert all("in a circle" in str(error) for error in errors)


def test_trio_as_a_guest_of_asyncio(scene: Scene) -> None:
    """Guards that the loop is asked which the task runs in, not the one below it."""

    async def host() -> Value:
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        trio.lowlevel.start_guest_run(
            scene.get,
            run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
            done_callback=done.set_result,
        )
        value: Value = (await asyncio.wait_for(done, LONGEST)).unwrap()
        return value

    assert asyncio.run(host()).access_key == "KEY1"
