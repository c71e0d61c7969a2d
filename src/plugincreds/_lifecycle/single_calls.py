"""A plugin's import and its getter run in one thread at a time; other threads wait."""

import sys
import threading
from collections.abc import Callable, Hashable
from types import FrameType
from typing import Any, TypeVar

from plugincreds._errors import PluginError
from plugincreds._lifecycle.processes import CallMark, chain_fault
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.watch import Watch
from plugincreds._reentrancy import (
    PATIENCE,
    ActiveCall,
    is_inside,
    waiting_for,
    was_refused,
    was_started_in,
)

_IMPORT = "<frozen importlib._bootstrap>"  # what runs every import

_T = TypeVar("_T")


class SingleCalls:
    """The calls that are in progress, by key."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # reentrant, because a signal handler may need it, too
        self._calls: dict[Hashable, ActiveCall] = {}
        self._reporters: dict[Hashable, Reporter] = {}

    def call(self, key: Hashable, plugin: Any, function: Callable[[], _T]) -> _T:
        """Call a function of the plugin, when no other thread makes a call with the same key.

        A thread that is importing a module does not wait: the other thread may need that module,
        and wait for it in turn. If it is the plugin's import, Python notices the circle.

        A plugin that asks for its own credentials is never treated like a broken one, because the
        chain would then go on to another identity, which the program would keep.

        Args:
            key: The plugin for its import, the source key for its getter.
            plugin: The plugin, which messages name.
            function: The function.

        Raises:
            PluginError: The plugin asks for its own credentials, in this process or through
                programs that it starts.
        """
        new = Reporter(plugin.label, plugin.name, plugin.origin)
        reporter = self._reporters.setdefault(plugin, new)
        if fault := chain_fault():
            raise reporter.not_called(fault)
        while True:
            if is_inside(key):
                raise reporter.refused()
            # The call is active before others see it: this thread must not wait for it.
            mine, is_led = ActiveCall(key), was_started_in(key)
            try:
                mine.begin()
                running = self._joined(mine)
                if running is mine or (_is_importing() and not is_led):
                    return _called(function, reporter)
            finally:
                mine.done.open()
                mine.leave()
                self._forget(mine)
            _wait(running, reporter)

    def _joined(self, mine: ActiveCall) -> ActiveCall:
        with self._lock:
            running = self._calls.get(mine.key)
            # One that has ended is still there if an interruption came before `_forget()`.
            if running is None or running.ended:
                running = self._calls[mine.key] = mine
            return running

    def _forget(self, mine: ActiveCall) -> None:
        with self._lock:
            if self._calls.get(mine.key) is mine:
                self._calls.pop(mine.key, None)  # a signal handler may have done so


def _called(function: Callable[[], _T], reporter: Reporter) -> _T:
    mark, watch = CallMark(), Watch(reporter.warn_of_loading)
    try:
        mark.begin()
        watch.begin()
        return function()
    except PluginError as error:
        if was_refused():
            raise reporter.own_call() from error  # in place of what the plugin has made of it
        raise
    finally:
        mark.end()
        watch.end()
        watch.leave()


def _is_importing() -> bool:
    """Tell whether this thread is importing a module, for which other threads may wait."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - there is no other way
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _wait(running: ActiveCall, reporter: Reporter) -> None:
    with waiting_for(running.in_progress, reporter.circle):
        if not running.done.wait(PATIENCE):
            reporter.refuse_wait(running.in_progress, running.key)
            reporter.warn_of_loading(PATIENCE)
            running.done.wait()
