"""Clients that do not use plugincreds, each way to a plugin's credentials, each kind of those.

A machine's role is within reach of all of them. `EXCEPTIONS` has the cells of this table in which
a client does something else than sign with the plugin, or fail with it, and why.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.clients.conftest import With
from tests.support.aws_cli_v2 import SUITES, aws_cli_v2
from tests.support.debian import REASON, unpack
from tests.support.environments import LONGEST_COMMAND, NewEnvironment, Wheels
from tests.support.moto_process import Identity, MotoServer
from tests.support.once import Once
from tests.support.reach import (
    FAILING,
    FAILS,
    KEEPS,
    KEYS,
    KINDS,
    LONG,
    MACHINE,
    NO_MACHINE,
    REFUSED,
    SIGNS,
    WAYS,
    Scenario,
    scenario_of,
)

PROGRAM = Path(__file__).with_name("programs") / "reach.py"
PYTHONS = ("awscrt", "boto3", "deltalake", "obstore", "pandas", "polars", "pyarrow")
GO_ON = ("awscrt", "javascript", "pandas", "pyarrow")
OBJECT_STORE = ("deltalake", "obstore", "polars")
# A shell that runs a command for each line, and prints whether the server took its request.
EACH_LINE = 'while read -r _; do "$@" </dev/null >/dev/null && echo signed || echo failed; done'
EXCEPTIONS = {
    # They send the empty token of an endpoint, which no service takes: they need `exec --env`.
    **{(client, way, LONG): REFUSED for client in OBJECT_STORE for way in ("exec", "serve")},
    # They know no credential_process.
    **{(client, "profile", kind): MACHINE for client in OBJECT_STORE for kind in KINDS},
    # A file system of the C++ SDK keeps what has expired if the endpoint gives an error; pandas
    # makes a new one for each file, which goes on without credentials and is refused.
    **{("pyarrow", way, FAILING): KEEPS for way in ("exec", "serve")},
    # They go on to the machine if the process fails.
    **{(client, "profile", FAILING): MACHINE for client in GO_ON},
}


@pytest.fixture
def scenario(environment: With, server: MotoServer, alice: Identity, kind: str) -> Scenario:
    """Return the plugin, whose credentials are of this kind."""
    return scenario_of(environment("relay"), server, alice, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", PYTHONS)
def test_python_clients(
    new_environment: NewEnvironment,
    scenario: Scenario,
    bucket: str,
    client: str,
    way: str,
    kind: str,
) -> None:
    """Guards one identity for all that runs: the plugin's, or none."""
    clients = new_environment("pandas", *PYTHONS, bare=True)
    command = clients.python, "-I", PROGRAM, client, bucket
    assert_as_expected(scenario, client, way, kind, command)


@pytest.mark.parametrize("kind", [FAILING])
@pytest.mark.parametrize("client", ["awscrt", "pandas", "pyarrow"])
def test_the_machine_is_switched_off(
    new_environment: NewEnvironment, scenario: Scenario, bucket: str, client: str, kind: str
) -> None:
    """Guards the advice for clients that go on to the machine if the process fails."""
    clients = new_environment("pandas", *PYTHONS, bare=True)
    command = clients.python, "-I", PROGRAM, client, bucket
    assert_as_expected(scenario, client, NO_MACHINE, kind, command)


@pytest.mark.parametrize("kind", [LONG])
@pytest.mark.parametrize("client", OBJECT_STORE)
def test_keys_in_the_environment(
    new_environment: NewEnvironment, scenario: Scenario, bucket: str, client: str, kind: str
) -> None:
    """Guards the advice for clients that send the empty token of an endpoint."""
    clients = new_environment("pandas", *PYTHONS, bare=True)
    command = clients.python, "-I", PROGRAM, client, bucket
    assert_as_expected(scenario, client, KEYS, kind, command)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suite", SUITES)
def test_aws_cli_v2(
    once: Once,
    wheels: Wheels,
    scenario: Scenario,
    server: MotoServer,
    tmp_path: Path,
    suite: str,
    way: str,
    kind: str,
) -> None:
    """Guards an AWS CLI that finds no plugincreds, and one process for each request."""
    cli = aws_cli_v2(once, wheels, server, tmp_path / "cli", suite)
    if isinstance(cli, str):
        pytest.skip(cli)
    assert not list(cli.site_packages.glob("plugincreds*"))
    # The one of Debian 12 reads no AWS_ENDPOINT_URL.
    request = cli.script("aws"), "sts", "get-caller-identity", "--endpoint-url", server.url
    command = "sh", "-c", EACH_LINE, "aws", *request
    assert_as_expected(scenario, "AWS CLI v2", way, kind, command)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_rclone(
    once: Once, scenario: Scenario, server: MotoServer, bucket: str, way: str, kind: str
) -> None:
    """Guards a program in Go, and one process for each request."""
    package = once.get("rclone", functools.partial(unpack, "bookworm", package="rclone"))
    if (package / REASON).exists():
        pytest.skip((package / REASON).read_text(encoding="utf-8"))
    remote = f':s3,provider=Other,env_auth=true,region=us-east-1,endpoint="{server.url}":{bucket}'
    options = "--config", os.devnull, "--retries", "1", "--low-level-retries", "1"
    rclone = package / "unpacked/usr/bin/rclone"
    command = "sh", "-c", EACH_LINE, "rclone", rclone, *options, "lsf", remote
    assert_as_expected(scenario, "rclone", way, kind, command)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", [*WAYS, NO_MACHINE])
def test_javascript(once: Once, scenario: Scenario, way: str, kind: str) -> None:
    """Guards the AWS SDK for JavaScript."""
    if not shutil.which("npm"):
        pytest.skip("there is no npm, which installs the AWS SDK for JavaScript")
    folder = once.get("javascript", install_javascript)
    command = "node", PROGRAM.with_suffix(".cjs"), folder / "node_modules/@aws-sdk/client-sts"
    assert_as_expected(scenario, "javascript", way, kind, command)


def install_javascript(folder: Path) -> None:
    """Install the SDK into a folder."""
    folder.mkdir()
    words = "npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "@aws-sdk/client-sts"
    subprocess.run(words, check=True, capture_output=True, timeout=LONGEST_COMMAND)


def assert_as_expected(
    scenario: Scenario, client: str, way: str, kind: str, command: Sequence[str | Path]
) -> None:
    """Check a cell of the table."""
    expected = EXCEPTIONS.get((client, way, kind), FAILS if kind == FAILING else SIGNS)
    assert scenario.outcome(way, kind, command) == expected
