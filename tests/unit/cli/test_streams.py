"""The streams of the command: stdout has the document and nothing else, stderr has no secret."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import indent
from types import FrameType
from typing import Any

import pytest

import plugincreds
from plugincreds._cli import export
from plugincreds._cli.streams import STDOUT, waiting_for
from tests.support.commands import main
from tests.unit.conftest import Install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it uses descriptors as on POSIX")
CANARY = "KwR7canary9"
FORMATS = sorted(export._FORMATS)
DOCUMENT = {"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": CANARY}
PLUGIN = """
import atexit, ctypes, io, logging, multiprocessing, os, signal, subprocess, sys, threading
def retrieve():
{}
    return "AKIDEXAMPLE", "KwR7canary9"
def get_provider(): return retrieve, lambda: False
"""
LATER = """
def later():
    threading.main_thread().join()
    print("noise", flush=True)
    sys.__stdout__.write("noise")
    os.write(1, b"noise")
"""
FORKING = """
child = os.fork()
if not child:
    os.write(1, b"noise")
    os._exit(0)
os.waitpid(child, 0)
"""
PROCESS = """
process = multiprocessing.get_context("fork").Process(target=print, args=["noise"])
process.start()
process.join()
"""
LOGGING = """
record = logging.makeLogRecord({"msg": "noise"})
logging.StreamHandler(sys.__stdout__).handle(record)
"""
NOISES = {
    "print": "print('noise')",
    "an older stdout": "OLD.write('noise')",
    "its buffer": "OLD.buffer.write(b'noise')",
    "sys.__stdout__": "sys.__stdout__.write('noise')",
    "a buffer of its own": "global own; own = open(1, 'w', closefd=False); own.write('noise')",
    "a duplicate": "global own; own = os.fdopen(os.dup(1), 'w'); own.write('noise')",
    "the descriptor": "os.write(1, b'noise')",
    "a device": "open('/dev/stdout', 'a').write('noise')",
    "a child process": "os.system('echo noise')",
    "a child with all descriptors": "subprocess.run(['echo', 'noise'], close_fds=False)",
    "a forked child": FORKING,
    "multiprocessing": PROCESS,
    "the buffer of C": "ctypes.CDLL(None).printf(b'noise')",
    "logging": LOGGING,
    "atexit": "atexit.register(print, 'noise')",
    "atexit and sys.__stdout__": "atexit.register(sys.__stdout__.write, 'noise')",
    "a thread": "t = threading.Thread(target=print, args=['noise']); t.start(); t.join()",
    "a thread that ends later": f"{LATER}threading.Thread(target=later).start()",
}
STARTUP = "import sys; OLD = sys.stdout; from plugincreds._cli import script; sys.exit(script())"


def plugin(body: str) -> str:
    """Return a plugin that does this while it retrieves."""
    return PLUGIN.format(indent(body, "    "))


def command(site: Path, *arguments: str) -> dict[str, Any]:
    """Return the arguments of `Popen` for the console script."""
    environ = {**os.environ, "PYTHONPATH": str(site)}
    for name in ("PYTHONUNBUFFERED", "COVERAGE_PROCESS_START"):
        environ.pop(name, None)
    return {"args": [sys.executable, "-c", STARTUP, *arguments], "env": environ}


def run(site: Path, *arguments: str, **streams: Any) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(
        **command(site, *arguments), **streams, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_whatever_a_plugin_prints_goes_to_stderr(install: Install, noise: str) -> None:
    """Guards a shell that evaluates stdout, and SDKs that parse it."""
    old = "OLD = sys.modules['__main__'].OLD"
    done = run(install(plugin(noise).replace("def r", f"{old}\ndef r")), "export", "vault")
    assert done.returncode == 0
    assert json.loads(done.stdout) == DOCUMENT
    assert done.stdout == f"{json.dumps(DOCUMENT, indent=4)}\n"
    assert "noise" in done.stderr
    assert CANARY not in done.stderr


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_the_output_of_a_command_has_nothing_of_the_plugin(install: Install, noise: str) -> None:
    """Guards the streams of `exec`: stdout is the command's own, from its beginning to its end."""
    old = "OLD = sys.modules['__main__'].OLD"
    site = install(plugin(noise).replace("def r", f"{old}\ndef r"))
    done = run(site, "exec", "vault", "--", "echo", "out")
    assert (done.returncode, done.stdout) == (0, "out\n")


