"""Runs a command at a terminal, as a person who types one answer when the command has asked.

What the terminal shows goes to stdout, and the status is the command's. A prompt is whatever
ends with a colon and a space: by then whoever asks has switched the echo off.
"""

from __future__ import annotations

import os
import pty
import sys

PROMPT = b": "


def shown(terminal: int) -> bytes:
    """Return what the terminal shows next; nothing where the command has ended."""
    try:
        return os.read(terminal, 1024)
    except OSError:  # Linux says so that nobody has it open any more
        return b""


def main(answer: str, command: str) -> int:
    """Run the command; answer its first prompt."""
    process, terminal = pty.fork()
    if not process:
        os.execlp("bash", "bash", "-c", command)
    text = b""
    has_answered = False
    while more := shown(terminal):
        text += more
        if not has_answered and text.endswith(PROMPT):
            os.write(terminal, answer.encode() + b"\n")
            has_answered = True
    sys.stdout.write(text.decode().replace("\r\n", "\n"))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
