"""`plugincreds exec` in a shell at a terminal: job control, Ctrl-C and the window's size."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.environments import Environment, NewEnvironment, pinned
from tests.support.moto_process import Identity

if sys.platform == "win32":
    pytest.skip("there is no pseudo-terminal", allow_module_level=True)

import fcntl
import pty
import struct
import termios

DEADLINE = 20.0
# It waits for signals in a way that misses none, and asks the endpoint after Ctrl-C.
PROGRAM = """
import os, signal, sys, urllib.request
signals = {signal.SIGINT, signal.SIGWINCH, signal.SIGCONT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("ready", os.tcgetpgrp(0) == os.getpgrp(), flush=True)
while (number := signal.sigwait(signals)) != signal.SIGINT:
    print(signal.Signals(number).name, *os.get_terminal_size(0), flush=True)
print("interrupted", flush=True)
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
request = urllib.request.Request(url, headers={"Authorization": token})
print("answered", urllib.request.urlopen(request).status, flush=True)
sys.exit(5)
"""


class Terminal:
    """An interactive bash at a pseudo-terminal."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._terminal, self._shell_s = pty.openpty()
        # Not pty.fork(), which must not be used beside threads, as another test may have left. The
        # first terminal that the leader of a session opens becomes that session's.
        shell = 'exec bash --norc --noprofile -i <"$0" >"$0" 2>&1'
        command = ["sh", "-c", shell, os.ttyname(self._shell_s)]
        self._process = subprocess.Popen(command, env=variables, start_new_session=True)
        self._text = ""

    def type(self, text: str) -> None:
        """Type text; `^C` and the like are control characters."""
        keys = re.sub(r"\^([A-Z])", lambda match: chr(ord(match[1]) - 64), text)
        os.write(self._terminal, keys.encode())

    def expect(self, pattern: str) -> str:
        """Wait until the terminal shows a text; return what matches."""
        end = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self._text)):
            assert time.monotonic() < end, f"{pattern!r} is not in {self._text!r}"
            if select.select([self._terminal], [], [], 0.1)[0]:
                self._text += os.read(self._terminal, 4096).decode()
        self._text = self._text[found.end() :]
        return found[0]

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        os.close(self._terminal)
        os.close(self._shell_s)
        self._process.wait()


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here."""
    return new_environment(*pinned("filelock"), "keyed", "sleeper")


@pytest.fixture
def terminal(environment: Environment, alice: Identity, tmp_path: object) -> Iterator[Terminal]:
    """Return a shell in which the plugins `keyed` and `sleeper` have keys."""
    (environment.home / "program.py").write_text(PROGRAM)
    shell = Terminal(
        {
            **environment.variables(),
            **alice.for_plugin("keyed"),
            **alice.for_plugin("sleeper"),
            "PLUGIN_TRACE": f"{tmp_path}/trace",
            "SLEEPER_SECONDS": "600",
            "PS1": "prompt> ",
            "TERM": "dumb",
        }
    )
    try:
        shell.expect("prompt> ")
        yield shell
    finally:
        shell.close()


def start(terminal: Terminal, environment: Environment) -> None:
    """Start the program of this module with `exec`."""
    program = f"{environment.python} -I {environment.home}/program.py"
    terminal.type(f"{environment.script('plugincreds')} exec keyed -- {program}\n")
    terminal.expect("ready True")  # it is the foreground job


def test_ctrl_c_reaches_the_command_only(terminal: Terminal, environment: Environment) -> None:
    """Guards commands that handle Ctrl-C: their endpoint goes on, and the status is theirs."""
    start(terminal, environment)
    terminal.type("^C")
    terminal.expect("interrupted")
    terminal.expect("answered 200")
    terminal.type("echo status $?\n")
    terminal.expect("status 5\r\n")


def test_ctrl_z_stops_the_command(terminal: Terminal, environment: Environment) -> None:
    """Guards job control: the shell sees the command itself stop and go on."""
    start(terminal, environment)
    terminal.type("^Z")
    terminal.expect(r"Stopped .*program\.py")
    terminal.type("fg\n")
    terminal.expect("SIGCONT")
    terminal.type("^C")
    terminal.expect("answered 200")


def test_the_size_of_the_window_reaches_the_command(
    terminal: Terminal, environment: Environment
) -> None:
    """Guards editors and pagers."""
    start(terminal, environment)
    terminal.resize(33, 111)
    terminal.expect("SIGWINCH 111 33")


def test_ctrl_c_ends_a_plugin_that_hangs(terminal: Terminal, environment: Environment) -> None:
    """Guards the person who does not want to wait any longer."""
    terminal.type(f"{environment.script('plugincreds')} exec sleeper -- echo started\n")
    trace = environment.home.parent / "trace"
    end = time.monotonic() + DEADLINE
    while not trace.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
    terminal.type("^C")
    terminal.expect("prompt> ")
    terminal.type("echo status $?\n")
    terminal.expect("status 130\r\n")
