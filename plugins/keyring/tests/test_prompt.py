"""The question for a code: at a terminal, not echoed, never at stdout."""

from __future__ import annotations

import subprocess
import sys

import pytest
from plugins.keyring.tests.terminal import SOURCE, converse

SERIAL = "arn:aws:iam::123456789012:mfa/alice"
QUESTION = f"MFA code for {SERIAL} (asked by python): "
PROGRAM = (
    "from plugincreds_keyring._prompt import ask_for_code\n"
    "from plugincreds import RecoverableError\n"
    f"try: print('code', ask_for_code({SERIAL!r}))\n"
    "except RecoverableError as error: print('error', error)\n"
)
BACKGROUND = "os.setpgid(0, 0) if os.fork() == 0 else (os.wait(), os._exit(0))\n"


def test_the_code_is_asked_at_the_terminal() -> None:
    """Guards stdout for `plugincreds export`, and the code against who looks on."""
    found = converse(PROGRAM, [(QUESTION, "135792\n")])
    assert found.out == "code 135792\n"
    assert "135792" not in found.shown


@pytest.mark.parametrize("typed", ["12345\n", "1357924\n", "13579x\n", "\n", "\x04"])
def test_what_is_no_code_is_not_sent(typed: str) -> None:
    """Guards STS, which counts wrong codes, and does not repeat what was typed."""
    found = converse(PROGRAM, [(QUESTION, typed)])
    assert found.out.startswith("error What was typed")
    assert "1357" not in found.out


def test_ctrl_c_ends_the_program() -> None:
    """Guards a person who has the device elsewhere."""
    found = converse(PROGRAM, [(QUESTION, "\x03")])
    assert found.status != 0
    assert "KeyboardInterrupt" in found.out


def test_without_a_terminal_it_is_an_error() -> None:
    """Guards services and cron jobs against waiting for nobody."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(SOURCE)!r})\n{PROGRAM}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=30,
        check=True,
    )
    assert "error The code of the MFA device" in done.stdout
    assert "start the program in a terminal" in done.stdout
    assert done.stderr == ""


def test_a_job_in_the_background_is_not_stopped() -> None:
    """Guards `program &`, which the system would stop when it reads from its terminal."""
    found = converse(BACKGROUND + PROGRAM)
    assert "error The code of the MFA device" in found.out
    assert found.shown == ""


THREADS = (
    "import threading\n"
    "from plugincreds_keyring._prompt import ask_for_code\n"
    "both = threading.Barrier(2)\n"
    "def ask():\n"
    "    both.wait(10)\n"
    f"    sys.stdout.write('code ' + ask_for_code({SERIAL!r}) + chr(10))\n"  # print() writes parts
    "threads = [threading.Thread(target=ask) for _ in range(2)]\n"
    "for thread in threads: thread.start()\n"
    "for thread in threads: thread.join()\n"
)
PROCESSES = (
    "from plugincreds_keyring._prompt import ask_for_code\n"
    "child = os.fork()\n"
    f"print('code', ask_for_code({SERIAL!r}), flush=True)\n"
    "if child: os.wait()\n"
)


@pytest.mark.parametrize(
    ("program", "with_stdin"), [(THREADS, False), (THREADS, True), (PROCESSES, True)]
)
def test_one_question_at_a_time(program: str, *, with_stdin: bool) -> None:
    """Guards codes against being shown, and the terminal, which has to echo afterwards."""
    answers = [(QUESTION, "135792\n"), (QUESTION, "246802\n")]
    found = converse(program, answers, with_stdin=with_stdin)
    assert sorted(found.out.splitlines()) == ["code 135792", "code 246802"]
    assert found.shown.count(QUESTION) == 2
    assert "135792" not in found.shown
    assert "246802" not in found.shown
    assert found.echoes


def test_a_child_of_a_fork_can_ask() -> None:
    """Guards children that are made while a thread of the parent waits for a code."""
    program = (
        "import threading\n"
        "from plugincreds_keyring import _prompt\n"
        "with _prompt._turn[0]:\n"
        "    if os.fork() == 0:\n"
        "        print('free', _prompt._turn[0].acquire(timeout=5), flush=True)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
    )
    assert converse(program).out == "free True\n"


def test_a_program_that_ends_while_a_thread_asks_restores_the_terminal() -> None:
    """Guards the shell of a person who leaves with Ctrl-C: it must echo."""
    program = (
        "import signal, threading\n"
        "from plugincreds_keyring._prompt import ask_for_code\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(3))\n"
        f"threading.Thread(target=ask_for_code, args=({SERIAL!r},), daemon=True).start()\n"
        # Python sees a signal that comes just before a wait only when the wait ends.
        "while not threading.Event().wait(0.05): pass\n"
    )
    found = converse(program, [(QUESTION, "\x03")])
    assert found.status == 3
    assert found.echoes
