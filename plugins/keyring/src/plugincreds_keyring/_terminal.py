"""One question at a time at a terminal, which echoes again whatever happens.

`getpass` switches the echo off and then back to what it was. Two of them at once put back each
other's state, and a thread that dies with its process puts back nothing.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

TERMINAL = Path("/dev/tty")
_STREAMS = (0, 1, 2)

_turn = [threading.Lock()]


def _forget_turn() -> None:
    """Let no child of a fork wait for a thread that only its parent has."""
    _turn[0] = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_turn)


@contextmanager
def terminal_alone() -> Iterator[None]:
    """Keep other threads and, where the system can, other processes from asking meanwhile."""
    with _turn[0], _locked(), _restored_at_exit():
        yield


def is_at_terminal() -> bool:
    """Tell whether this process is in the terminal's foreground; others are stopped by it."""
    with suppress(OSError):
        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        finally:
            os.close(descriptor)
    return False


@contextmanager
def _locked() -> Iterator[None]:
    """Lock the terminal by its own name: the file /dev/tty is that of all terminals."""
    descriptor = _own_name()
    try:
        if descriptor is not None:
            _flock(descriptor)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _own_name() -> int | None:
    for stream in _STREAMS:
        with suppress(OSError, AttributeError):  # it is no terminal, or Windows has no such name
            return os.open(os.ttyname(stream), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    return None


def _flock(descriptor: int) -> None:
    with suppress(ImportError, OSError):  # a lock is not worth an error
        import fcntl  # noqa: PLC0415 - Windows has none

        fcntl.flock(descriptor, fcntl.LOCK_EX)


@contextmanager
def _restored_at_exit() -> Iterator[None]:
    try:
        import termios  # noqa: PLC0415 - Windows has none

        descriptor = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except (ImportError, OSError):
        yield
        return
    attributes = termios.tcgetattr(descriptor)

    def restore() -> None:
        if is_at_terminal():
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)

    atexit.register(restore)
    try:
        yield
    finally:
        atexit.unregister(restore)
        os.close(descriptor)
