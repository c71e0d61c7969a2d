"""The plugin for one profile: it gives what stands in one section, and notices when that changes.

A tool may write a file in several steps. So what stands there is used only after it has stayed the
same for two seconds, and `is_expired()` reports a change only when new credentials can be used:
until then, the current ones are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from plugincreds import RecoverableError

from plugincreds_shared_file._options import read_options
from plugincreds_shared_file._section import Reading, read_section, version_of

if TYPE_CHECKING:
    from plugincreds import PluginContext, Value

_SETTLED = 2.0  # seconds that a section has stayed the same
_LOOK_EVERY = 1.0  # seconds between two looks at the file
_PATIENCE = 10.0  # seconds to wait for a file that is being written
_POLL = 0.1  # seconds between two looks while waiting
_RENEWABLE = 10.0  # seconds after which the same credentials are no refresh


class Sight(NamedTuple):
    """What has been seen of the section.

    Attributes:
        reading: What it was.
        since: Since when it has been so, on the monotonic clock.
        is_settled: Whether that is long enough.
    """

    reading: Reading
    since: float
    is_settled: bool


class SharedFilePlugin:
    """Credentials from one section of a file.

    Args:
        context: What the plugin is told of the session that asks.
        now: Returns seconds since the epoch.
        monotonic: Returns seconds that no one can set.
        sleep: Waits.
    """

    def __init__(
        self,
        context: PluginContext,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._context = context
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        # Each of these is replaced as a whole, because many threads call is_expired() at once.
        self._held: Sight | None = None  # what retrieve() has returned
        self._seen: Sight | None = None  # a later state of the file
        self._next_look = -inf

    def retrieve(self) -> Value:
        """Return the credentials in the section.

        Raises:
            RecoverableError: There are none that can be used, or no new ones.
            NonRecoverableError: An option cannot be used.
        """
        options = read_options(self._context)
        sight = self._look(None)
        until = self._monotonic() + _PATIENCE
        while not sight.is_settled and self._monotonic() < until:
            self._sleep(_POLL)
            sight = self._look(sight)
        fault = self._fault(sight)
        if fault and self._seen is not None and not self._fault(self._seen):
            sight, fault = self._seen, ""  # what is_expired() has reported, before the next change
        value = sight.reading.value
        if fault or value is None:
            raise RecoverableError(f"{options.file} {fault}", hint=options.hint)
        held, at = self._held, self._monotonic()
        if held is not None and held.reading.value == value:
            if at - held.since >= _RENEWABLE:
                raise RecoverableError(
                    f"{options.file} still has the same credentials in the section "
                    f"[{options.section}], and no new ones",
                    hint=options.hint,
                )
            at = held.since
        self._held, self._seen = Sight(sight.reading, at, is_settled=True), None
        return value

    def is_expired(self) -> bool:
        """Tell whether the section has other credentials now, which can be used.

        Once a second this is one `stat()`. The file is read only when it has changed.
        """
        at, held = self._monotonic(), self._held
        if at < self._next_look or held is None:
            return False
        self._next_look = at + _LOOK_EVERY
        if version_of(read_options(self._context).file) == held.reading.version:
            return False
        self._seen = seen = self._look(self._seen)
        if self._fault(seen):
            return False
        if seen.reading.value == held.reading.value:  # another section has changed
            self._held = held._replace(reading=seen.reading)
            return False
        return True

    def _look(self, before: Sight | None) -> Sight:
        """Return what stands in the file now; it is not read again if it has not changed since."""
        options = read_options(self._context)
        if (
            before is not None
            and before.is_settled
            and before.reading.version == version_of(options.file)
        ):
            return before
        reading = read_section(options.file, options.section, options.expiry_key)
        at, age = self._monotonic(), inf
        if before is not None and before.reading[1:] == reading[1:]:
            since = before.since
        else:
            since = at
        if reading.version is not None:
            age = self._now() - reading.version.modified / 1e9  # below zero if clocks differ
        return Sight(reading, since, max(age, at - since) >= _SETTLED)

    def _fault(self, sight: Sight) -> str:
        """Return why credentials must not be used, as a part of a sentence; empty if they may."""
        reading = sight.reading
        if reading.value is None:
            return reading.fault
        if not sight.is_settled:
            return f"has been written to all the time for the last {_PATIENCE:.0f} seconds"
        if self._held is not None and _is_partly_written(reading, self._held.reading):
            return "is only partly written: the key is new, and something else is still old"
        expiry = reading.value.expiry_time
        if expiry is not None and expiry.timestamp() <= self._now():
            return f"has credentials that expired at {_shown(expiry)}"
        return ""


def _is_partly_written(new: Reading, old: Reading) -> bool:
    """Tell whether a section is a mix of two: no two access keys have the same secret or token."""
    if new.value is None or old.value is None or new.value.access_key == old.value.access_key:
        return False
    has_old_token = new.value.token is not None and new.value.token == old.value.token
    is_cut = old.is_whole and not new.is_whole
    return new.value.secret_key == old.value.secret_key or has_old_token or is_cut


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
