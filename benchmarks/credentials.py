"""Compare what a signature costs: plugincreds beside botocore's own credentials, in one run.

The figures that count are the ratios, and the numbers of retrievals.
"""

import argparse
import statistics
import timeit
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.credentials

from plugincreds import Value
from plugincreds._bindings._credentials import credentials_class
from plugincreds._discovery import InstalledPlugin
from plugincreds._functions import Functions
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._source import Source

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
    """Gives credentials of one lifetime, and counts how often."""

    def __init__(self, lifetime: float, clock: Clock) -> None:
        self.calls = 0
        self._lifetime = timedelta(seconds=lifetime)
        self._clock = clock

    def value(self) -> Value:
        """Give them as a plugin does."""
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


def plugin_credentials(broker: Broker, clock: Clock | None = None) -> Any:
    """Return what botocore signs with when the plugin is this broker."""
    functions = Functions(broker.value, lambda: False, None)
    source = Source(PLUGIN, functions, "bench", RefreshSettings())
    if clock is not None:
        source.cache._clock = clock.seconds
    kind = credentials_class(botocore.credentials.RefreshableCredentials)
    return kind(source, botocore.credentials.ReadOnlyCredentials, None)


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


def print_hot_path(rounds: int, number: int) -> None:
    """Compare get_frozen_credentials() on a valid value, the three in turn in each round."""
    now = Clock()
    now.now = datetime.now(timezone.utc)
    calls = {
        "plugincreds": plugin_credentials(Broker(6 * 3600, now)),
        "botocore, refreshable": refreshable_credentials(Broker(6 * 3600, now)),
        "botocore, static": botocore.credentials.Credentials("AKIA", "secret", "token"),
    }
    times = [
        [nanoseconds(it.get_frozen_credentials, number) for it in calls.values()]
        for _ in range(rounds)
    ]
    medians = dict(zip(calls, map(statistics.median, zip(*times, strict=True)), strict=True))
    print("get_frozen_credentials() on a valid value, median")
    for name, median in medians.items():
        print(f"  {name:<22} {median:8.0f} ns  {median / medians['plugincreds']:7.2f} times ours")


def print_retrievals() -> None:
    """Count calls of the source for 100 signatures, one a second."""
    print(f"retrievals for {SIGNATURES} signatures, one a second")
    print(f"  {'lifetime':>8} {'plugincreds':>12} {'botocore':>9}")
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
        print(f"  {lifetime:>6} s {counts[0]:>12} {counts[1]:>9}")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--number", type=int, default=20_000)
    arguments = parser.parse_args()
    print_hot_path(arguments.rounds, arguments.number)
    print_retrievals()


if __name__ == "__main__":
    main()
