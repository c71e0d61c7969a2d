"""`plugincreds exec`: the command's identity, its life and its streams, in real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.environments import Environment, NewEnvironment, pinned
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import PROGRAMS, Report

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="exec does not work on Windows")

DEADLINE = 20.0  # seconds after which a test has failed
# A program without plugincreds: Python's startup files do not run for it.
BARE = PROGRAMS / "bare.py"


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here."""
    return new_environment(*pinned("filelock"), "keyed", "sleeper")


@pytest.fixture
def variables(alice: Identity, trace: Path) -> dict[str, str]:
    """Return what the plugin `keyed` needs."""
    return {**alice.for_plugin("keyed"), "PLUGIN_TRACE": str(trace)}


def done(
    environment: Environment, variables: dict[str, str], *words: str | Path, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `plugincreds exec` with these words."""
    process = environment.start(
        environment.script("plugincreds"),
        "exec",
        *words,
        variables=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, errors = process.communicate(text, DEADLINE)
    return subprocess.CompletedProcess([], process.returncode, out, errors)


def bare(environment: Environment, *words: str) -> Sequence[str | Path]:
    """Return a command for a program without plugincreds, which prints who it is."""
    return environment.python, "-I", "-S", BARE, environment.site_packages, *words


def test_a_program_without_plugincreds_signs_with_the_plugin(
    environment: Environment,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    variables: dict[str, str],
) -> None:
    """Guards the identity against all that comes before a container: keys, profiles, roles."""
    (environment.home / ".aws/credentials").write_text(
        f"[bob]\naws_access_key_id = {bob.access_key}\naws_secret_access_key = {bob.secret_key}\n"
    )
    token = environment.home / "token"
    token.write_text("web identity")
    others = {
        **bob.variables(),
        "AWS_PROFILE": "bob",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/other",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/other",
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    ended = done(environment, {**variables, **others}, "keyed", "--", *bare(environment))
    assert json.loads(ended.stdout) == ["container-role", alice.arn]
    assert server.keys_seen() == {alice.access_key}


def test_a_program_with_plugincreds_has_the_same_identity(
    environment: Environment, alice: Identity, bob: Identity, variables: dict[str, str]
) -> None:
    """Guards against an automatic plugin, and the plugin of the profile `default`."""
    environment.write_config(
        "[default]\ncredential_plugin = sleeper\n[profile work]\nregion = eu-north-1\n"
    )
    program = (environment.python, "-I", PROGRAMS / "whoami.py", "{}")
    ended = done(
        environment,
        {**variables, **bob.for_plugin("sleeper")},
        *("keyed", "--profile", "work", "--", *program),
    )
    report = Report(**json.loads(ended.stdout.splitlines()[-1]))
    assert (report.arn, report.method) == (alice.arn, "container-role")
    assert report.imported == []


@pytest.mark.parametrize(
    ("line", "words"), [("credential_plugin = keyed", ["--"]), ("", ["keyed", "--"])]
)
def test_a_process_in_the_default_profile(
    environment: Environment,
    alice: Identity,
    variables: dict[str, str],
    line: str,
    words: list[str],
) -> None:
    """Guards the documented set-up: the process gives the same credentials, so no warning."""
    process = f"{environment.script('plugincreds')} export keyed"
    environment.write_config(f"[default]\n{line}\ncredential_process = {process}\n")
    ended = done(environment, variables, *words, *bare(environment))
    assert json.loads(ended.stdout) == ["custom-process", alice.arn]
    assert "The profile 'default'" not in ended.stderr
    program = (environment.python, PROGRAMS / "whoami.py", "{}")
    ended = done(environment, variables, *words, *program)
    report = Report(**json.loads(ended.stdout.splitlines()[-1]))
    assert (report.arn, report.method) == (alice.arn, "plugin:keyed")


def test_keys_in_the_default_profile_are_told(
    environment: Environment, bob: Identity, variables: dict[str, str]
) -> None:
    """Guards against another identity without a word: no variable can take these keys away."""
    (environment.home / ".aws/credentials").write_text(
        f"[default]\naws_access_key_id = {bob.access_key}\n"
        f"aws_secret_access_key = {bob.secret_key}\n"
    )
    ended = done(environment, variables, "keyed", "--", *bare(environment))
    assert json.loads(ended.stdout) == ["shared-credentials-file", bob.arn]
    assert "has aws_access_key_id and aws_secret_access_key, which programs use" in ended.stderr


def test_a_snapshot_of_keys(
    environment: Environment, alice: Identity, variables: dict[str, str]
) -> None:
    """Guards programs that read only the environment, and that the person learns of the end."""
    ended = done(environment, variables, "keyed", "--env", "--", *bare(environment))
    assert json.loads(ended.stdout) == ["env", alice.arn]
    assert "The keys in the environment expire at 20" in ended.stderr
    assert "and are not refreshed." in ended.stderr
    assert not any(secret in ended.stderr for secret in (alice.secret_key, alice.access_key))


def test_credentials_are_refreshed_while_the_command_runs(
    environment: Environment, alice: Identity, trace: Path
) -> None:
    """Guards long commands: credentials that last two seconds sign for longer."""
    sleeper = {
        **alice.for_plugin("sleeper"),
        "SLEEPER_LIFETIME": "2",
        "PLUGIN_TRACE": str(trace),
    }
    words = bare(environment, "retrieved", str(trace), "4")
    ended = done(environment, sleeper, "sleeper", "--", *words)
    assert json.loads(ended.stdout) == ["container-role", alice.arn], ended.stderr
    assert trace.read_text().count("retrieved") >= 4


def test_a_plugin_that_fails_later_is_no_other_identity(
    environment: Environment, server: MotoServer, alice: Identity, tmp_path: Path
) -> None:
    """Guards against the machine's role, and that the client shows what the plugin said."""
    folder = tmp_path / "events"
    folder.mkdir()
    sleeper = {
        **alice.for_plugin("sleeper"),
        "SLEEPER_LIFETIME": "1",
        "PLUGIN_TRACE": str(folder / "trace"),
    }
    with socket.create_server(("127.0.0.1", 0)) as machine:
        machine.setblocking(False)  # noqa: FBT003 - the method of sockets
        role = {
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{machine.getsockname()[1]}",
        }
        # Without the folder of its trace the plugin fails.
        script = f'rm -r {folder}; sleep 1.2; exec "$@"'
        words = ("sh", "-c", script, "sh", *bare(environment))
        ended = done(environment, {**sleeper, **role}, "sleeper", "--", *words)
        with pytest.raises(BlockingIOError):  # no client has asked for the machine's role
            machine.accept()
    assert ended.returncode == 1
    assert "CredentialRetrievalError" in ended.stderr
    assert "plugin 'sleeper'" in ended.stderr
    assert server.keys_seen() == set()


def test_the_command_does_not_start_without_credentials(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards against a command with another identity."""
    del variables["PLUGIN_TRACE"]
    ended = done(environment, variables, "keyed", "--", "echo", "started")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "gave no credentials: its retrieve() raised KeyError" in ended.stderr
    ended = done(environment, variables, "kyed", "--", "echo", "started")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "did you mean 'keyed'?" in ended.stderr


BAD_INPUT = {
    "no --": (["keyed", "ls", "-l"], 2, "There is no command. Write it after --, as in"),
    "no command": (["keyed", "--"], 2, "There is no command. Write it after --, as in"),
    "nothing": ([], 2, "There is no command. Write it after --, as in"),
    "an unknown option": (["--no-such", "--", "ls"], 2, "unrecognized arguments: --no-such"),
    "an unknown command": (
        ["keyed", "--", "no-such\x1b[2Jcommand"],
        127,
        "The command 'no-such?[2Jcommand' was not found.",
    ),
    "a file without the mode": (
        ["keyed", "--", str(BARE)],
        126,
        f"The command {str(BARE)!r} is no program.",
    ),
    "an empty name": (["keyed", "--", ""], 127, "The command '' was not found."),
    "an unknown profile": (["--profile", "x", "--", "ls"], 1, "(x) could not be found"),
}


@pytest.mark.parametrize(("words", "status", "message"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input(
    environment: Environment,
    variables: dict[str, str],
    words: list[str],
    status: int,
    message: str,
) -> None:
    """Guards the message and the status, and that the plugin is not called in vain."""
    ended = done(environment, variables, *words)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert message in ended.stderr
    assert Path(variables["PLUGIN_TRACE"]).read_text() == ""


def test_a_program_in_no_format_of_this_system(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards the message where only the system finds out that it cannot be executed."""
    program = environment.home / "program"
    program.write_bytes(b"\x00")
    program.chmod(0o755)
    ended = done(environment, variables, "keyed", "--", program)
    assert ended.returncode == 126
    assert "cannot be run (Exec format error)" in ended.stderr


@pytest.mark.parametrize("inner", ["exec keyed -- true", "serve keyed"])
def test_an_endpoint_inside_another(
    environment: Environment, variables: dict[str, str], inner: str
) -> None:
    """Guards against two endpoints of which it is not clear which one counts."""
    program = environment.script("plugincreds")
    ended = done(environment, variables, "keyed", "--", program, *inner.split())
    assert ended.returncode == 1
    assert "was started in an environment that `plugincreds exec` or" in ended.stderr


def test_the_status_is_the_commands(environment: Environment, variables: dict[str, str]) -> None:
    """Guards scripts that look at it, in the way that a shell shows a death by a signal."""
    for script, status in (("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", -signal.SIGTERM)):
        ended = done(environment, variables, "keyed", "--", "sh", "-c", script)
        assert ended.returncode == status
    inside = f"{environment.script('plugincreds')} exec keyed -- sh -c 'kill -HUP $$'; exit $?"
    process = environment.start("sh", "-c", inside, variables=variables)
    assert process.wait(DEADLINE) == 128 + signal.SIGHUP


def test_the_streams_are_the_commands(environment: Environment, variables: dict[str, str]) -> None:
    """Guards pipelines: the plugin prints, too, but not into them."""
    ended = done(environment, variables, "keyed", "--", "cat", text="some text")
    assert ended.stdout == "some text"
    assert ended.stderr == "this must not be in a document\n"


def test_signals_of_python_are_not_inherited(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards commands such as `yes | head`: Python ignores SIGPIPE, and they must not."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("the system has no /proc")
    command = "grep", "SigIgn", str(status)
    alone = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert done(environment, variables, "keyed", "--", *command).stdout == alone
    assert not int(alone.split()[1], 16) & 1 << signal.SIGPIPE - 1


def test_the_command_has_no_other_child(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards commands that wait for all their children: the endpoint's process is none of them."""
    code = "import os\ntry: os.wait()\nexcept ChildProcessError: print('none')"
    ended = done(environment, variables, "keyed", "--", environment.python, "-I", "-c", code)
    assert ended.stdout == "none\n"


def test_inherited_descriptors_are_the_commands(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards locks and pipes: the command has them, and they end when it closes them."""
    read, write = os.pipe()
    script = f"echo hello >&{write}; exec {write}>&-; cat"
    process = environment.start(
        *(environment.script("plugincreds"), "exec", "keyed", "--", "bash", "-c", script),
        variables=variables,
        pass_fds=[write],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.read() == "hello\n"  # to its end, while the command still runs
    assert process.poll() is None
    process.communicate(timeout=DEADLINE)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(
    environment: Environment, variables: dict[str, str], alice: Identity, closed: str
) -> None:
    """Guards daemons that are started without them: no socket takes the place of a stream."""
    script = f'"$@" {closed}'
    report = environment.home / "report"
    command = (*bare(environment, "write", str(report)),)
    process = environment.start(
        *("sh", "-c", script, "sh", environment.script("plugincreds"), "exec", "keyed", "--"),
        *command,
        variables=variables,
        stderr=subprocess.DEVNULL,
    )
    assert process.wait(DEADLINE) == 0
    assert json.loads(report.read_text()) == ["container-role", alice.arn]


def test_a_killed_exec_is_a_killed_command(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards against a command that goes on alone, and an endpoint that does."""
    script = "echo $$ $AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    process = environment.start(
        *(environment.script("plugincreds"), "exec", "keyed", "--", "sh", "-c", f"{script}; cat"),
        variables=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    number, url, token = process.stdout.readline().split()
    assert int(number) == process.pid
    assert is_served(url)
    process.kill()
    process.communicate(timeout=DEADLINE)
    wait_until_gone(url, Path(token))


def test_a_daemon_outlives_the_endpoint(
    environment: Environment, variables: dict[str, str]
) -> None:
    """Guards the documented behaviour: the endpoint does not wait for the command's children."""
    url = "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    script = f"exec 3<&0; cat <&3 >/dev/null & echo {url}"
    read, write = os.pipe()
    process = environment.start(
        *(environment.script("plugincreds"), "exec", "keyed", "--", "sh", "-c", script),
        variables=variables,
        stdin=read,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    os.close(read)
    out, _ = process.communicate(timeout=DEADLINE)
    where, token = out.split()
    wait_until_gone(where, Path(token))
    os.close(write)


def test_a_plugin_that_hangs_at_the_start_is_interrupted(
    environment: Environment, alice: Identity, trace: Path
) -> None:
    """Guards Ctrl-C, which a terminal sends to all processes, and a signal to one of them."""
    sleeper = {
        **alice.for_plugin("sleeper"),
        "SLEEPER_SECONDS": "600",
        "PLUGIN_TRACE": str(trace),
    }
    for to_all in (True, False):
        process = environment.start(
            *(environment.script("plugincreds"), "exec", "sleeper", "--", "echo", "started"),
            variables=sleeper,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        wait_for(lambda: "imported" in trace.read_text())
        if to_all:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=DEADLINE)  # so the other process has ended, too
        assert (process.returncode, out, errors) == (130, "", "")
        trace.write_text("")


def is_served(url: str) -> bool:
    """Tell whether a port is open."""
    parts = urlsplit(url)
    with suppress(ConnectionRefusedError):
        socket.create_connection((str(parts.hostname), int(parts.port or 0))).close()
        return True
    return False


def wait_until_gone(url: str, token: Path) -> None:
    """Wait until an endpoint and its file have gone."""
    wait_for(lambda: not is_served(url) and not token.exists())


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.02)
