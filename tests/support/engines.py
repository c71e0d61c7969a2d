"""Refresh engines as a source has them, for tests of what the public cache has no argument for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval

__all__ = ["RefreshEngine", "Reporter", "Retrieval", "new_engine", "threads_that_wait"]


def new_engine(
    retrieve: Callable[[], Any],
    is_expired: Callable[[], Any] | None = None,
    *,
    label: str = "The credential plugin 'vault'",
    clock: Callable[[], float] = time.time,
    **settings: Any,
) -> RefreshEngine:
    """Return an engine over two functions; the settings are those of `RefreshEngine`."""
    reporter = Reporter(label)
    retrieval = Retrieval(retrieve, reporter, clock)
    return RefreshEngine(retrieval, is_expired, reporter, clock=clock, **settings)


def threads_that_wait() -> int:
    """Return how many threads have joined a retrieval in flight: their stacks tell."""
    return sum(map(_waits, sys._current_frames().values()))


def waits(thread: threading.Thread) -> bool:
    """Tell whether a thread has joined a retrieval in flight."""
    return _waits(sys._current_frames().get(thread.ident or 0))


def _waits(frame: Any) -> bool:
    while frame is not None:
        if frame.f_code is RefreshEngine._landed.__code__:
            return True
        frame = frame.f_back
    return False
