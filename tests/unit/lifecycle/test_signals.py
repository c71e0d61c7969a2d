"""Code that interrupts a thread which refreshes, or waits: signal and log handlers, finalizers."""

import contextvars
import gc
import logging
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from plugincreds import PluginError
from plugincreds._threads import Gate
from tests.support.interruptions import interrupted_at_each_line
from tests.unit.lifecycle.test_single_flight import (
    ADVISORY,
    DEADLINE,
    EXPIRED,
    MANDATORY,
    WITH_AND_WITHOUT_LIMIT,
    Caller,
    Scene,
)

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no signals")

Ask = Callable[[], object]
_REAL_LOCK = threading.Lock


class Interruptions:
    """What interrupts the running thread, and what it got when it asked for credentials."""

    def __init__(self, get: Ask) -> None:
        self.get = get
        self.answers: list[Any] = []
        self.entered = threading.Event()

    def ask(self, *_: object) -> None:
        """Ask for the credentials."""
        self.entered.set()
        try:
            self.answers.append(self.get())
        except PluginError as error:
            self.answers.append(error)

    def by_signal(self) -> None:
        """Run the signal handler in this thread, the main one."""
        signal.raise_signal(signal.SIGUSR1)

    def by_finalizer(self) -> None:
        """Collect a reference cycle whose object asks when it is finalized."""
        interruptions = self

        class Asking:
            def __init__(self) -> None:
                self.itself = self

            def __del__(self) -> None:
                interruptions.ask()

        Asking()
        gc.collect()

    def by_weakref(self) -> None:
        """Drop an object whose weak reference has a callback that asks."""
        held: list[Any] = [threading.Event()]
        reference = weakref.ref(held[0], self.ask)
        held.clear()
        del reference

    def by_log_handler(self) -> None:
        """Log a message; the handler signs, as one does that sends records to CloudWatch."""
        handler = logging.Handler()
        handler.emit = self.ask  # type: ignore[method-assign, assignment]
        handler.handle(logging.makeLogRecord({"msg": "Logging in."}))


WAYS = ["by_signal", "by_finalizer", "by_weakref", "by_log_handler"]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Return a scene whose signal handler can be set; the one before is put back."""
    before = signal.getsignal(signal.SIGUSR1)
    yield Scene()
    signal.signal(signal.SIGUSR1, before)


def interruptions(scene: Scene) -> Interruptions:
    """Return interruptions that ask a scene's cache, one of them a signal handler."""
    found = Interruptions(lambda: scene.cache.get().access_key)
    signal.signal(signal.SIGUSR1, found.ask)
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("moment", "answer"),
    [(0.0, PluginError), (ADVISORY, "KEY1"), (MANDATORY, "KEY1"), (EXPIRED, PluginError)],
)
def test_in_the_thread_that_retrieves(scene: Scene, way: str, moment: float, answer: Any) -> None:
    """It gets the current credentials while they may be used, as botocore's own give them."""
    if moment:
        scene.key()
    scene.now = moment
    found = interruptions(scene)

    def retrieve() -> Any:
        getattr(found, way)()
        return scene.value(2)

    scene.retrieve = retrieve
    assert scene.key() == "KEY2"
    assert len(found.answers) == 1
    assert found.answers[0] == answer or isinstance(found.answers[0], answer)


@pytest.mark.parametrize("moment", [0.0, EXPIRED])
def test_in_the_thread_that_waits_for_its_own_worker(scene: Scene, moment: float) -> None:
    """With a time limit the main thread only waits, so the handler may wait, too."""
    scene.limit(2 * DEADLINE)
    if moment:
        scene.key()
    scene.now = moment
    _answered_while_waiting(scene)


