"""`plugincreds serve`: an endpoint on its own, its variables, and what can go wrong."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.credentials import ContainerProvider

from tests.support.environments import Environment, NewEnvironment, pinned
from tests.support.moto_process import Identity
from tests.support.programs import PROGRAMS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the signals are those of POSIX")

DEADLINE = 20.0
READY = "The endpoint is ready at"
Serve = Callable[..., "Served"]


class Served:
    """A running `plugincreds serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.errors = ""
        assert process.stderr is not None
        for line in process.stderr:
            self.errors += line
            if READY in line:
                break

    def printed(self) -> dict[str, str]:
        """Return the variables that it has printed; stdout is closed behind them."""
        assert self.process.stdout is not None
        return dict(re.findall(r"^export (\w+)=(.*)$", self.process.stdout.read(), re.MULTILINE))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it, and return its status."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here."""
    return new_environment(*pinned("filelock"), "keyed", "sleeper")


@pytest.fixture
def serve(environment: Environment, alice: Identity, trace: Path) -> Iterator[Serve]:
    """Return a function that starts `plugincreds serve` with these words."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, variables: dict[str, str] | None = None) -> Served:
        given = {**alice.for_plugin("keyed"), "PLUGIN_TRACE": str(trace), **(variables or {})}
        process = environment.start(
            environment.script("plugincreds"),
            "serve",
            *words,
            variables=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return Served(process)

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=DEADLINE)


def signed(environment: Environment, variables: dict[str, str]) -> list[str]:
    """Return how and as whom a program without plugincreds signs with these variables."""
    outcome = environment.run(
        PROGRAMS / "bare.py",
        str(environment.site_packages),
        variables=variables,
        flags=("-I", "-S"),
    )
    return list(outcome.report)


def asked(url: str, token: str) -> tuple[int, str]:
    """Return the status and the message for a request."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=DEADLINE)) as connection:
        connection.request("GET", parts.path, headers={"Authorization": token})
        answer = connection.getresponse()
        return answer.status, str(json.loads(answer.read()).get("message", ""))


def test_a_shell_gets_the_variables(
    environment: Environment, serve: Serve, alice: Identity
) -> None:
    """Guards `eval "$(plugincreds serve acme &)"`: the output ends while the server goes on."""
    served = serve("keyed")
    variables = served.printed()
    assert signed(environment, variables) == ["container-role", alice.arn]
    token = Path(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
    assert token.read_text() == variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert served.process.poll() is None
    assert served.stop() == 0
    assert not token.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_is_stopped_by_signals(serve: Serve, number: int) -> None:
    """Guards Ctrl-C, service managers and the end of a login: nothing stays, nothing is said."""
    served = serve("keyed")
    assert served.stop(number) == 0
    assert served.process.stderr
    assert served.process.stderr.read() == ""


def test_no_secret_is_printed_besides_the_token(serve: Serve, alice: Identity) -> None:
    """Guards terminals and logs: the keys are only in answers."""
    served = serve("keyed")
    variables = served.printed()
    url, token = (
        variables[f"AWS_CONTAINER_{name}"]
        for name in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN")
    )
    assert asked(url, token)[0] == 200
    assert asked(url, "guess")[0] == 403
    served.stop()
    assert served.process.stderr
    shown = served.errors + served.process.stderr.read() + str(variables)
    assert alice.secret_key not in shown
    assert token not in served.errors


def test_a_file_with_the_variables(environment: Environment, serve: Serve, alice: Identity) -> None:
    """Guards service managers and containers: only the user reads the file, and it disappears."""
    file = environment.home / "acme.env"
    served = serve("keyed", "--write", "acme.env", "--format", "env-no-export")
    assert served.process.stdout
    assert file.stat().st_mode & 0o777 == 0o600
    assert (environment.home / "acme.env.token").stat().st_mode & 0o777 == 0o600
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
    token = variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
    assert token == str(environment.home / "acme.env.token")  # also for programs elsewhere
    assert "" not in variables.values()  # an empty variable is not an unset one
    assert all(shlex.quote(text) == text for text in variables.values())  # Docker takes no quotes
    assert signed(environment, variables) == ["container-role", alice.arn]
    assert served.stop() == 0
    assert served.process.stdout.read() == ""
    assert not list(environment.home.glob("acme.env*"))


@pytest.mark.skipif(
    not hasattr(ContainerProvider, "ENV_VAR_AUTH_TOKEN_FILE"),
    reason="this botocore reads no file with a token",
)
def test_a_restart_with_the_same_port_and_file(
    environment: Environment, serve: Serve, alice: Identity
) -> None:
    """Guards programs that run while a service manager starts the server again."""
    port, file = str(free_port()), str(environment.home / "acme.env")
    words = ("keyed", "--port", port, "--write", file, "--format", "env-no-export")
    served = serve(*words)
    variables = dict(line.split("=", 1) for line in Path(file).read_text().splitlines())
    served.process.kill()  # so its files stay
    served.process.wait(DEADLINE)
    serve(*words)
    assert signed(environment, variables) == ["container-role", alice.arn]
    url, token = (
        variables[f"AWS_CONTAINER_{name}"]
        for name in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN")
    )
    status, message = asked(url, token)
    assert status == 403
    assert "If it was started again, use its new variables." in message


def test_a_port_in_use(serve: Serve, trace: Path) -> None:
    """Guards the message, and that the plugin is not called in vain."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        served = serve("keyed", "--port", str(port))
        assert served.process.wait(DEADLINE) == 1
    assert f"The port {port} on 127.0.0.1 cannot be used (Address already in use)" in served.errors
    assert trace.read_text() == ""


@pytest.mark.parametrize("port", ["-1", "65536", "http", "", "9" * 5000])
def test_a_port_that_is_none(serve: Serve, port: str) -> None:
    """Guards the message and the status for arguments that cannot be understood."""
    served = serve("keyed", f"--port={port}")
    assert served.process.wait(DEADLINE) == 2
    assert "argument --port: it must be a number from 0 to 65535" in served.errors


def test_two_servers_at_once(environment: Environment, serve: Serve, alice: Identity) -> None:
    """Guards two plugins or profiles side by side: each has its port and its token."""
    one, other = serve("keyed").printed(), serve("keyed").printed()
    name = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    assert one[name] != other[name]
    assert asked(one[name], other["AWS_CONTAINER_AUTHORIZATION_TOKEN"])[0] == 403
    for variables in (one, other):
        assert signed(environment, variables) == ["container-role", alice.arn]


def test_a_file_that_cannot_be_written(environment: Environment, serve: Serve) -> None:
    """Guards the message, and against a server that no program finds."""
    served = serve("keyed", "--write", str(environment.home / "missing" / "file"))
    assert served.process.wait(DEADLINE) == 1
    assert "cannot be written (No such file or directory)" in served.errors


def test_output_to_a_closed_pipe(environment: Environment, alice: Identity, trace: Path) -> None:
    """Guards against a server that no program finds, because its variables are lost."""
    given = {**alice.for_plugin("keyed"), "PLUGIN_TRACE": str(trace)}
    script = f"({environment.script('plugincreds')} serve keyed; echo $? >status) | true"
    process = environment.start("sh", "-c", script, variables=given, stderr=subprocess.DEVNULL)
    process.wait(DEADLINE)
    status = environment.home / "status"
    assert status.read_text() == "1\n"


def test_the_plugin_fails_at_the_start(serve: Serve) -> None:
    """Guards scripts: no variables, and a status that says so."""
    served = serve("keyed", variables={"PLUGIN_TRACE": "/no/such/folder/file"})
    assert served.process.wait(DEADLINE) == 1
    assert served.printed() == {}
    assert "gave no credentials: its retrieve() raised FileNotFoundError" in served.errors


def test_a_plugin_that_hangs_at_the_start(
    environment: Environment, alice: Identity, trace: Path
) -> None:
    """Guards Ctrl-C, before there is an endpoint."""
    process = environment.start(
        *(environment.script("plugincreds"), "serve", "sleeper"),
        variables={
            **alice.for_plugin("sleeper"),
            "SLEEPER_SECONDS": "600",
            "PLUGIN_TRACE": str(trace),
        },
        stderr=subprocess.DEVNULL,
    )
    while "imported" not in trace.read_text():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 130


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
