"""The code of an MFA device, asked at the terminal: never at stdin or stdout."""

from __future__ import annotations

import getpass
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from plugincreds import NonRecoverableError

_TERMINAL = Path("/dev/tty")
_CODE = re.compile(r"[0-9]{6}", re.ASCII)


def ask_for_code(serial: str) -> str:
    """Ask a person for the code that the device shows now; it is not echoed.

    Raises:
        NonRecoverableError: There is no terminal to ask at, or no code was typed.
    """
    if not _is_at_terminal():
        raise NonRecoverableError(
            f"The code of the MFA device {serial} is needed, but there is no terminal to ask at",
            hint="start the program in a terminal, or let `plugincreds export` in a terminal "
            "supply its environment",
        )
    # No variable holds what was typed: a traceback may show those.
    code = _CODE.fullmatch(_typed(f"MFA code for {serial}: "))
    if code is None:
        raise NonRecoverableError(
            f"What was typed for the MFA device {serial} is not a code of 6 digits",
            hint="try again",
        )
    return code.group()


def _typed(prompt: str) -> str:
    """Return what is typed; getpass asks at the terminal itself where there is one to open."""
    try:
        return getpass.getpass(prompt, None if _TERMINAL.exists() else sys.stderr).strip()
    except EOFError:
        return ""


def _is_at_terminal() -> bool:
    """Tell whether a person can answer: a job in the background would be stopped instead."""
    if sys.platform == "win32":
        return sys.stdin is not None and sys.stdin.isatty()
    with suppress(OSError):
        descriptor = os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        finally:
            os.close(descriptor)
    return False
