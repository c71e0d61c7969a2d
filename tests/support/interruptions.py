"""Code that runs between two lines of ours, as signal handlers and finalizers do."""

from __future__ import annotations

import itertools
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import plugincreds

_PACKAGE = str(Path(plugincreds.__file__).parent)


def interrupted_at_each_line(
    new_call: Callable[[], Callable[[], object]], handler: Callable[[], object]
) -> Iterator[str]:
    """Make calls; run the handler in the first before the first line of ours, and so on.

    Args:
        new_call: Returns the next call.
        handler: What interrupts it.

    Yields:
        After each call, the line at which it was interrupted.
    """
    for number in itertools.count():
        line = _interrupted(new_call(), handler, number)
        if not line:
            return
        yield line


def _interrupted(call: Callable[[], object], handler: Callable[[], object], number: int) -> str:
    count, interrupted = itertools.count(), ""

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal interrupted
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        if event == "line" and next(count) == number:
            sys.settrace(None)
            interrupted = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            handler()
            return None
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return interrupted


class Stopped(KeyboardInterrupt):
    """Another exception that interrupts the program, and is no failure of a plugin."""


class Injection:
    """Interrupts one call where Python looks for signals: as a function begins, or C returns.

    A context in which the event of that number, among those in code of ours, raises a
    `KeyboardInterrupt`. In contrast to an exception before some line, this is what Ctrl-C can do.

    Attributes:
        place: Where it was raised, or an empty text if there was no such event.
        caught: The exception: as long as it is kept, so are all frames that it has passed.
    """

    def __init__(self, number: int) -> None:
        self.place = ""
        self.caught: BaseException | None = None
        self._left = number

    def __enter__(self) -> None:
        sys.setprofile(self._profile)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        sys.setprofile(None)
        self.caught = error
        return isinstance(error, KeyboardInterrupt)

    def _profile(self, frame: FrameType, event: str, function: Any) -> None:
        code = frame.f_code
        is_ours = code.co_filename.startswith(_PACKAGE) or code.co_filename.endswith(
            "contextlib.py"
        )
        if self.place or not is_ours or event not in {"call", "c_return"}:
            return
        self._left -= 1
        if self._left < 0:
            self.place = f"{code.co_filename}:{frame.f_lineno} {event} {function or ''}"
            raise KeyboardInterrupt


def functions_of(thread: threading.Thread) -> list[str]:
    """Return the names of the functions that a thread runs now."""
    frame = sys._current_frames().get(thread.ident or 0)
    return [each.f_code.co_name for each, _ in traceback.walk_stack(frame)] if frame else []
