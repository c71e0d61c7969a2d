"""A failure that is kept refers to no frame: neither the plugin's nor the program's."""

import asyncio
import gc
import logging
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from plugincreds import NonRecoverableError, PluginProviderRetrieveError
from plugincreds._lifecycle.awaiting import refreshed
from plugincreds._lifecycle.causes import traceback_text, without_frames
from tests.support.engines import RefreshEngine
from tests.unit.lifecycle.test_single_flight import (
    ADVISORY,
    DEADLINE,
    EXPIRED,
    HOUR,
    MANDATORY,
    Scene,
)
from tests.unit.sharing.test_shared_credentials import Broker


class Big:
    """What a function has in a variable."""


class OuterError(Exception):
    """Refers to another exception, as those of requests do to those of urllib3."""


class Trap:
    """A plugin that fails with a big variable, and a program that has one, too."""

    def __init__(self, cause: type[Exception] = OSError) -> None:
        self.cause = cause
        self.alive: list[weakref.ref[Big]] = []

    def hold(self) -> Big:
        """Return an object that must die with the frame that has it."""
        big = Big()
        self.alive.append(weakref.ref(big))
        return big

    def fail(self) -> Any:
        """Fail with an exception that refers to others, as those of requests do."""
        held = self.hold()
        try:
            self.fail_with_cause()
        except Exception as error:
            inner = self.cause(f"sealed {held}", error)
            vars(inner)["reason"] = error
            raise OuterError(inner) from error

    async def fail_later(self) -> Any:
        """Fail as a coroutine function."""
        held = self.hold()
        await asyncio.sleep(0)
        raise self.cause(f"sealed {held}")

    def fail_with_cause(self) -> Any:
        """Fail as a plugin does that knows that a person must act, or that no one can."""
        held = self.hold()
        raise self.cause(f"sealed {type(held)}")

    def program(self, get: Callable[[], object]) -> None:
        """Ask as a program does."""
        body = self.hold()
        with suppress(PluginProviderRetrieveError):
            get()
        del body

    def assert_dead(self) -> None:
        """Nothing that a frame had is alive, although no garbage has been collected."""
        assert len(self.alive) >= 2
        assert [each() for each in self.alive] == [None] * len(self.alive)


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Switch the collector off: a reference cycle lives long in a program with much memory."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


MOMENTS = pytest.mark.parametrize("moment", [None, ADVISORY, MANDATORY, EXPIRED])
CAUSES = pytest.mark.parametrize("cause", [OSError, NonRecoverableError])
LIMITS = pytest.mark.parametrize("limit", [None, 2 * DEADLINE])


def failing(trap: Trap, moment: float | None, limit: float | None) -> Scene:
    """Return a cache whose next refresh fails."""
    scene = Scene(HOUR, timeout=limit)
    if moment is not None:
        scene.key()
        scene.now = moment
    scene.retrieve = trap.fail_with_cause
    return scene


@MOMENTS
@CAUSES
@LIMITS
def test_in_each_state(moment: float | None, cause: type[Exception], limit: float | None) -> None:
    """Guards memory, and the bodies of requests in a program that goes on."""
    trap = Trap(cause)
    scene = failing(trap, moment, limit)
    for _ in range(3):
        trap.program(scene.cache.get)
    trap.assert_dead()
    scene.retrieve = trap.fail_later
    scene.now += HOUR
    trap.program(scene.cache.get)
    gc.collect()  # asyncio's own objects are in cycles
    trap.assert_dead()


@MOMENTS
@LIMITS
def test_what_an_exception_refers_to(moment: float | None, limit: float | None) -> None:
    """Guards exceptions that have others as arguments and attributes."""
    trap = Trap()
    scene = failing(trap, moment, limit)
    scene.retrieve = trap.fail
    trap.program(scene.cache.get)
    gc.collect()  # the exceptions themselves are in a cycle here
    trap.assert_dead()


@pytest.mark.parametrize("reported", [True, OSError("sealed")])
def test_reported_as_expired(reported: Any) -> None:
    """Guards the other function, which may raise as well."""
    trap = Trap()
    scene = failing(trap, 0.0, None)

    def is_expired() -> Any:
        held = trap.hold()
        if isinstance(reported, Exception):
            raise OSError(f"sealed {held}")
        return reported

    scene.is_expired = is_expired
    for _ in range(3):
        trap.program(scene.cache.get)
    trap.assert_dead()


@MOMENTS
@CAUSES
def test_awaited(moment: float | None, cause: type[Exception]) -> None:
    """Guards tasks, and the thread that retrieves for them."""
    trap = Trap(cause)
    scene = failing(trap, moment, None)

    async def task(engine: RefreshEngine) -> None:
        body = trap.hold()
        state = engine.state
        with suppress(PluginProviderRetrieveError):
            await refreshed(engine, state, engine.ask(state))
        del body

    async def tasks() -> None:
        await asyncio.gather(*[task(scene.cache) for _ in range(8)])

    asyncio.run(tasks())
    gc.collect()  # asyncio's own objects are in cycles
    trap.assert_dead()


