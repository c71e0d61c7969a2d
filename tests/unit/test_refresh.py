"""The engine around one plugin, on a clock that the tests move."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from plugincreds import PluginError, Value
from plugincreds._refresh import CredentialsCache

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Clock:
    """Seconds since the epoch, which only move when a test says so."""

    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> float:
        return self.now.timestamp()


class Plugin:
    """Counts its calls and gives a new value each time."""

    def __init__(self, clock: Clock, lifetime: float | None) -> None:
        self.calls = 0
        self.expired = False
        self._clock = clock
        self._lifetime = lifetime

    def retrieve(self) -> Value:
        self.calls += 1
        lifetime = self._lifetime and timedelta(seconds=self._lifetime)
        expiry = self._clock.now + lifetime if lifetime else None
        return Value(f"AKIA{self.calls}", "secret", expiry_time=expiry)

    def is_expired(self) -> bool:
        return self.expired


def made(lifetime: float | None) -> tuple[CredentialsCache, Plugin, Clock]:
    """Return a cache around a counting plugin, and the clock of both."""
    clock = Clock()
    plugin = Plugin(clock, lifetime)
    return CredentialsCache(plugin.retrieve, plugin.is_expired, clock=clock), plugin, clock


def test_a_value_without_expiry_is_kept_until_the_plugin_gives_it_up() -> None:
    """Only is_expired() ends it."""
    cache, plugin, clock = made(None)
    assert not cache.holds_value
    assert cache.expires_at is None
    assert cache.get() is cache.get()
    clock.now += timedelta(days=1000)
    assert cache.get().access_key == "AKIA1"
    plugin.expired = True
    assert cache.get().access_key == "AKIA2"
    plugin.expired = False
    assert cache.get().access_key == "AKIA2"
    assert cache.holds_value


@pytest.mark.parametrize(("lifetime", "margin"), [(3600, 60), (900, 60), (60, 6), (10, 1)])
def test_a_value_is_renewed_shortly_before_it_expires(lifetime: float, margin: float) -> None:
    """A minute before, or a tenth of the lifetime if that is less: never on every call."""
    cache, plugin, clock = made(lifetime)
    cache.get()
    assert cache.expires_at == EPOCH + timedelta(seconds=lifetime)
    clock.now += timedelta(seconds=lifetime - margin - 0.1)
    cache.get()
    assert plugin.calls == 1
    clock.now += timedelta(seconds=0.2)
    assert cache.get().access_key == "AKIA2"


def test_a_failure_is_raised_and_the_next_call_tries_again() -> None:
    """Nothing stale is served, and nothing stays locked."""
    answers: list[Callable[[], Value]] = [lambda: Value("AKIA", "secret")]

    def retrieve() -> Value:
        if not answers:
            raise OSError("sealed")
        return answers.pop()()

    cache = CredentialsCache(retrieve, lambda: True)
    cache.get()
    for _ in range(2):
        with pytest.raises(OSError, match="sealed"):
            cache.get()
    answers.append(lambda: Value("AKIA", "other"))
    assert cache.get().secret_key == "other"


def test_threads_that_meet_a_stale_value_cause_one_call() -> None:
    """Those who wait take what the first of them got, even while is_expired() stays True."""
    for _ in range(50):
        barrier = threading.Barrier(16)
        _cache, plugin, _clock = made(None)

        def is_expired(barrier: threading.Barrier = barrier) -> bool:
            barrier.wait()  # nobody goes on before all have seen the stale value
            return True

        cache = CredentialsCache(plugin.retrieve, is_expired)
        cache.get()
        seen: list[Value] = []
        threads = [
            threading.Thread(target=lambda cache=cache, seen=seen: seen.append(cache.get()))
            for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert plugin.calls == 2
        assert len(set(map(id, seen))) == 1


def test_a_flight_that_asks_for_itself_is_refused_before_any_lock() -> None:
    """A deadlock here would hang the program for ever."""
    cache: CredentialsCache
    cache = CredentialsCache(lambda: cache.get(), lambda: False)  # noqa: PLW0108 - not yet bound
    with pytest.raises(PluginError, match="asks for its own credentials"):
        cache.get()
