"""Reports a call into a plugin that takes long, also where only one caller waits for it."""

import _thread
import sys
from collections.abc import Callable

from plugincreds._reentrancy import PATIENCE
from plugincreds._threads import OPEN, Gate

_LONGEST_END = 1.0  # seconds; a thread that is logging does not hold up the caller


class Watch:
    """Calls a function if a call lasts longer than `PATIENCE`.

    A thread waits for the end of the call. It ends with it, because Python warns of a fork in a
    process that has several threads. Who makes the call ends it in a `finally` clause.

    Args:
        warn: The function; it gets the seconds.

    Attributes:
        end: Ends it. It is one call into C, within which Python runs no signal handler.
    """

    def __init__(self, warn: Callable[[float], object]) -> None:
        self._warn = warn
        self._over, self._ended = Gate(), OPEN
        self.end = self._over.open

    def begin(self) -> None:
        """Start the thread, if possible."""
        if sys.is_finalizing():  # before Python 3.12, a thread can be started then, but never runs
            return
        self._ended = Gate()
        try:
            _thread.start_new_thread(self._watch, ())
        except RuntimeError:  # none can be started, as at the end of the interpreter
            self._ended.open()

    def leave(self) -> None:
        """Return when the thread has ended."""
        self._ended.wait(_LONGEST_END)

    def _watch(self) -> None:
        try:
            if not self._over.wait(PATIENCE):
                self._warn(PATIENCE)
        finally:
            self._ended.open()