@pytest.mark.parametrize("good_before", [False, True])
def test_with_sharing(tmp_path: Path, *, good_before: bool) -> None:
    """Guards processes that share their credentials."""
    broker, trap = Broker(tmp_path / "cache"), Trap()
    answers: list[Callable[[], Any]] = [broker.retrieve] if good_before else []

    def retrieve() -> Any:
        return answers[0]() if answers else trap.fail_with_cause()

    process = broker.process(retrieve=retrieve)
    if good_before:
        process.key()
        answers.clear()
        broker.now += HOUR
    for _ in range(2):
        trap.program(process.cache.get)
    trap.assert_dead()


def test_ten_thousand_failures_take_no_memory() -> None:
    """Guards long-lived programs whose broker is down for days."""
    scene = Scene(HOUR)

    def fail() -> Any:
        local = "x" * 100_000
        raise OSError(len(local))

    scene.retrieve = fail

    def fail_often(count: int) -> int:
        for _ in range(count):
            scene.now += 10.0
            with pytest.raises(PluginProviderRetrieveError):
                scene.cache.get()
        return sys.getallocatedblocks()

    before = fail_often(3000)
    assert fail_often(10_000) - before < 1000


def test_the_caller_in_the_retrieval_sees_the_frames(caplog: pytest.LogCaptureFixture) -> None:
    """A record has them, too, for who comes later; its text shows no secret."""
    caplog.set_level(logging.DEBUG, "plugincreds")
    scene = Scene(HOUR)
    secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"

    def fail() -> Any:
        raise OSError(f"sealed {secret}")

    scene.key()
    scene.now, scene.retrieve = EXPIRED, fail
    causes = []
    for _ in range(2):
        with pytest.raises(PluginProviderRetrieveError) as caught:
            scene.cache.get()
        causes.append(caught.value.__cause__)
    first, later = causes
    assert first is not None
    assert "in fail" in "".join(traceback.format_tb(first.__traceback__))
    assert isinstance(later, OSError)
    assert (later.__traceback__, str(later)) == (None, str(first))
    (record,) = [record for record in caplog.records if record.levelno == logging.DEBUG]
    assert "in fail\n" in record.getMessage()
    assert secret not in record.getMessage()
    assert record.exc_info is None


class OwnInitError(Exception):
    """Takes other arguments than it keeps."""

    def __init__(self, code: int, *, where: str) -> None:
        super().__init__(f"code {code} at {where}")
        self.code = code
        self.itself = self


class OwnNewError(NonRecoverableError):
    """Cannot be made again."""

    def __new__(cls, big: Big) -> Any:
        assert isinstance(big, Big)
        return super().__new__(cls)


def raised(error: BaseException) -> BaseException:
    """Return an exception that has been raised."""
    with pytest.raises(type(error)):
        raise error
    return error


def unicode_error() -> BaseException:
    """Return an exception of Python's own that needs all its arguments."""
    return UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize(
    "error",
    [
        OSError(2, "No such file"),
        unicode_error(),
        KeyError("name"),
        OwnInitError(7, where="here"),
        OuterError(raised(OSError("inner"))),
        NonRecoverableError("logged out", hint="run acme login"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_copy_has_the_class_and_the_text(error: BaseException) -> None:
    """Guards programs that look at the cause of a later error."""
    copy = without_frames(raised(error))
    assert (type(copy), str(copy)) == (type(error), str(error))
    assert (copy.__traceback__, copy.__context__, copy.__cause__) == (None, None, None)
    assert getattr(copy, "hint", None) == getattr(error, "hint", None)
    assert getattr(copy, "code", None) == getattr(error, "code", None)


def test_a_copy_that_is_impossible() -> None:
    """It still says that a person must act."""
    copy = without_frames(raised(OwnNewError(Big())))
    assert type(copy) is NonRecoverableError


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups of exceptions")
def test_a_group() -> None:
    """Guards coroutine functions with a task group."""
    error = eval(
        'ExceptionGroup("two", [one, two])', {"one": raised(OSError("1")), "two": OSError("2")}
    )
    copy = without_frames(raised(error))
    assert [str(each) for each in copy.args[1]] == ["1", "2"]
    assert {each.__traceback__ for each in copy.args[1]} == {None}


def test_a_traceback_in_a_circle() -> None:
    """Guards the record: a cause may refer to itself through others."""
    first, second = OSError("first"), OSError("second")
    first.__context__, second.__context__ = second, first
    assert traceback_text(first).splitlines() == ["OSError: second", "OSError: first"]
