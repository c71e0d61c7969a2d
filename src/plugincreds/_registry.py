"""The process-wide state of plugincreds: one object, `_registry`, with one lock.

It holds what discovery found, the loaded getters, the sources in use, and what has been
logged. Plugins and the import system are never called under that lock. So two threads may do
the same work at first; both then use the result of the one that finished first. Only a plugin's
import and its getter are called by one thread at a time, as `single_call` says.
"""

import logging
import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from plugincreds._errors import PluginError
from plugincreds._lifecycle.processes import MarkedCall, chain_fault
from plugincreds._lifecycle.reports import Reporter, wait_warning
from plugincreds._plugins.discovery import Discovery, discover
from plugincreds._plugins.loading import Getter, load
from plugincreds._plugins.references import InstalledPlugin, Plugin
from plugincreds._reentrancy import PATIENCE, SingleCalls, own_call_error, was_refused
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")


class _Registry:
    """The plugins and sources of this process."""

    def __init__(self) -> None:
        self.replace_locks()
        self._discovery: Discovery | None = None
        self._getters: dict[Plugin, Getter] = {}
        self._broken: set[Plugin] = set()
        self._opened: dict[Path, ModuleType] = {}
        self._sources: dict[Hashable, Source] = {}
        self._logged: set[Hashable] = set()

    def replace_locks(self) -> None:
        """Make new locks, in a forked child: threads of the parent may have held the old ones."""
        self._lock = threading.RLock()  # reentrant, because a signal handler may need it, too
        self._calls = SingleCalls()

    def discovery(self) -> Discovery:
        """Return what is installed; the first call looks it up."""
        if self._discovery is None:
            found = discover()
            with self._lock:
                self._discovery = self._discovery or found
        return self._discovery

    def getter(self, plugin: Plugin) -> Getter:
        """Return a plugin's getter; the first call loads it, or raises the `PluginError`."""
        getter = self._getters.get(plugin)
        if getter is not None:
            return getter
        with self.single_call(plugin, plugin):
            if plugin not in self._getters:  # else another thread has loaded it meanwhile
                self._getters[plugin] = load(plugin)
            return self._getters[plugin]

    @contextmanager
    def single_call(self, key: Hashable, plugin: Plugin) -> Iterator[None]:
        """Run the body as an active call; other threads' calls with the same key wait for its end.

        A plugin that asks for its own credentials is never treated like a broken one, because the
        chain would then go on to another identity, which the program would keep.

        Args:
            key: The plugin for its import, the source key for its getter.
            plugin: The plugin.

        Raises:
            PluginError: The plugin asks for its own credentials, in this process or through
                programs that it starts.
        """
        about = plugin.label, plugin.name, plugin.origin
        reporter = Reporter(*about)

        def end_patience() -> None:
            reporter.refuse_wait(key, PATIENCE, "loading")
            self.log_once(logging.WARNING, wait_warning(plugin.label, PATIENCE, "loading"))

        if fault := chain_fault():
            message = f"{plugin.label} is not called: {fault}."
            raise PluginError(message, plugin=plugin.name, distribution=plugin.origin)
        with self._calls.call(key, reporter.refused, end_patience):
            try:
                with MarkedCall():
                    yield
            except PluginError as error:
                if was_refused():
                    raise own_call_error(*about) from error
                raise

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

    def source(self, key: Hashable, create: Callable[[], Source]) -> Source:
        """Return the source of a key; the first call creates it."""
        source = self._sources.get(key)
        if source is not None:
            return source
        source = create()
        with self._lock:
            return self._sources.setdefault(key, source)

    def log_once(self, level: int, message: str, *, key: Hashable = None) -> None:
        """Log a message, unless it, or one with the same key, has been logged before."""
        with self._lock:
            if (key or message) in self._logged:
                return
            self._logged.add(key or message)
        logger.log(level, message)


_registry = _Registry()
if hasattr(os, "register_at_fork"):  # not on Windows
    # A lambda, because reset() replaces _registry.
    os.register_at_fork(after_in_child=lambda: _registry.replace_locks())  # noqa: PLW0108 - see above


def registry() -> _Registry:
    """Return the current registry."""
    return _registry


def reset() -> None:
    """Forget all discovered and loaded plugins, and all sources; meant for tests.

    Sessions that have loaded their credentials keep them.
    """
    global _registry  # noqa: PLW0603 - one assignment, so no reader sees a half-finished reset
    _registry = _Registry()


def installed_plugins() -> tuple[InstalledPlugin, ...]:
    """Return the installed plugins in order of name, without importing any of them.

    A name that several packages declare appears once for each of them.
    """
    plugins = _registry.discovery().plugins
    return tuple(plugin for name in plugins for plugin in plugins[name])
