"""CredentialsCache: holds one plugin's value and decides when to call the plugin.

This is the simple engine: one value, one lock, and a margin before the expiry. Only its
constructor, `get()`, `holds_value` and `expires_at` are used elsewhere.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from plugincreds._contract import Value
from plugincreds._flight import flight

_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1  # of the lifetime, at most


@dataclass(frozen=True, slots=True)
class _Held:
    """A value, and the moment from which it must not be handed out any more."""

    value: Value
    until: float


class CredentialsCache:
    """One value and the two functions that renew it; safe for threads.

    Args:
        retrieve: Returns a checked value, or raises.
        is_expired: Tells whether the plugin itself has given the value up, or raises.
        clock: Returns seconds since the epoch.

    Attributes:
        mark: The flight in which `retrieve` runs; this cache, unless it is set.
        label: What messages call the plugin.
    """

    def __init__(
        self,
        retrieve: Callable[[], Value],
        is_expired: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._retrieve = retrieve
        self._is_expired = is_expired
        self._clock = clock
        self._held: _Held | None = None
        self._lock = threading.Lock()
        self.mark: Hashable = self
        self.label = "A credential plugin"

    @property
    def holds_value(self) -> bool:
        """Whether a value has been retrieved, be it still good or not."""
        return self._held is not None

    @property
    def expires_at(self) -> datetime | None:
        """When the value that is held expires; None without a value or without an expiry."""
        held = self._held
        return None if held is None else held.value.expiry_time

    def get(self) -> Value:
        """Return a value that may be used now, from the plugin if need be.

        Raises:
            PluginError: The plugin itself asks, while it retrieves this value.
        """
        seen = self._held
        if seen is not None and not self._is_stale(seen):
            return seen.value
        # The flight comes first: one that asks for itself must not wait for itself. The plugin
        # is called under the lock on purpose, so that one call serves all who wait.
        with flight(self.mark, self.label), self._lock:
            held = self._held
            if held is None or held is seen:  # else another thread has renewed it meanwhile
                held = self._held = self._renewed()
            return held.value

    def _is_stale(self, held: _Held) -> bool:
        return self._clock() >= held.until or self._is_expired()

    def _renewed(self) -> _Held:
        value = self._retrieve()
        if value.expiry_time is None:
            return _Held(value, float("inf"))
        expiry = value.expiry_time.timestamp()
        margin = min(_MARGIN_SECONDS, (expiry - self._clock()) * _MARGIN_SHARE)
        return _Held(value, expiry - margin)
