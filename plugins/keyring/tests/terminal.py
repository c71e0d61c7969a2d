"""A person at a terminal, for programs that ask."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
LONGEST = 20  # seconds
# Makes the terminal the program's own, as it is in a shell.
BEGIN = f"import os, sys\nsys.path.insert(0, {str(SOURCE)!r})\nos.open(sys.argv[1], os.O_RDWR)\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program did: its status, its stdout, what stood on its terminal, which echoes."""

    status: int
    out: str
    shown: str
    echoes: bool


def converse(
    program: str,
    answers: Sequence[tuple[str, str]] = (),
    *,
    with_stdin: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a program, wait for each question on its terminal, and type the answer."""
    pty = pytest.importorskip("pty", reason="there are no terminals of this kind")
    import termios  # noqa: PLC0415 - as above

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN + program, os.ttyname(slave)],
        stdin=slave if with_stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=slave if with_stdin else subprocess.STDOUT,
        text=True,
        env={**os.environ, **(variables or {})},
        start_new_session=True,
    )
    try:
        shown = b""
        for question, answer in answers:
            shown += _read_until(master, question)
            os.write(master, answer.encode())
        out = process.communicate(timeout=LONGEST)[0]
        os.set_blocking(master, False)
        with suppress(BlockingIOError):
            shown += os.read(master, 4096)
        echoes = bool(termios.tcgetattr(slave)[3] & termios.ECHO)
    finally:
        process.kill()
        process.communicate()  # closes its stdout, too
        os.close(slave)
        os.close(master)
    return Outcome(process.returncode, out, shown.decode(), echoes)


def _read_until(terminal: int, question: str) -> bytes:
    shown = b""
    while question.encode() not in shown:
        ready, _, _ = select.select([terminal], [], [], LONGEST)
        assert ready, f"it did not ask {question!r}, but showed {shown!r}"
        shown += os.read(terminal, 1024)
    return shown
