"""`plugincreds export` as a credential_process, and values that processes share."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.environments import Environment, NewEnvironment, Outcome, pinned
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import PROGRAMS, whoami

PROCESSES = 200


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here."""
    return new_environment(*pinned("filelock"), "keyed")


@pytest.fixture
def variables(alice: Identity, trace: Path) -> dict[str, str]:
    """Return what the plugin needs."""
    return {**alice.for_plugin("keyed"), "PLUGIN_TRACE": str(trace)}


def command(environment: Environment, arguments: str, variables: dict[str, str]) -> Outcome:
    """Run the command; its document holds a secret, so it is not what `run` may print."""
    code = (
        "import io, json, subprocess, sys\n"
        f"done = subprocess.run([{str(script(environment))!r}, *{arguments.split()!r}],"
        " capture_output=True, text=True)\n"
        "found = json.loads(done.stdout) if done.stdout else {}\n"
        "found.pop('SecretAccessKey', None)\n"
        "print(json.dumps([done.returncode, found, done.stderr]))\n"
    )
    return environment.run(code, variables=variables)


def script(environment: Environment) -> Path:
    """Return the console script."""
    return environment.directory / "bin" / "plugincreds"


def test_every_sdk_can_use_it_as_a_credential_process(
    environment: Environment, server: MotoServer, alice: Identity, variables: dict[str, str]
) -> None:
    """Guards the one line that gives a plugin to other SDKs, as botocore itself reads it."""
    environment.write_config(
        f"[profile other-sdk]\ncredential_process = {script(environment)} export keyed\n"
    )
    hidden = {**variables, "AWS_CREDENTIAL_PLUGIN": "", "AWS_PROFILE": "other-sdk"}
    report = whoami(environment, hidden)
    assert (report.arn, report.method) == (alice.arn, "custom-process")
    assert server.keys_seen() == {alice.access_key}


def test_the_document(environment: Environment, alice: Identity, variables: dict[str, str]) -> None:
    """Guards the script, its document, and that a plugin's own words go to stderr."""
    status, document, errors = command(environment, "export keyed", variables).report
    assert (status, document["AccessKeyId"], document["Version"]) == (0, alice.access_key, 1)
    assert set(document) == {"Version", "AccessKeyId", "Expiration"}
    assert errors == "this must not be in a document\n"
    status, document, errors = command(environment, "export kyed", variables).report
    assert (status, document) == (1, {})
    assert "did you mean 'keyed'" in errors


def test_a_loop_of_exports_ends(environment: Environment, variables: dict[str, str]) -> None:
    """Guards a plugin that uses the very profile whose credential_process exports it."""
    environment.write_config(
        f"[profile loop]\ncredential_process = {script(environment)} export keyed\n"
    )
    looping = {**variables, "KEYED_PROFILE": "loop"}
    status, document, errors = command(environment, "export keyed", looping).report
    assert (status, document) == (1, {})
    assert "was started by the plugin 'keyed' while that retrieves" in errors
    assert len(Path(variables["PLUGIN_TRACE"]).read_text().splitlines()) == 1


def test_two_hundred_processes_cause_one_retrieval(
    environment: Environment, alice: Identity, variables: dict[str, str]
) -> None:
    """Guards one login window for all that start together, and an empty document for none."""
    if sys.platform == "win32":
        pytest.skip("there is no fork")
    shared = {**variables, "AWS_CREDENTIAL_PLUGIN_CACHE": "true"}
    report = environment.run(
        PROGRAMS / "processes.py", str(PROCESSES), variables=shared
    ).stdout.splitlines()[-1]
    found = json.loads(report)
    assert found["keys"] == [alice.access_key] * PROCESSES
    assert found["statuses"] == [0] * PROCESSES
    assert len(Path(variables["PLUGIN_TRACE"]).read_text().splitlines()) == 1
    status, _, _ = command(environment, "export keyed", shared).report
    assert status == 0
    assert len(Path(variables["PLUGIN_TRACE"]).read_text().splitlines()) == 1
    listed = command(environment, "cache list --json", shared).report[1]
    assert [entry["plugin"] for entry in listed["entries"]] == ["keyed"]
    assert alice.access_key not in json.dumps(listed)


def test_the_command_needs_little(environment: Environment, variables: dict[str, str]) -> None:
    """Guards its start: no client, session or chain of botocore is loaded for it."""
    code = (
        "import sys\nfrom plugincreds._cli import main\n"
        "main(['cache', 'list'])\n"
        "print([name for name in sys.modules if name.startswith(('botocore.', 'boto3'))])\n"
    )
    loaded = environment.run(code, variables=variables).stdout.splitlines()[-1]
    for name in ("session", "client", "credentials", "loaders", "awsrequest"):
        assert f"'botocore.{name}'" not in loaded
    assert "boto3" not in loaded
