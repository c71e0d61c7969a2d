"""Ctrl-C at each place where Python lets it in: it leaves no thread waiting, and no call active."""

import contextvars
import itertools
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from plugincreds import PluginProviderRetrieveError
from plugincreds._lifecycle.single_calls import SingleCalls
from plugincreds._plugins.references import GivenPlugin
from plugincreds._reentrancy import was_started_in
from tests.support.engines import threads_that_wait, waits
from tests.support.interruptions import Injection
from tests.unit.lifecycle.test_single_flight import (
    ADVISORY,
    DEADLINE,
    EXPIRED,
    MANDATORY,
    WITH_AND_WITHOUT_LIMIT,
    Caller,
    Scene,
    until,
)

PLUGIN = GivenPlugin(itertools)
# From Python 3.14 on, `with lock:` looks for signals when it has acquired the lock, before it is
# sure to release it.
pytestmark = pytest.mark.skipif(sys.version_info >= (3, 14), reason="a lock may stay locked there")
FEWEST = 20  # events in one call; less means that the test looks at the wrong ones


def injections() -> Any:
    """Yield injections, one event later each time, as long as there are such events."""
    kept = []
    for number in itertools.count():
        injection = Injection(number)
        yield injection
        if not injection.place:
            assert number > FEWEST
            return
        kept.append(injection)  # with the exception: notebooks keep the last one


def in_thread(call: Callable[[], Any]) -> Caller:
    """Start a thread as the program does, outside of the plugin's call."""
    return contextvars.Context().run(Caller, call)


def joined_by(scene: Scene, retrieve: Callable[[], Any], waiters: list[Caller]) -> Any:
    """Return a `retrieve()` that goes on when another thread waits for it, or need not wait."""

    def waiting() -> Any:
        if not waiters:
            waiters.append(in_thread(scene.cache.get))
            until(lambda: not waiters[0].is_alive() or waits(waiters[0]))
        return retrieve()

    return waiting


def is_at_rest(scene: Scene) -> bool:
    """Tell whether no retrieval is in flight: one with a time limit may outlive its caller."""
    flight = scene.cache.sync().flight
    return flight is None or flight.done.is_open


@WITH_AND_WITHOUT_LIMIT
@pytest.mark.parametrize("moment", [None, ADVISORY, MANDATORY, EXPIRED])
@pytest.mark.parametrize("answer", [3600.0, OSError("sealed")])
def test_a_caller_that_retrieves(timeout: float | None, moment: float | None, answer: Any) -> None:
    """A thread that waits for it gets its answer; the interrupted thread can ask again."""
    for injection in injections():
        scene = Scene(3600.0, timeout=timeout)
        waiters: list[Caller] = []
        if moment is not None:
            scene.key()
            scene.now = moment
        scene.answers = [answer]
        scene.retrieve = joined_by(scene, scene.retrieve, waiters)
        with injection, suppress(PluginProviderRetrieveError):
            scene.cache.get()
        for waiter in waiters:
            waiter.ended()
            assert waiter.error is None or waiter.error.__cause__ is not None, injection.place
        until(partial(is_at_rest, scene))
        scene.now += 9 * EXPIRED
        scene.answers = [3600.0]
        before = scene.calls
        assert scene.key() == f"KEY{before + 1}", injection.place
        scene.assert_at_rest()


def test_a_caller_that_waits() -> None:
    """It stops waiting; the one that retrieves goes on."""
    for injection in injections():
        scene, over = Scene(), threading.Event()
        scene.gate.clear()
        leader = in_thread(scene.cache.get)
        assert scene.inside.acquire(timeout=DEADLINE)
        helper = in_thread(partial(open_when_one_waits, scene, over))
        with injection:
            scene.cache.get()
        over.set()
        helper.ended()
        assert leader.key() == "KEY1", injection.place
        assert scene.key() == "KEY1", injection.place
        scene.assert_at_rest()


def open_when_one_waits(scene: Scene, over: threading.Event) -> None:
    """Let the plugin answer when a caller waits for it, or does not wait any more."""
    until(lambda: over.is_set() or threads_that_wait() > 0)
    scene.gate.set()


def test_a_rejection() -> None:
    """The lock is free afterwards."""
    for number in range(9):
        scene = Scene()
        scene.key()
        with Injection(number):
            scene.cache.invalidate("KEY1")
        scene.assert_at_rest()
        assert in_thread(scene.cache.get).key() in {"KEY1", "KEY2"}


def joined_load(calls: SingleCalls, others: list[Caller]) -> str:
    """Return when another thread waits to load."""
    if not others:
        others.append(in_thread(lambda: calls.call("key", PLUGIN, lambda: "other")))
        until(lambda: len(calls._calls["key"].done._locks) > 1)
    return "one"


def test_a_plugin_that_is_loaded() -> None:
    """Its import and its getter are such calls, too."""
    for injection in injections():
        calls, others = SingleCalls(), list[Caller]()
        with injection:
            assert calls.call("key", PLUGIN, partial(joined_load, calls, others)) == "one"
        for other in others:
            assert other.ended()._outcome == "other", injection.place
        assert calls.call("key", PLUGIN, lambda: "again") == "again", injection.place
        assert not was_started_in("key")
