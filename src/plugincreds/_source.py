"""One plugin as loaded for one identity: its credentials, refreshed, perhaps shared."""

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval, own_is_expired
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin

if TYPE_CHECKING:
    from plugincreds._sharing.cache import SharedCredentials


class Source:
    """One plugin as loaded for one identity.

    Args:
        plugin: The plugin.
        functions: What its getter gave.
        key: The plugin, and what its getter was told of the session, or None.
        settings: How its credentials are refreshed, and whether processes share them.
        clock: Returns seconds since the epoch.

    Attributes:
        plugin: The plugin.
        engine: Holds its credentials.

    Raises:
        PluginError: What sharing needs is not installed.
    """

    def __init__(
        self,
        plugin: Plugin,
        functions: Functions,
        key: tuple[Plugin, tuple[Hashable, ...] | None],
        settings: RefreshSettings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.plugin = plugin
        reporter = Reporter(plugin.label, plugin.name, plugin.origin)
        retrieve = Retrieval(functions.retrieve, reporter, clock, functions.is_same)
        is_expired = own_is_expired(functions.is_expired)
        self._shared: SharedCredentials | None = None
        if settings.cache_folder is not None:
            from plugincreds._sharing import cache  # noqa: PLC0415 - few share

            self._shared = cache.SharedCredentials(
                plugin,
                retrieve,
                reporter,
                identity=(functions.cache_key, key[1]),
                folder=settings.cache_folder,
                is_expired=is_expired,
                window=settings.advisory_window,
                clock=clock,
            )
        self.engine = RefreshEngine(
            self._shared or retrieve,
            self._shared.is_expired if self._shared and is_expired else is_expired,
            reporter,
            key=key,
            clock=clock,
            advisory_window=settings.advisory_window,
            timeout=settings.timeout,
        )

    def require(self) -> None:
        """Note that the plugin is selected, so that it cannot be done without."""
        self.engine.reporter.is_asked_for = True

    def reject(self, access_key: str) -> None:
        """Note that a service has rejected a key; it may have been replaced meanwhile."""
        if self._shared is not None:
            self._shared.reject(access_key)
        self.engine.invalidate(access_key)
