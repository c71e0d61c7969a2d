"""A clock that stands still until a test moves it."""

import threading
import time
from datetime import datetime, timedelta, timezone


class ManualClock:
    """Returns the time like `time.time`, and moves only when a test moves it.

    Use it as `plugins_as_if_installed(..., clock=clock)` or `CredentialsCache(clock=clock)`.
    Threads may share it.

    Args:
        now: The time at which it stands: seconds since the epoch, or an aware `datetime`.
            None: the second in which it is created.
    """

    def __init__(self, now: "float | datetime | None" = None) -> None:
        self._lock = threading.Lock()
        # A whole second, so that an expiry is as exact as the sum of what a test advances.
        self._now = float(int(time.time())) if now is None else _seconds(now)

    def __call__(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number sets it back."""
        with self._lock:  # reading and adding is not one step to Python
            self._now += seconds

    def datetime(self, in_seconds: float = 0.0) -> datetime:
        """Return the time, or the time so many seconds later, in UTC: for an expiry, say."""
        return datetime.fromtimestamp(self._now, tz=timezone.utc) + timedelta(seconds=in_seconds)

    def __repr__(self) -> str:
        """Show the time."""
        return f"ManualClock({self.datetime().isoformat()})"


def _seconds(now: float | datetime) -> float:
    if not isinstance(now, datetime):
        return float(now)
    if now.utcoffset() is None:
        raise ValueError(
            "ManualClock was given a datetime without a timezone. Give it one, as "
            "datetime(2030, 1, 31, tzinfo=timezone.utc) has."
        )
    return now.timestamp()