def test_a_process_that_a_plugin_leaves_running(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the start of a command: `exec` does not wait for what the plugin has forked."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    monkeypatch.setenv("GATE", str(gate))
    source = plugin("if not os.fork(): open(os.environ['GATE']).close(); os._exit(0)")
    done = run(install(source), "exec", "vault", "--", "echo", "out", stderr=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (0, "out\n")
    gate.open("w").close()  # the process is still there, and ends now


@pytest.mark.parametrize("arguments", [("list", "--check", "--json"), ("doctor", "--json")])
def test_the_other_documents_have_no_noise(install: Install, arguments: tuple[str, ...]) -> None:
    """Guards programs that read those, from a plugin that prints while it is imported."""
    source = "import sys\nsys.__stdout__.write('noise')\n" + plugin("pass")
    done = run(install(source), *arguments)
    assert json.loads(done.stdout)["ok"]
    assert "noise" in done.stderr


def test_what_was_printed_before_is_not_in_the_document(install: Install) -> None:
    """Guards it from what a startup file has left in the buffer of stdout."""
    arguments = command(install(plugin("pass")), "export", "vault")
    arguments["args"][2] = f"print('noise', end=''); {STARTUP}"
    done = subprocess.run(**arguments, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, DOCUMENT, "noise")


@contextmanager
def _broken_pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def _full_device() -> Iterator[int]:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("stdout", [_broken_pipe, _full_device])
@pytest.mark.parametrize("form", FORMATS)
def test_a_document_that_cannot_be_written_is_nowhere(
    install: Install, form: str, stdout: "Callable[[], Any]"
) -> None:
    """Guards stderr, which is a log: the document went there at exit. The status says it failed."""
    with stdout() as descriptor:
        done = run(install(plugin("pass")), "export", "vault", "--format", form, stdout=descriptor)
    assert done.returncode == 1
    expected = "plugincreds: stdout cannot be written: No space left on device. What has been "
    assert done.stderr.startswith(expected if stdout is _full_device else "")
    assert len(done.stderr.splitlines()) == (stdout is _full_device)


@pytest.mark.parametrize("arguments", ["list", "list --json", "cache list", "doctor"])
def test_other_commands_fail_alike(install: Install, arguments: str) -> None:
    """Guards `| head`, and a full device."""
    site = install(plugin("pass"))
    with _broken_pipe() as descriptor:
        done = run(site, *arguments.split(), stdout=descriptor)
    assert (done.returncode, done.stderr) == (1, "")
    with _full_device() as descriptor:
        done = run(site, *arguments.split(), stdout=descriptor)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def _without(*descriptors: int) -> dict[str, Any]:
    return {"preexec_fn": lambda: [*map(os.close, descriptors)]}


@pytest.mark.parametrize("form", FORMATS)
def test_stdout_is_closed(install: Install, tmp_path: Path, form: str) -> None:
    """Guards `>&-`: the plugin is not asked for what cannot be printed."""
    site = install(plugin(f"open({str(tmp_path / 'asked')!r}, 'w')"))
    done = run(site, "export", "vault", "--format", form, **_without(1))
    assert done.returncode == 1
    assert done.stderr.startswith("plugincreds: stdout is closed, so nothing can be printed.")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("closed", [(2,), (0,), (0, 2)])
def test_other_streams_are_closed(install: Install, closed: tuple[int, ...]) -> None:
    """Guards the document where its descriptor would get the number of a standard stream."""
    noise = "os.write(2, b'noise'); os.system('echo noise; echo noise >&2'); print('noise')"
    site = install(plugin(f"{noise}; print('noise', file=sys.stderr)"))
    done = run(site, "export", "vault", **_without(*closed))
    assert (done.returncode, json.loads(done.stdout)) == (0, DOCUMENT)
    done = run(site, "export", "valt", **_without(*closed))
    assert (done.returncode, done.stdout) == (1, "")


def test_all_streams_are_closed(install: Install) -> None:
    """Guards the status where nothing can be said."""
    assert run(install(plugin("pass")), "export", "vault", **_without(0, 1, 2)).returncode == 1


def test_stderr_is_full(install: Install) -> None:
    """Guards the status where an error cannot be printed."""
    with _full_device() as descriptor:
        done = run(install("raise OSError"), "export", "vault", stderr=descriptor)
    assert done.returncode != 0
    assert done.stdout == ""


STAYING = {
    "a child process": "subprocess.Popen(['cat'], close_fds=False)",
    "a forked process": "if not os.fork(): os.read(0, 1); os._exit(0)",
}


@pytest.mark.parametrize("start", STAYING.values(), ids=STAYING)
def test_the_document_ends_while_children_stay(install: Install, start: str) -> None:
    """Guards `$(plugincreds export)`, which waits for the end of the pipe, from an agent."""
    arguments = command(install(plugin(start)), "export", "vault")
    arguments |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(**arguments, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        found = b""
        while select.select([process.stdout], [], [], 30)[0]:
            text = os.read(process.stdout.fileno(), 4096)
            found += text
            if not text:
                break
        else:
            pytest.fail("a child has stdout")
        process.stdin.close()
    assert json.loads(found) == DOCUMENT


def test_a_forked_process_prints_no_document(install: Install) -> None:
    """Guards a plugin whose retrieve() comes back in two processes."""
    done = run(install(plugin("p = os.fork()\nif p: os.waitpid(p, 0)")), "export", "vault")
    assert (done.returncode, json.loads(done.stdout)) == (0, DOCUMENT)
    assert CANARY not in done.stderr
    assert "plugincreds: stdout cannot be written: Bad file descriptor." in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_document_is_written(install: Install, number: int) -> None:
    """Guards the status of a document that is not complete, and stderr from what is left."""
    long = plugin("pass").replace('"KwR7canary9"', '"KwR7canary9" * 200_000')
    arguments = command(install(long), "export", "vault")
    arguments |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(**arguments) as process:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)  # now it writes more than a pipe can hold
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert len(out) < 11 * 200_000
    assert err == b""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_while_the_plugin_retrieves(install: Install, number: str) -> None:
    """Guards the status, and that nothing is printed."""
    done = run(install(plugin(f"os.kill(os.getpid(), signal.{number})")), "export", "vault")
    assert done.returncode == (130 if number == "SIGINT" else -signal.SIGTERM)
    assert (done.stdout, done.stderr) == ("", "")


def test_an_interrupt_at_each_line(
    install: Install, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards each moment of an export: status 0 goes with a complete document, and only that."""
    install(plugin("pass"))
    folder = str(Path(export.__file__).parent)
    statuses = set()
    for number in range(10_000):
        plugincreds.reset()
        # An interrupted export may leave its mark, which matters only in a process that goes on.
        monkeypatch.setenv("PLUGINCREDS_EXPORTING", "[]")
        left = [number]

        def trace(frame: FrameType, event: str, _: Any, left: list[int] = left) -> Any:
            if not frame.f_code.co_filename.startswith(folder):
                return None
            left[0] -= event == "line"
            if left[0] < 0 and threading.current_thread() is threading.main_thread():
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        status = 130
        before = sys.gettrace()
        sys.settrace(trace)
        with suppress(KeyboardInterrupt):  # before or after the command: it ends the process
            status = main(["export", "vault"])
        sys.settrace(before)
        out, err = capfd.readouterr()
        assert CANARY not in err
        assert out in {"", f"{json.dumps(DOCUMENT, indent=4)}\n"}
        assert status in {0, 130}
        assert out or status
        statuses.add(status)
        if left[0] >= 0:
            break
    assert statuses == {0, 130}


GATE = "sys.stdin.read(1)"


@pytest.mark.parametrize(
    "arguments",
    [
        "export vault",
        "export",
        "doctor --retrieve",
        "serve",
        "exec vault -- true",
        "exec --env -- true",
    ],
)
def test_what_the_command_waits_for(install: Install, arguments: str) -> None:
    """Guards a person on a terminal from a command that seems to hang."""
    pty = pytest.importorskip("pty")
    terminal, stderr = pty.openpty()
    prepared = command(install(plugin(GATE)), *arguments.split())
    prepared |= {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
    prepared["args"][2] = f"from plugincreds._cli import streams; streams._MOMENT = 0; {STARTUP}"
    expected = "plugincreds: waiting for the credential plugin 'vault' ..."
    if "doctor" in arguments:
        expected = expected.replace("for the", "for credentials from the")
    with subprocess.Popen(**prepared) as process:
        os.close(stderr)
        printed = ""
        while expected not in printed.splitlines():
            assert select.select([terminal], [], [], 30)[0]
            printed += os.read(terminal, 4096).decode()
        if arguments == "serve":
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"x")
            process.stdin.flush()
            process.stdout.read()  # to its end: it is closed before requests are answered
            process.terminate()
        process.communicate(b"x", timeout=60)
    assert process.returncode == 0
    os.close(terminal)


@pytest.mark.parametrize(("is_terminal", "count"), [(True, 1), (False, 0)])
def test_only_terminals_are_told(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, count: int
) -> None:
    """Guards logs from notes for people, and that the note is not printed after the wait."""
    timers: list[threading.Timer] = []

    class Timer(threading.Timer):
        def start(self) -> None:
            timers.append(self)

    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal, raising=False)
    with waiting_for("x"):
        assert [timer.interval for timer in timers] == [1.0] * count
        assert not any(timer.finished.is_set() for timer in timers)
    assert all(timer.finished.is_set() for timer in timers)


def test_no_thread_for_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the command where no thread can be started."""

    def start(_: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", start)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with waiting_for("x"):
        pass


def test_the_width_is_that_of_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the text of the doctor, whose stdout is not descriptor 1."""
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((72, 24)))
    assert STDOUT.columns() == 72
