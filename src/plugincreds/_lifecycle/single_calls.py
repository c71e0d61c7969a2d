"""A plugin's import and its getter run in one thread at a time; other threads wait."""

import sys
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from plugincreds._errors import PluginError
from plugincreds._lifecycle.processes import chain_fault, marked_call
from plugincreds._lifecycle.reports import Reporter
from plugincreds._reentrancy import (
    PATIENCE,
    ActiveCall,
    active_call,
    is_inside,
    waiting_for,
    was_refused,
    was_started_in,
)
from plugincreds._threads import Gate

_DOING = "loading"
_IMPORT = "<frozen importlib._bootstrap>"  # what runs every import


class _Turn:
    def __init__(self) -> None:
        self.calls: tuple[ActiveCall, ...] = ()
        self.done = Gate()

    def in_progress(self) -> tuple[ActiveCall, ...]:
        return () if self.done.is_open else self.calls


class SingleCalls:
    """The calls that are in progress, by key."""

    def __init__(self) -> None:
        self._turns: dict[Hashable, _Turn] = {}
        self._reporters: dict[Hashable, Reporter] = {}

    @contextmanager
    def call(self, key: Hashable, plugin: Any) -> Iterator[None]:
        """Run the body as an active call, when no other thread makes one with the same key.

        A thread that is importing a module does not wait: the other thread may need that module,
        and wait for it in turn. If it is the plugin's import, Python notices the circle.

        A plugin that asks for its own credentials is never treated like a broken one, because the
        chain would then go on to another identity, which the program would keep.

        Args:
            key: The plugin for its import, the source key for its getter.
            plugin: The plugin, which messages name.

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
            mine, is_led = _Turn(), was_started_in(key)
            # The call is active before its turn is seen: this thread must not wait for that.
            with active_call(key) as mine.calls:
                try:
                    running = self._turns.setdefault(key, mine)
                    if running is mine or (_is_importing() and not is_led):
                        with _refusals(reporter), marked_call():
                            yield
                        return
                finally:
                    if self._turns.get(key) is mine:
                        del self._turns[key]
                    mine.done.open()
            _wait(running, key, reporter)


@contextmanager
def _refusals(reporter: Reporter) -> Iterator[None]:
    """Raise the error of a refused call in place of what the plugin has made of it."""
    try:
        yield
    except PluginError as error:
        if was_refused():
            raise reporter.own_call() from error
        raise


def _is_importing() -> bool:
    """Tell whether this thread is importing a module, for which other threads may wait."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - there is no other way
    while frame is not None and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _wait(running: _Turn, key: Hashable, reporter: Reporter) -> None:
    with waiting_for(running.in_progress, reporter.circle):
        if not running.done.wait(PATIENCE):
            reporter.refuse_wait(running.in_progress, key)
            reporter.warn_of_wait(PATIENCE, _DOING)
            running.done.wait()
