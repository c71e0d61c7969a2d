"""One source per process for each identity that a plugin gives.

The process-wide state of plugincreds is one object, `_registry`, with one lock. It holds
what discovery found, the getters that are loaded, the sources in use, and what has been
logged. Plugins and the import system are never called under that lock: two threads may do
the same work at first, and the one that is ready first is right for both.
"""

import logging
from collections.abc import Hashable
from typing import TYPE_CHECKING

from plugincreds._lifecycle.cache import CredentialsCache
from plugincreds._lifecycle.reports import Reporter
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin
from plugincreds._sharing import not_shared

if TYPE_CHECKING:
    from plugincreds._sharing.cache import ProcessCache

logger = logging.getLogger("plugincreds")


class Source:
    """One plugin as loaded for one identity.

    Attributes:
        plugin: The plugin.
        cache: The refresh engine that holds its value.
    """

    def __init__(
        self,
        plugin: Plugin,
        functions: Functions,
        mark: Hashable,
        refresh: RefreshSettings,
    ) -> None:
        self.plugin = plugin
        self._shared = shared = _shared(plugin, functions, mark, refresh)
        given: Functions | ProcessCache = functions if shared is None else shared
        self.cache = cache = CredentialsCache(
            given.retrieve, given.is_expired, advisory_window=refresh.advisory_window
        )
        if shared is not None:
            cache.since = shared.since
        cache.timeout = refresh.timeout
        cache.mark = mark
        cache.is_same = functions.is_same
        cache.reporter = Reporter(plugin.label, plugin.name, plugin.origin)

    def ask(self) -> None:
        """Take note that somebody asks for the plugin, and cannot do without it."""
        self.cache.reporter.is_asked_for = True

    def reject(self, access_key: str) -> None:
        """Take note that a service has rejected a key; it may have been replaced meanwhile."""
        if self._shared is not None:
            self._shared.reject(access_key)
        self.cache.invalidate(access_key)


def _shared(
    plugin: Plugin, functions: Functions, mark: Hashable, refresh: RefreshSettings
) -> "ProcessCache | None":
    """Return what shares the source's values between processes, if that is wanted and safe."""
    if refresh.cache_folder is None:
        return None
    if not_shared(plugin, functions):
        return None
    from plugincreds._sharing.cache import ProcessCache  # noqa: PLC0415 - few want it

    identity = mark[1] if isinstance(mark, tuple) else None
    return ProcessCache(
        plugin, functions, identity, refresh.cache_folder, window=refresh.advisory_window
    )
