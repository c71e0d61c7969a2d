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


def functions_of(thread: threading.Thread) -> list[str]:
    """Return the names of the functions that a thread runs now."""
    frame = sys._current_frames().get(thread.ident or 0)
    return [each.f_code.co_name for each, _ in traceback.walk_stack(frame)] if frame else []
