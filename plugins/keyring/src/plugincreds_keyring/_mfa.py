"""The code of an MFA device, asked at the terminal: never at stdin or stdout."""

from __future__ import annotations

import getpass
import re
import sys
from pathlib import Path

from plugincreds import NonRecoverableError

from plugincreds_keyring._terminal import TERMINAL, is_at_terminal, terminal_alone

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
    code = _CODE.fullmatch(_typed(f"MFA code for {serial} (asked by {_program()}): "))
    if code is None:
        raise NonRecoverableError(
            f"What was typed for the MFA device {serial} is not a code of 6 digits",
            hint="try again",
        )
    return code.group()


def _typed(prompt: str) -> str:
    """Return what is typed; getpass asks at the terminal itself where there is one to open."""
    stream = None if TERMINAL.exists() else sys.stderr
    try:
        with terminal_alone():
            return getpass.getpass(prompt, stream).strip()
    except EOFError:
        return ""


def _program() -> str:
    """Name the program: several may ask one after the other."""
    name = Path(sys.argv[0] if sys.argv else "").name
    return name if name not in {"", "-c", "-"} and name.isprintable() else "python"


def _is_at_terminal() -> bool:
    """Tell whether a person can answer: a job in the background would be stopped instead."""
    if sys.platform == "win32":
        return sys.stdin is not None and sys.stdin.isatty()
    return is_at_terminal()
