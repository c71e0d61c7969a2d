"""The question for the code of an MFA device: at the terminal, never at stdin or stdout.

`getpass` switches the terminal's echo off and then back to what it was. Two of them at once put
back each other's state, and a thread that ends with its process puts back nothing. So there is
one question at a time, and the echo is restored when the process ends.
"""

from __future__ import annotations

import atexit
import getpass
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plugincreds import RecoverableError

_CODE = re.compile(r"[0-9]{6}", re.ASCII)
_TERMINAL = Path("/dev/tty")
_STREAMS = (0, 1, 2)

_turn = [threading.Lock()]


def _forget_turn() -> None:
    """Let no child of a fork wait for a thread that only its parent has."""
    _turn[0] = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_turn)


def ask_for_code(serial: str) -> str:
    """Ask a person for the code that the device shows now; it is not echoed.

    Raises:
        RecoverableError: There is no terminal to ask at, or no code was typed.
    """
    if not _is_at_terminal():
        raise RecoverableError(
            f"The code of the MFA device {serial} is needed, but there is no terminal to ask at",
            hint="start the program in a terminal, or let `plugincreds export` in a terminal "
            "supply its environment",
        )
    # No variable holds what was typed: a traceback may show those.
    code = _CODE.fullmatch(_typed(f"MFA code for {serial} (asked by {_program()}): "))
    if code is None:
        raise RecoverableError(
            f"What was typed for the MFA device {serial} is not a code of 6 digits",
            hint="try again",
        )
    return code.group()


def _typed(prompt: str) -> str:
    """Return what is typed; getpass asks at the terminal itself where there is one to open."""
    stream = None if _TERMINAL.exists() else sys.stderr
    try:
        with _turn[0], _locked(), _restored_at_exit():
            return getpass.getpass(prompt, stream).strip()
    except EOFError:
        return ""


def _program() -> str:
    """Name the program: several may ask one after the other."""
    name = Path(sys.argv[0] if sys.argv else "").name
    return name if name not in {"", "-c", "-"} and name.isprintable() else "python"


def _is_at_terminal() -> bool:
    """Tell whether a person can answer; the system stops a background job that asks."""
    if sys.platform == "win32":
        return sys.stdin is not None and sys.stdin.isatty()
    with suppress(OSError):
        descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        finally:
            os.close(descriptor)
    return False


@contextmanager
def _locked() -> Iterator[None]:
    """Keep other processes from asking at this terminal meanwhile, where the system can."""
    descriptor = _own_name()
    try:
        if descriptor is not None:
            with suppress(ImportError, OSError):  # a lock is not worth an error
                import fcntl  # noqa: PLC0415 - Windows has none

                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _own_name() -> int | None:
    """Open the terminal by its own name: the file /dev/tty is the same for all terminals."""
    for stream in _STREAMS:
        with suppress(OSError, AttributeError):  # it is no terminal, or Windows has no such name
            return os.open(os.ttyname(stream), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    return None


@contextmanager
def _restored_at_exit() -> Iterator[None]:
    try:
        import termios  # noqa: PLC0415 - Windows has none

        descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
    except (ImportError, OSError):
        yield
        return
    attributes = termios.tcgetattr(descriptor)

    def restore() -> None:
        if _is_at_terminal():
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)

    atexit.register(restore)
    try:
        yield
    finally:
        atexit.unregister(restore)
        os.close(descriptor)
