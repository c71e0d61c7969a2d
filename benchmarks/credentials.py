"""What a signature costs beyond the first: plugincreds beside botocore's own credentials."""

import asyncio
import importlib
import importlib.util
import threading
import time
import timeit
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

import botocore.credentials

from benchmarks.rows import Figure, Row, compared
from plugincreds import Value
from plugincreds._bindings.credentials import credentials_class
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._source import Source

THREADS = 16
HOT_PATH = "`get_frozen_credentials()` of valid credentials"
OURS, REFRESHABLE = "plugincreds", "botocore's `RefreshableCredentials`"
AWAITED = "the same, awaited"
THROUGHPUT = "the same, in threads; more is better"
RETRIEVALS = "retrievals for 100 signatures, one a second, of credentials that live {} s"
SIGNATURES = 100
LIFETIMES = (300, 600, 900, 3600)
PLUGIN = InstalledPlugin("bench", "bench:get_provider", "bench", "1")


class Clock:
    """The time as botocore and plugincreds ask for it; it moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=timezone.utc)

    def seconds(self) -> float:
        """Return seconds since the epoch, as plugincreds asks."""
        return self.now.timestamp()

    def moment(self) -> datetime:
        """Return a datetime, as botocore asks."""
        return self.now


class Broker:
    """Gives credentials of one lifetime after some seconds, and counts how often."""

    def __init__(self, lifetime: float, clock: Clock, slowness: float = 0) -> None:
        self.calls = 0
        self._slowness = slowness
        self._lifetime = timedelta(seconds=lifetime)
        self._clock = clock

    def value(self) -> Value:
        """Give them as a plugin does."""
        time.sleep(self._slowness)
        self.calls += 1
        return Value("AKIA", "secret", "token", expiry_time=self._clock.now + self._lifetime)

    def metadata(self) -> dict[str, str]:
        """Give them as botocore's refreshable credentials want them."""
        value = self.value()
        return {
            "access_key": value.access_key,
            "secret_key": value.secret_key,
            "token": value.token or "",
            "expiry_time": value.expiry_time.isoformat() if value.expiry_time else "",
        }


def long_lived(slowness: float = 0) -> Broker:
    """Return a broker whose credentials do not expire while something is measured."""
    now = Clock()
    now.now = datetime.now(timezone.utc)
    return Broker(6 * 3600, now, slowness)


def source_of(broker: Broker, clock: Callable[[], float] = time.time) -> Source:
    """Return the source of a plugin that is this broker."""
    functions = Functions(broker.value, lambda: False, None)
    return Source(PLUGIN, functions, (PLUGIN, None), RefreshSettings(), clock)


def plugin_credentials(broker: Broker, clock: Clock | None = None) -> Any:
    """Return what botocore signs with when the plugin is this broker."""
    source = source_of(broker, time.time if clock is None else clock.seconds)
    kind = credentials_class(botocore.credentials.RefreshableCredentials)
    return kind(source, botocore.credentials.ReadOnlyCredentials, None)


def static_credentials() -> Any:
    """Return botocore's own that never change."""
    return botocore.credentials.Credentials("AKIA", "secret", "token")


def refreshable_credentials(broker: Broker, clock: Clock | None = None) -> Any:
    """Return botocore's own over the same broker."""
    first = broker.metadata()
    return botocore.credentials.RefreshableCredentials(
        first["access_key"],
        first["secret_key"],
        first["token"],
        datetime.fromisoformat(first["expiry_time"]),
        refresh_using=broker.metadata,
        method="bench",
        **({} if clock is None else {"time_fetcher": clock.moment}),
    )


def nanoseconds(call: Callable[[], object], number: int) -> float:
    """Return what one call costs."""
    return timeit.timeit(call, number=number) / number * 1e9


def hot_path(rounds: int, number: int) -> list[Row]:
    """Compare get_frozen_credentials() of valid credentials."""
    calls = {
        OURS: plugin_credentials(long_lived()),
        "botocore's static credentials": static_credentials(),
        REFRESHABLE: refreshable_credentials(long_lived()),
    }
    measures = {
        who: partial(nanoseconds, it.get_frozen_credentials, number) for who, it in calls.items()
    }
    return compared(HOT_PATH, measures, rounds, "{:.0f} ns")


def awaited_path(rounds: int, number: int) -> list[Row]:
    """Compare the same where it is awaited, as aiobotocore does."""
    aio = importlib.import_module("aiobotocore.credentials")
    from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415

    source, first = source_of(long_lived()), long_lived().value()
    kind = aio_credentials_class(aio.AioRefreshableCredentials)
    expiry, method = first.expiry_time, "bench"
    calls = {
        OURS: kind(source, botocore.credentials.ReadOnlyCredentials, None),
        "aiobotocore's static credentials": aio.AioCredentials("AKIA", "secret", "token"),
        "aiobotocore's `AioRefreshableCredentials`": aio.AioRefreshableCredentials(
            "AKIA", "secret", "token", expiry, refresh_using=None, method=method
        ),
    }
    asyncio.run(calls["plugincreds"].get_frozen_credentials())  # the first credentials
    measures = {who: partial(nanoseconds_awaited, it, number) for who, it in calls.items()}
    return compared(AWAITED, measures, rounds, "{:.0f} ns")


def nanoseconds_awaited(credentials: Any, number: int) -> float:
    """Return what one call costs that is awaited."""

    async def repeat() -> float:
        started = time.perf_counter()
        for _ in range(number):
            await credentials.get_frozen_credentials()
        return time.perf_counter() - started

    return asyncio.run(repeat()) / number * 1e9


def in_threads(rounds: int, number: int) -> list[Row]:
    """Compare how often 16 threads together sign with one set of credentials, and one thread."""
    credentials = plugin_credentials(long_lived())
    credentials.get_frozen_credentials()
    threads = {"1 thread": 1, f"{THREADS} threads": THREADS}
    measures = {
        who: partial(millions_per_second, credentials, count, number)
        for who, count in threads.items()
    }
    return compared(THROUGHPUT, measures, rounds, "{:.2f} million a second")


def millions_per_second(credentials: Any, threads: int, number: int) -> float:
    """Return how many million calls threads make together in a second."""
    barrier = threading.Barrier(threads + 1)

    def call() -> None:
        barrier.wait()
        for _ in range(number // threads):
            credentials.get_frozen_credentials()
        barrier.wait()

    for _ in range(threads):
        threading.Thread(target=call).start()
    barrier.wait()
    started = time.perf_counter()
    barrier.wait()
    return number / (time.perf_counter() - started) / 1e6


def retrievals() -> list[Row]:
    """Count calls of the source for 100 signatures, one a second."""
    found = []
    for lifetime in LIFETIMES:
        counts = []
        for make in (plugin_credentials, refreshable_credentials):
            clock = Clock()
            broker = Broker(lifetime, clock)
            credentials = make(broker, clock)
            for _ in range(SIGNATURES):
                credentials.get_frozen_credentials()
                clock.now += timedelta(seconds=1)
            counts.append(broker.calls)
        question = RETRIEVALS.format(lifetime)
        found += [
            Row(question, who, (Figure(str(count), count / counts[0]),))
            for who, count in zip((OURS, REFRESHABLE), counts, strict=True)
        ]
    return found


def rows(rounds: int, number: int) -> list[Row]:
    """Compare what takes time; what is awaited only if aiobotocore is installed."""
    has_aiobotocore = importlib.util.find_spec("aiobotocore") is not None
    return [
        *hot_path(rounds, number),
        *(awaited_path(rounds, number) if has_aiobotocore else []),
        *in_threads(rounds, number * THREADS),
    ]
