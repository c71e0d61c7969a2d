"""One source per process for each identity that a plugin gives.

The process-wide state of plugincreds is one object, `_registry`, with one lock. It holds
what discovery found, the getters that are loaded, the sources in use, and what has been
logged. Plugins and the import system are never called under that lock: two threads may do
the same work at first, and the one that is ready first is right for both.
"""

import logging
import os
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from plugincreds._discovery import Discovery, discover
from plugincreds._functions import Functions
from plugincreds._loading import Getter, load
from plugincreds._plugin import InstalledPlugin, Plugin
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._refresh import CredentialsCache
from plugincreds._reporter import Reporter

if TYPE_CHECKING:
    from plugincreds._process_cache import ProcessCache

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
    problem = not_shared(plugin, functions)
    if problem:
        registry().say_once(logging.WARNING, problem)
        return None
    from plugincreds._process_cache import ProcessCache  # noqa: PLC0415 - few want it

    identity = mark[1] if isinstance(mark, tuple) else None
    return ProcessCache(
        plugin, functions, identity, refresh.cache_folder, window=refresh.advisory_window
    )


def not_shared(plugin: Plugin, functions: Functions) -> str:
    """Return why a plugin's values are never shared between processes, or an empty text."""
    if functions.cache_key is not None:
        return ""
    # Two tenants of one user of the system must never get each other's credentials.
    return (
        f"{plugin.label} has no cache_key(), so nobody can tell whose credentials it gives, "
        "and they are not shared between processes. This is for its authors to add."
    )


class _Registry:
    """What this process knows of its plugins."""

    def __init__(self) -> None:
        self.renew_lock()
        self._discovery: Discovery | None = None
        self._getters: dict[Plugin, Getter] = {}
        self._broken: set[Plugin] = set()
        self._opened: dict[Path, ModuleType] = {}
        self._sources: dict[Hashable, Source] = {}
        self._said: set[Hashable] = set()

    def renew_lock(self) -> None:
        """Replace the lock, in a child of a fork: a thread that is not there may hold it."""
        self._lock = threading.RLock()  # a signal's handler may come back to it

    def discovery(self) -> Discovery:
        """Return what is installed, looked up at the first call."""
        if self._discovery is None:
            found = discover()
            with self._lock:
                self._discovery = self._discovery or found
        return self._discovery

    def getter(self, plugin: Plugin) -> Getter:
        """Return a plugin's getter, loaded at the first call; raise what loading it raised."""
        getter = self._getters.get(plugin)
        if getter is not None:
            return getter
        getter = load(plugin)
        with self._lock:
            return self._getters.setdefault(plugin, getter)

    def opened(self, file: Path, execute: Callable[[], ModuleType]) -> ModuleType:
        """Return the module of a plugin file, executed at the first call."""
        module = self._opened.get(file)
        if module is not None:
            return module
        module = execute()
        with self._lock:
            return self._opened.setdefault(file, module)

    def is_broken(self, plugin: Plugin) -> bool:
        """Tell whether loading a plugin has failed in this process."""
        return plugin in self._broken

    def set_broken(self, plugin: Plugin) -> None:
        """Remember that loading a plugin has failed."""
        with self._lock:
            self._broken.add(plugin)

    def source(self, key: Hashable, create: Callable[[], Source]) -> Source:
        """Return the source of a key, created at the first call."""
        source = self._sources.get(key)
        if source is not None:
            return source
        source = create()
        with self._lock:
            return self._sources.setdefault(key, source)

    def say_once(self, level: int, message: str, *, key: Hashable = None) -> None:
        """Log a message, the first time that it, or one of the same key, is said here."""
        with self._lock:
            if (key or message) in self._said:
                return
            self._said.add(key or message)
        logger.log(level, message)


_registry = _Registry()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=lambda: _registry.renew_lock())  # noqa: PLW0108 - reset()


def registry() -> _Registry:
    """Return what this process knows of its plugins."""
    return _registry


def reset() -> None:
    """Forget what was discovered and loaded, and all sources; meant for tests.

    Sessions that have loaded their credentials keep them.
    """
    global _registry  # noqa: PLW0603 - one assignment, so that no reader sees half a reset
    _registry = _Registry()


def installed_plugins() -> tuple[InstalledPlugin, ...]:
    """Return the installed plugins in order of name, without importing any of them.

    A name that several packages declare stands there several times.
    """
    plugins = _registry.discovery().plugins
    return tuple(plugin for name in plugins for plugin in plugins[name])
