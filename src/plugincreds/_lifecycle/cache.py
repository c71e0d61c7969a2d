"""`CredentialsCache`: the public interface to the refresh engine."""

import random
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from plugincreds._contract import PluginAnswer, Value
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.policy import Uniform
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval, own_is_expired


class CredentialsCache:
    """Credentials, and the two functions that refresh them; safe for threads and forks.

    Args:
        retrieve: Returns or awaits credentials in any shape of the contract, None to decline,
            or raises.
        is_expired: Tells whether the last credentials must no longer be used. It is called
            before each use after the first. None: they end only by their expiry and
            `invalidate()`.
        clock: Returns seconds since the epoch.
        uniform: Returns a random number between its two arguments.
        advisory_window: How many seconds before their expiry credentials are refreshed early, at
            most half of their lifetime. None: 5, 15 or 60 minutes, depending on the lifetime.

    Raises:
        TypeError: One of the functions is not callable.
        ValueError: The window is below zero.
    """

    def __init__(
        self,
        retrieve: Callable[[], PluginAnswer | Awaitable[PluginAnswer]],
        is_expired: Callable[[], bool] | None = None,
        *,
        clock: Callable[[], float] = time.time,
        uniform: Uniform = random.uniform,
        advisory_window: float | None = None,
    ) -> None:
        for function in (retrieve,) if is_expired is None else (retrieve, is_expired):
            if not callable(function):
                kind = type(function).__name__
                raise TypeError(f"retrieve and is_expired must be callable, not of type {kind}")
        if advisory_window is not None and not advisory_window >= 0:
            raise ValueError(f"advisory_window must not be below zero, as {advisory_window!r} is")
        reporter = Reporter("A credential plugin")
        self._engine = RefreshEngine(
            Retrieval(retrieve, reporter, clock),
            is_expired and own_is_expired(is_expired),
            reporter,
            clock=clock,
            uniform=uniform,
            advisory_window=advisory_window,
        )

    @property
    def expires_at(self) -> datetime | None:
        """When the current credentials expire; None if there are none, or they do not expire."""
        value = self._engine.state.value
        return None if value is None else value.expiry_time

    def get(self) -> Value:
        """Return credentials that may be used now; call the plugin if necessary.

        Raises:
            PluginProviderRetrieveError: The plugin gave none, and there are no usable ones.
            PluginError: The plugin itself calls this while it retrieves these credentials.
        """
        return self._engine.get()

    def invalidate(self, access_key: str) -> None:
        """Refresh at the next `get()` if this is still the current key: a service rejected it."""
        self._engine.invalidate(access_key)
