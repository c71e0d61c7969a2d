"""The plugin for one profile: it gives what stands in one section, and notices when that changes.

A tool may write a file in several steps. So what stands there is used only after it has stayed the
same for two seconds, and `is_expired()` reports a change only when new credentials can be used:
until then, the current ones are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from plugincreds import RecoverableError

from plugincreds_shared_file._options import Options, read_options
from plugincreds_shared_file._section import MISSING, Reading, read_section, version_of

if TYPE_CHECKING:
    from plugincreds import PluginContext, Value

_SETTLED = 2.0  # seconds that a section has stayed the same
_LOOK_EVERY = 1.0  # seconds between two looks at the file
_PATIENCE = 10.0  # seconds to wait for a file that is being written
_POLL = 0.1  # seconds between two looks while waiting
_SAME = 10.0  # seconds after which the same credentials are no refresh


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
        self._options: Options | None = None
        # Each of these is replaced as a whole, because many threads call is_expired() at once.
        self._held: Sight | None = None  # what retrieve() has returned
        self._seen: Sight | None = None  # what is_expired() has seen since
        self._next_look = -inf

    @property
    def uses_profile_keys(self) -> bool:
        """Whether the section is that of the profile, so that its static keys are these.

        Else plugincreds warns that the profile has other keys.
        """
        options, profile = self._context.options, self._context.profile
        return "file" not in options and options.get("section", profile) == profile

    def retrieve(self) -> Value:
        """Return the credentials in the section.

        Raises:
            RecoverableError: There are none that can be used, or no new ones.
            NonRecoverableError: An option cannot be used.
        """
        # Read once: a variable or `~` in the path may mean another file later, and so another
        # identity.
        self._options = options = self._options or read_options(self._context)
        sight = self._seen
        # What is_expired() has just reported is not looked at again: all threads wait for this
        # call, and the file may be written again by now.
        if sight is None or self._fault(sight) or self._monotonic() >= self._next_look:
            sight = self._settled(options)
        fault, held, at = self._fault(sight), self._held, self._monotonic()
        value = sight.reading.value
        if held is not None and held.reading.value == value and not fault:
            if at - held.since >= _SAME:
                fault = "still has the same credentials"
            at = held.since
        if fault or value is None:
            where = f"{options.file}, section [{options.section}]"
            raise RecoverableError(f"{where}: {fault}", hint=options.hint)
        self._held, self._seen = Sight(sight.reading, at, is_settled=True), None
        return value

    def is_expired(self) -> bool:
        """Tell whether the section has other credentials now, which can be used.

        Once a second it calls `stat()`. The file is read only when it has changed.
        """
        at, held, options = self._monotonic(), self._held, self._options
        if at < self._next_look or held is None or options is None:
            return False
        self._next_look = at + _LOOK_EVERY
        if version_of(options.file) == held.reading.version:
            return False
        self._seen = seen = self._look(options, self._seen)
        # The value is the same if another section has changed.
        return not self._fault(seen) and seen.reading.value != held.reading.value

    def _settled(self, options: Options) -> Sight:
        """Wait until the section stays the same, but not for ever."""
        sight = self._look(options, self._seen)
        until = self._monotonic() + _PATIENCE
        while not sight.is_settled and self._monotonic() < until:
            self._sleep(_POLL)
            sight = self._look(options, sight)
        return sight

    def _look(self, options: Options, before: Sight | None) -> Sight:
        """Return what the section is now; the file is not read if nothing has changed since."""
        if (
            before is not None
            and before.is_settled
            and before.reading.version == version_of(options.file)
        ):
            return before
        reading = read_section(options.file, options.section, options.expiry_key)
        at = self._monotonic()
        is_same = before is not None and before.reading[1:] == reading[1:]
        since = before.since if before is not None and is_same else at
        return Sight(reading, since, max(self._age(reading), at - since) >= _SETTLED)

    def _age(self, reading: Reading) -> float:
        """Return how long ago the file was changed, by its own time, in seconds."""
        if reading.version is not None and reading.version.size > 0:
            # Below zero if the clocks of this machine and of the file's differ.
            return self._now() - reading.version.modified / 1e9
        # A tool may remove or empty a file before it writes it, and an empty one may still have its
        # old time.
        return inf if reading.fault == MISSING and self._held is None else 0.0

    def _fault(self, sight: Sight) -> str:
        """Return why credentials must not be used, as a part of a sentence; empty if they may."""
        reading, held = sight.reading, self._held
        if reading.value is None:
            return f"the file {reading.fault}"
        if not sight.is_settled:
            return f"the file has been changing for {_PATIENCE:.0f} s"
        fault = "" if held is None else _mix_fault(reading, held.reading)
        expiry = reading.value.expiry_time
        if not fault and expiry is not None and expiry.timestamp() <= self._now():
            fault = f"its credentials expired at {expiry:%Y-%m-%d %H:%M:%S} UTC"
        return fault


def _mix_fault(new: Reading, old: Reading) -> str:
    """Return why a section is only partly written, or an empty text.

    No two access keys have the same secret or the same token.
    """
    now, before = new.value, old.value
    if now is None or before is None or now.access_key == before.access_key:
        return ""
    has_old_token = now.token is not None and now.token == before.token
    if now.secret_key == before.secret_key or has_old_token:
        kept = "token" if has_old_token else "secret access key"
        return f"it has a new access key with the old {kept}, so it is only partly written"
    if old.is_whole and not new.is_whole:
        return "the file no longer ends with a line end, so it is only partly written"
    return ""
