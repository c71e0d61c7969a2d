"""What this process knows of its plugins.

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

from plugincreds._plugins.discovery import Discovery, discover
from plugincreds._plugins.loading import Getter, load
from plugincreds._plugins.references import InstalledPlugin, Plugin
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")


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
