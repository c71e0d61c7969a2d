"""Clients that are not botocore's, below `plugincreds exec`: they sign with the plugin."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import With
from tests.support.environments import Environment
from tests.support.moto_process import Identity, MotoServer

DEADLINE = 60.0
PROGRAM = Path(__file__).parent / "programs/other_sdks.py"
CLIENTS = ("pyarrow", "obstore", "awscrt")


@pytest.fixture
def clients(environment: With, server: MotoServer) -> Environment:
    """Return an environment with all of them."""
    made = environment("sleeper", "plugincreds-json-file", *CLIENTS)
    server.forget()
    return made


def run(
    environment: Environment, variables: dict[str, str], client: str, bucket: str, *words: str
) -> str:
    """Run a client below `exec`, and return what it prints."""
    program = environment.python, "-I", PROGRAM, client, bucket
    process = environment.start(
        environment.script("plugincreds"),
        "exec",
        *words,
        "--",
        *program,
        variables=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    return out


def assert_signed(server: MotoServer, printed: str, identity: Identity) -> None:
    """Check that the client has used the identity's key, and no other."""
    assert server.keys_seen() | {*printed.split()} == {identity.access_key}


@pytest.mark.parametrize("client", CLIENTS)
def test_it_signs_with_temporary_credentials(
    clients: Environment,
    server: MotoServer,
    container: Identity,
    bob: Identity,
    bucket: str,
    client: str,
) -> None:
    """Guards one identity for one program, whatever its libraries are written in."""
    file = clients.home / "keys.json"
    file.write_text(json.dumps({**container.document(), "Token": container.token}))
    variables = {**bob.variables(), "PLUGIN_CREDS_FILE": str(file)}
    assert_signed(server, run(clients, variables, client, bucket, "json-file"), container)


@pytest.mark.parametrize(
    ("client", "option"), [("pyarrow", ""), ("awscrt", ""), ("obstore", "--env")]
)
def test_it_signs_with_keys_of_a_user(
    clients: Environment,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    bucket: str,
    client: str,
    option: str,
) -> None:
    """Guards keys without a token, which obstore does not take from an endpoint."""
    variables = {**alice.for_plugin("sleeper"), **bob.variables(), "SLEEPER_LIFETIME": "3"}
    words = ("sleeper", *filter(None, [option]))
    assert_signed(server, run(clients, variables, client, bucket, *words), alice)
