"""A clock that stands still until a test moves it."""

import threading
import time
from datetime import datetime, timedelta, timezone


class ManualClock:
    """Tells the time as `time.time` does, and moves only when it is told to.

    It fits `CredentialsCache(clock=...)`, and threads may share it.

    Args:
        now: The moment at which it stands: seconds since the epoch, or an aware `datetime`.
            None: the moment at which it is made.
    """

    def __init__(self, now: "float | datetime | None" = None) -> None:
        self._lock = threading.Lock()
        self._now = time.time() if now is None else _seconds(now)

    def __call__(self) -> float:
        """Return the moment in seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock; below zero it is set back."""
        with self._lock:
            self._now += seconds

    def datetime(self, in_seconds: float = 0.0) -> datetime:
        """Return the moment, or one so many seconds later, in UTC: an expiry, for example."""
        return datetime.fromtimestamp(self._now, tz=timezone.utc) + timedelta(seconds=in_seconds)

    def __repr__(self) -> str:
        """Show the moment."""
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
