"""The process-wide state of plugincreds: one object, `_registry`, with one lock.

It holds the loaded getters, the sources in use, and what has been logged. What is installed is
known without it, because most chains need no more. Plugins and the import system are never called
under that lock. So two threads may do the same work at first; both then use the result of the one
that finished first. Only a plugin's import and its getter are called by one thread at a time, as
`single_call` says.
"""

import logging
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from plugincreds._base_identity import BaseIdentity
from plugincreds._lifecycle.forks import forks
from plugincreds._lifecycle.single_calls import SingleCalls
from plugincreds._plugins.discovery import discovered, forget
from plugincreds._plugins.loading import Getter, load
from plugincreds._plugins.references import InstalledPlugin, Plugin
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")

_T = TypeVar("_T")


class _Registry:
    """The plugins and sources of this process."""

    def __init__(self) -> None:
        self.replace_locks()
        forks.owners.add(self)
        self._getters: dict[Plugin, Getter] = {}
        self._broken: set[Plugin] = set()
        self._opened: dict[Path, ModuleType] = {}
        self._sources: dict[Hashable, list[Source]] = {}
        self._logged: set[Hashable] = set()

    def replace_locks(self) -> None:
        """Make new locks, in a forked child: threads of the parent may have held the old ones."""
        self._lock = threading.RLock()  # reentrant, because a signal handler may need it, too
        self._calls = SingleCalls()

    def getter(self, plugin: Plugin) -> Getter:
        """Return a plugin's getter; the first call loads it, or raises the `PluginError`."""
        getter = self._getters.get(plugin)
        if getter is not None:
            return getter
        return self.single_call(plugin, plugin, lambda: self._loaded(plugin))

    def single_call(self, key: Hashable, plugin: Plugin, function: Callable[[], _T]) -> _T:
        """Call a function of a plugin as `SingleCalls.call` does."""
        return self._calls.call(key, plugin, function)

    def _loaded(self, plugin: Plugin) -> Getter:
        if plugin not in self._getters:  # else another thread has loaded it meanwhile
            self._getters[plugin] = load(plugin)
        return self._getters[plugin]

    def opened(self, file: Path, execute: Callable[[], ModuleType]) -> ModuleType:
        """Return the module of a plugin file; the first call executes it."""
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

    def source(self, key: Hashable, base: BaseIdentity, create: Callable[[], Source]) -> Source:
        """Return the source of a key; the first call creates it.

        There are several if the plugin uses base credentials, one for each base identity.
        """
        source = self._source(key, base)
        if source is not None:
            return source
        source = create()
        with self._lock:
            found = self._source(key, base)
            if found is not None:
                return found
            self._sources.setdefault(key, []).append(source)
        return source

    def _source(self, key: Hashable, base: BaseIdentity) -> Source | None:
        sources = self._sources.get(key, ())
        return next((source for source in sources if source.base.serves(base)), None)

    def log_once(self, level: int, message: str, *, key: Hashable = None) -> None:
        """Log a message, unless it, or one with the same key, has been logged before."""
        with self._lock:
            if (key or message) in self._logged:
                return
            self._logged.add(key or message)
        logger.log(level, message)


_registry = _Registry()


def registry() -> _Registry:
    """Return the current registry."""
    return _registry


def reset() -> None:
    """Forget all discovered and loaded plugins, and all sources; meant for tests.

    Sessions that have loaded their credentials keep them.
    """
    global _registry  # noqa: PLW0603 - one assignment, so no reader sees a half-finished reset
    _registry = _Registry()
    forget()


def installed_plugins() -> tuple[InstalledPlugin, ...]:
    """Return the installed plugins in order of name, without importing any of them.

    A name that several packages declare appears once for each of them.
    """
    plugins = discovered().plugins
    return tuple(plugin for name in plugins for plugin in plugins[name])
