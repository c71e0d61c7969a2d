"""`plugincreds new` from a wheel: what it writes is installed, tested, listed, and signs."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import main
from tests.support.environments import ROOT, Environment, NewEnvironment, Outcome, pinned
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import whoami

NAME = "acme-broker"
OPTIONS = "credential_plugin_options =\n  server = made-up-broker\n  role = reader\n"


def typed(environment: Environment, command: str, *arguments: str) -> Outcome:
    """Run a script of the environment in its home directory."""
    process = environment.start(
        environment.script(command), *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out, err)


def test_what_new_writes(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity
) -> None:
    """Guards an author's first minutes, and programs from an example that would sign unasked."""
    has_aiobotocore = importlib.util.find_spec("aiobotocore") is not None
    packages = pinned("pytest", "hatchling", *["aiobotocore"] * has_aiobotocore)
    environment = new_environment(*packages, pip=True, own=True)
    package = environment.home / f"{NAME}-creds"
    done = typed(environment, "plugincreds", "new", NAME)
    assert done.returncode == 0, done.stderr
    # An editable installation would need another package; the tutorial makes one.
    environment.pip("install", "--no-build-isolation", f"{package}[test]")

    tests = typed(environment, "pytest", "-W", "error", "-ra", f"./{NAME}-creds")
    assert tests.returncode == 0, tests.stdout
    assert ("skipped" in tests.stdout) is not has_aiobotocore, tests.stdout
    listed = json.loads(typed(environment, "plugincreds", "list", "--check", "--json").stdout)
    (plugin,) = listed["plugins"]
    assert listed["ok"]
    assert (plugin["name"], plugin["distribution"], plugin["version"]) == (
        NAME,
        f"{NAME}-creds",
        "0.1.0",
    )

    assert whoami(environment, alice.variables()).arn == alice.arn
    doctor = typed(environment, "plugincreds", "doctor")
    shown = " ".join(doctor.stdout.split())
    assert f"declines {NAME}: {NAME}-creds 0.1.0: the option 'server' is missing" in shown

    selected = {"AWS_CREDENTIAL_PLUGIN": NAME}
    error = whoami(environment, selected).error
    assert "the option 'server' is missing" in error["message"]
    environment.write_config(f"[default]\n{OPTIONS}[profile acme]\n{OPTIONS}")
    error = whoami(environment, selected).error
    assert "There is no login: " in error["message"]
    assert "log in to made-up-broker, and try again" in error["message"]

    broker = environment.home / "made-up-broker"
    broker.mkdir()
    keys = {"AccessKeyId": alice.access_key, "SecretAccessKey": alice.secret_key}
    (broker / "reader.json").write_text(json.dumps(keys))
    server.forget()
    report = whoami(environment, selected)
    assert (report.arn, report.method) == (alice.arn, f"plugin:{NAME}")
    assert server.keys_seen() == {alice.access_key}

    before = files_in(package)
    for into in ([], ["--into", "."], ["--into", "/"]):
        done = typed(environment, "plugincreds", "new", NAME, *into)
        assert done.returncode == 1
        assert f"has the plugin '{NAME}' of {NAME}-creds 0.1.0 already" in done.stderr
    assert files_in(package) == before
    assert not Path(f"/{NAME}-creds").exists()


def files_in(folder: Path) -> dict[Path, bytes]:
    """Return the content of each file."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_type_checkers_accept_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards authors who use mypy in its strict mode."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "zeta"]) == 0
    monkeypatch.setenv("MYPYPATH", f"src{os.pathsep}{ROOT / 'src'}")
    options = ("--strict", "--python-version=3.10", "--config-file=", "--cache-dir=cache")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "src", "tests"],
        cwd=tmp_path / "zeta-creds",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