@WITH_AND_WITHOUT_LIMIT
@pytest.mark.parametrize("moment", [0.0, MANDATORY, EXPIRED])
def test_in_a_thread_that_waits_for_another(
    scene: Scene, moment: float, timeout: float | None
) -> None:
    """The handler waits as its thread does, and gets the same credentials."""
    scene.limit(timeout)
    if moment:
        scene.key()
        scene.inside.acquire()
    scene.now = moment
    scene.gate.clear()
    leader = scene.lead()
    waiting = 0 if timeout is None else 1
    found = interruptions(scene)

    def interrupt() -> None:
        scene.everyone_waits(waiting + 1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        assert found.entered.wait(DEADLINE)
        scene.gate.set()

    other = Caller(interrupt)
    key = scene.key()
    assert other.ended().error is None
    assert found.answers == [key] == [leader.key()]
    scene.assert_at_rest()


def _answered_while_waiting(scene: Scene) -> None:
    found = interruptions(scene)

    def retrieve() -> Any:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        assert found.entered.wait(DEADLINE)
        return scene.value(2)

    scene.retrieve = retrieve
    assert scene.key() == "KEY2"
    assert found.answers == ["KEY2"]


@WITH_AND_WITHOUT_LIMIT
@pytest.mark.parametrize("moment", [0.0, ADVISORY, MANDATORY, EXPIRED])
@pytest.mark.parametrize("fault", [None, "retrieve", "is_expired", "rejected"])
def test_a_handler_before_each_line(
    timeout: float | None, moment: float, fault: str | None
) -> None:
    """Guards against locks of ours that hang a handler, whose thread holds them for a moment."""
    scene, answers = Scene(), []

    def new_call() -> Callable[[], object]:
        nonlocal scene
        scene = Scene(timeout=timeout)
        if moment:
            scene.key()
        scene.now = moment
        if fault == "retrieve":
            scene.answers.insert(0, OSError("sealed"))
        scene.expired = OSError("sealed") if fault == "is_expired" else False
        return reject_and_get if fault == "rejected" else get

    def reject_and_get() -> None:
        scene.cache.invalidate("KEY1")
        get()

    def get() -> None:
        try:
            answers.append(scene.key())
        except PluginError as error:
            answers.append(error.code)

    for line in interrupted_at_each_line(new_call, get):
        assert len(answers) == 2, line
        answers.clear()
        scene.assert_at_rest()


@pytest.mark.parametrize("is_open", [False, True])
def test_a_handler_may_wait_at_the_gate_at_which_its_thread_waits(*, is_open: bool) -> None:
    """`threading.Event` has a lock, which the interrupted thread may hold for a moment."""
    gate, waits = Gate(), []
    if is_open:
        gate.open()

    def wait() -> None:
        waits.append(gate.wait(0.001))

    lines = list(interrupted_at_each_line(lambda: wait, wait))
    assert len(lines) >= 4
    assert set(waits) == {is_open}


def test_all_who_wait_at_a_gate_pass() -> None:
    """Also those that come while it is opened."""
    for _ in range(200):
        gate = Gate()
        callers = [Caller(gate.wait) for _ in range(4)]
        gate.open()
        for caller in callers:
            assert caller.ended().error is None


class GeventLock:
    """A lock as that of gevent, whose release() returns a number."""

    def __init__(self) -> None:
        self.real = _REAL_LOCK()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def release(self) -> int:
        """Release it."""
        self.real.release()
        return 1


def test_a_gate_of_other_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards greenlets: all of them wake, and not only the first."""
    monkeypatch.setattr(threading, "Lock", GeventLock)
    gate = Gate()
    monkeypatch.undo()
    gate._locks += [threading.Lock(), threading.Lock()]
    for lock in gate._locks[1:]:
        lock.acquire()
    gate.open()
    assert [lock.locked() for lock in gate._locks] == [False] * 3


def test_a_thread_with_another_context_is_the_same_thread(scene: Scene) -> None:
    """A nested event loop, for example, runs tasks that do not have the call's context."""
    found: list[type[BaseException]] = []

    def retrieve() -> Any:
        with pytest.raises(PluginError, match="asks for its own credentials") as caught:
            contextvars.Context().run(scene.cache.get)
        found.append(caught.type)
        return scene.value(1)

    scene.retrieve = retrieve
    assert scene.key() == "KEY1"
    assert found == [PluginError]
