"""The source of one identity's credentials: a plugin's functions and their refresh engine."""

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from plugincreds._base_identity import BaseIdentity, digest
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval, own_is_expired
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin

if TYPE_CHECKING:
    from plugincreds._sharing.cache import SharedCredentials


class Source:
    """One plugin, loaded for one identity.

    Args:
        plugin: The plugin.
        functions: What its getter returned.
        key: The source key: the plugin, and what its getter received of the session, or None.
        settings: How its credentials are refreshed, and whether processes share them.
        clock: Returns seconds since the epoch.
        base: Notes whose base credentials the plugin uses.

    Attributes:
        plugin: The plugin.
        base: As given.
        uses_profile_keys: As in `Functions`.
        engine: Holds its credentials.

    Raises:
        PluginError: A package that sharing needs is not installed.
    """

    def __init__(  # noqa: PLR0913 - all that decides whose credentials these are, and for how long
        self,
        plugin: Plugin,
        functions: Functions,
        key: tuple[Plugin, tuple[Hashable, ...] | None],
        settings: RefreshSettings,
        clock: Callable[[], float] = time.time,
        *,
        base: BaseIdentity | None = None,
    ) -> None:
        self.plugin = plugin
        self._cache_key, self._identity = functions.cache_key, key[1]
        self.uses_profile_keys = functions.uses_profile_keys
        reporter = Reporter(plugin.label, plugin.name, plugin.origin)
        self.base = base or BaseIdentity()
        retrieve = Retrieval(functions.retrieve, reporter, clock, functions.is_same, self.base)
        is_expired = own_is_expired(functions.is_expired)
        self._shared: SharedCredentials | None = None
        if settings.cache_folder is not None:
            from plugincreds._sharing import cache  # noqa: PLC0415 - few profiles use it

            self._shared = cache.SharedCredentials(
                plugin,
                retrieve,
                reporter,
                identity=(functions.cache_key, key[1]),
                base=self.base,
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

    def fingerprint(self) -> str | None:
        """Return a hash of whose credentials these are, for caches of what is made with them.

        None: other processes cannot know. Without a `cache_key()`, only credentials that stay the
        same tell it.
        """
        value = self.engine.state.value
        facts = [self.plugin.name, self.plugin.origin, self._cache_key, repr(self._identity)]
        facts += [self.base.used(by_environment=kind) for kind in (False, True)]
        if self._cache_key is None:
            if value is None or value.expiry_time is not None:
                return None
            facts.append(value.access_key)
        return digest(facts)

    def require(self) -> None:
        """Record that the plugin is selected, so that messages do not advise doing without it."""
        self.engine.reporter.is_asked_for = True

    def reject(self, access_key: str) -> None:
        """Refresh at the next use, if this is still the current key: a service rejected it."""
        if self._shared is not None:
            self._shared.reject(access_key)
        self.engine.invalidate(access_key)
