"""The scripted plugin and the clock that stands still."""

import threading
from datetime import datetime, timedelta, timezone

import pytest

import plugincreds
from plugincreds import CredentialsCache, Declined, PluginContext, Value
from plugincreds.testing import FakePlugin, ManualClock, _fake

FIRST, SECOND = ("AKIAFIRST00000000000", "first-secret"), ("AKIASECOND0000000000", "other-secret")


def in_threads(count: int, call: object) -> list[threading.Thread]:
    """Start so many threads."""
    assert callable(call)
    threads = [threading.Thread(target=call, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def context(profile: str = "default") -> PluginContext:
    """Return what a getter is told."""
    return PluginContext("fake", profile=profile, region=None, options={}, open_session=object)


def test_the_script_goes_step_by_step_and_the_last_repeats() -> None:
    """Guards the order, and every kind of step."""
    fake = FakePlugin(FIRST, OSError("down"), KeyError, None, SECOND)
    assert fake.retrieve() == FIRST
    with pytest.raises(OSError, match="down"):
        fake.retrieve()
    with pytest.raises(KeyError):
        fake.retrieve()
    assert fake.retrieve() is None
    assert [fake.retrieve(), fake.retrieve()] == [SECOND, SECOND]
    assert fake.retrieve_calls == 6


def test_an_error_that_repeats_does_not_grow() -> None:
    """Guards a test of an hour of failures against a traceback as long."""
    fake = FakePlugin(OSError("down"))
    lengths = []
    for _ in range(3):
        with pytest.raises(OSError, match="down") as caught:
            fake.retrieve()
        lengths.append(len(caught.traceback))
    assert len(set(lengths)) == 1


def test_without_a_script_it_gives_a_made_up_value() -> None:
    """Guards the shortest use, through the checks of the package."""
    value = CredentialsCache(FakePlugin().retrieve).get()
    assert value.access_key.startswith("AKIA")


def test_expired_lasts_until_a_value_is_given() -> None:
    """Guards a test that gives the value up: a failure does not end that, a new value does."""
    fake = FakePlugin(FIRST, OSError("down"), None, SECOND)
    cache = CredentialsCache(fake.retrieve, fake.is_expired)
    cache.get()
    fake.expired = True
    with pytest.raises(plugincreds.PluginError, match="down"):
        cache.get()
    assert fake.retrieve() is None
    assert fake.is_expired()
    fake.retrieve()
    assert not fake.is_expired()
    assert fake.is_expired_calls > 2


def test_the_getter_notes_contexts_and_may_decline() -> None:
    """Guards what a test of selection looks at."""
    fake = FakePlugin(declines=True)
    assert fake(context("one")) is None
    fake.declines = False
    assert fake(context("two")) is fake
    assert [each.profile for each in fake.contexts] == ["one", "two"]


def test_it_declines_with_a_reason() -> None:
    """Guards tests of what a user reads, by the getter and by `retrieve()`; that is no answer."""
    declined = Declined("the option 'role' is missing")
    fake = FakePlugin(declined, FIRST, declines=declined)
    assert fake(context()) is declined
    fake.expired = True
    assert fake.retrieve() is declined
    assert fake.is_expired()


def test_cache_key_is_there_where_one_is_given() -> None:
    """Guards against a method that is there and says nothing, which breaks the contract."""
    assert not hasattr(FakePlugin(), "cache_key")
    assert FakePlugin(cache_key="mine").cache_key() == "mine"


def test_it_shows_no_secret() -> None:
    """Guards the output of a failing test, which shows the fake."""
    fake = FakePlugin(FIRST, cache_key="mine")
    assert "first-secret" not in f"{fake!r} {fake}"
    assert repr(fake) == "FakePlugin(retrieve_calls=0, expired=False)"


def test_a_flight_can_be_looked_at() -> None:
    """Guards hold() and release(): one call is in flight while all threads wait for it."""
    fake, values = FakePlugin(FIRST), list[Value]()
    cache = CredentialsCache(fake.retrieve)
    fake.hold()
    threads = in_threads(8, lambda: values.append(cache.get()))
    fake.wait_until_held()
    assert (fake.retrieve_calls, values) == (1, [])
    fake.release()
    for thread in threads:
        thread.join(10)
    assert len(values) == 8
    assert fake.retrieve_calls == 1


def test_several_calls_are_held_and_let_go_together() -> None:
    """Guards the count of wait_until_held(), and the count of calls from many threads."""
    fake, answers = FakePlugin(FIRST), list[object]()
    fake.hold()
    threads = in_threads(16, lambda: answers.append(fake.retrieve()))
    fake.wait_until_held(16)
    assert answers == []
    fake.release()
    for thread in threads:
        thread.join(10)
    assert (answers, fake.retrieve_calls) == ([FIRST] * 16, 16)


def test_release_lets_go_even_if_it_is_held_again_at_once() -> None:
    """Guards against a thread that wakes too late to see that it was let go."""
    for _ in range(50):
        fake = FakePlugin(FIRST)
        fake.hold()
        (thread,) = in_threads(1, fake.retrieve)
        fake.wait_until_held()
        fake.release()
        fake.hold()
        thread.join(10)
        assert not thread.is_alive()


def test_hold_twice_is_once() -> None:
    """Guards that a second hold() does not cut off the calls of the first from release()."""
    fake = FakePlugin(FIRST)
    fake.hold()
    (thread,) = in_threads(1, fake.retrieve)
    fake.wait_until_held()
    fake.hold()
    fake.release()
    thread.join(10)
    assert not thread.is_alive()
    fake.release()
    assert fake.retrieve() == FIRST


def test_waiting_for_a_call_that_does_not_come_ends() -> None:
    """Guards a test run against a test that waits for ever."""
    fake = FakePlugin()
    with pytest.raises(TimeoutError, match=r"After 0 s 0 of 2 calls.*Call hold\(\) before"):
        fake.wait_until_held(2, timeout=0)


def test_a_call_that_is_never_released_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a test run against a forgotten release()."""
    monkeypatch.setattr(_fake, "_LONGEST", 0.01)
    fake = FakePlugin()
    fake.hold()
    with pytest.raises(TimeoutError, match=r"Call release\(\)"):
        fake.retrieve()
    with pytest.raises(TimeoutError, match="0 of 1 calls"):
        fake.wait_until_held(timeout=0)


def test_the_clock_stands_until_it_is_moved() -> None:
    """Guards that a test decides what time it is."""
    clock = ManualClock(1000.0)
    assert [clock(), clock()] == [1000.0, 1000.0]
    clock.advance(0.5)
    clock.advance(-100)
    assert clock() == 900.5


def test_the_clock_drives_the_refresh_engine() -> None:
    """Guards the use that it is made for: a value runs out without a sleep."""
    clock = ManualClock(datetime(2030, 1, 31, tzinfo=timezone.utc))
    first = Value(*FIRST, expiry_time=clock.datetime(in_seconds=3600))
    second = Value(*SECOND, expiry_time=clock.datetime(in_seconds=9000))
    cache = CredentialsCache(FakePlugin(first, second).retrieve, clock=clock)
    assert cache.get() == first
    clock.advance(3601)
    assert cache.get() == second


def test_the_clock_tells_an_aware_datetime() -> None:
    """Guards expiries that are made of it: the contract refuses those without a timezone."""
    clock = ManualClock(0)
    assert clock.datetime(60) == datetime(1970, 1, 1, 0, 1, tzinfo=timezone.utc)
    assert clock.datetime().utcoffset() == timedelta(0)
    assert repr(clock) == "ManualClock(1970-01-01T00:00:00+00:00)"


def test_the_clock_refuses_a_datetime_without_a_timezone() -> None:
    """Guards against an hour that depends on the machine."""
    with pytest.raises(ValueError, match=r"without a timezone. Give it one"):
        ManualClock(datetime(2030, 1, 31))  # noqa: DTZ001 - that is the fault


def test_the_clock_begins_now_unless_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards values of real sources under a clock that stands still."""
    monkeypatch.setattr("time.time", lambda: 77.0)
    assert ManualClock()() == 77.0


def test_threads_move_the_clock_together() -> None:
    """Guards that no step is lost: reading and adding is not one step to Python."""
    clock, barrier = ManualClock(0), threading.Barrier(8)

    def move() -> None:
        barrier.wait(10)
        for _ in range(1000):
            clock.advance(1)

    for thread in in_threads(8, move):
        thread.join(20)
    assert clock() == 8000
