"""`plugincreds list` and `doctor` in fresh environments, as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import Environment, NewEnvironment, Outcome, pinned
from tests.support.moto_process import Identity, MotoServer

PROGRAM = "import sys; from plugincreds._cli import main; sys.exit(main())"
SELECTED = {"AWS_CREDENTIAL_PLUGIN": "alpha"}


def run(
    environment: Environment,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    flags: Sequence[str] = ("-I",),
    before: str = "",
) -> Outcome:
    """Run the command in a clean process."""
    return environment.run(before + PROGRAM, *arguments, variables=variables, flags=flags)


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the document that was printed, which must go with the status."""
    found: dict[str, Any] = json.loads(outcome.stdout)
    assert outcome.returncode == (0 if found["ok"] else 1)
    return found


def keys(identity: Identity) -> dict[str, str]:
    """Return the variables that give the plugin alpha these keys, and select it."""
    return {**SELECTED, **identity.for_plugin("alpha")}


def test_a_healthy_environment(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, trace: Path
) -> None:
    """Guards the ordinary case, without aiobotocore: nothing is retrieved until it is wanted."""
    environment = new_environment("alpha")
    variables = {**keys(alice), "PLUGIN_TRACE": str(trace)}
    variables["PATH"] = str(environment.directory / "bin")  # the machine may have an aws
    found = document(run(environment, "doctor", "--json", variables=variables))
    assert found["answer"] == {
        "provider": "plugin",
        "plugin": "alpha",
        "certain": True,
        "confirmed": False,
    }
    assert (found["errors"], found["warnings"]) == ([], [])
    hook = found["startup_hook"]
    assert hook["active"]
    assert hook["startup_file"] == str(environment.site_packages / "plugincreds_startup.pth")
    assert found["versions"]["aiobotocore"] is None
    assert found["bindings"] == {"botocore.credentials": []}
    assert trace.read_text(encoding="utf-8").split() == ["alpha", "imported"]
    assert server.seen() == []
    outcome = run(environment, "doctor", "--json", "--retrieve", variables=variables)
    retrieved = document(outcome)["retrieved"]
    assert retrieved["method"] == "plugin:alpha"
    assert variables["ALPHA_KEY"].endswith(retrieved["access_key_ends_with"])


def test_the_installed_program(new_environment: NewEnvironment, trace: Path) -> None:
    """Guards the command that pip makes: text for people, and no plugin imported for a list."""
    environment = new_environment("alpha", "broken_import")
    variables = {**SELECTED, "PLUGIN_TRACE": str(trace)}
    program = environment.directory / "bin" / "plugincreds"
    outcome = environment.run(program, "list", variables=variables)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    verdict, _, rows = outcome.stdout.partition("\n\n")
    assert verdict == "The plugin alpha is selected by AWS_CREDENTIAL_PLUGIN=alpha."
    alpha, _, broken = rows.partition("broken-import")
    assert "selected by AWS_CREDENTIAL_PLUGIN=alpha" in " ".join(alpha.split())
    assert str(environment.site_packages) in broken
    assert trace.read_text(encoding="utf-8") == ""
    outcome = environment.run(program, "list", "--check", variables=variables)
    assert outcome.returncode == 1
    assert "this module is broken on purpose" in " ".join(outcome.stdout.split())


@pytest.mark.parametrize("is_called", [False, True])
def test_without_site(new_environment: NewEnvironment, alice: Identity, is_called: bool) -> None:
    """Guards `python -S`: the reason is told, and gone once the program calls `install()`."""
    environment = new_environment("alpha")
    before = f"import sys; sys.path.append({str(environment.site_packages)!r}); "
    if is_called:
        before += "import plugincreds; plugincreds.install(); "
    outcome = run(
        environment, "doctor", "--json", variables=keys(alice), flags=("-S",), before=before
    )
    found = document(outcome)
    assert found["ok"] is is_called
    assert found["startup_hook"]["active"] is is_called
    if not is_called:
        (error,) = found["errors"]
        assert "started with -S" in error
        assert "the startup hook is not active" in error
        assert found["warnings"] == []


def test_installed_into_a_folder(
    new_environment: NewEnvironment, tmp_path: Path, alice: Identity, bob: Identity
) -> None:
    """Guards `pip install --target`: Python reads no startup file there, and others sign."""
    boto3 = pinned("boto3", "botocore")
    environment = new_environment(*boto3, "alpha", bare=True, pip=True, own=True)
    folder = tmp_path / "layer"
    environment.pip("install", "--no-deps", "--target", folder, environment.wheel("plugincreds"))
    variables = {**keys(alice), **bob.variables(), "PYTHONPATH": str(folder)}
    found = document(run(environment, "doctor", "--json", variables=variables, flags=()))
    assert f"{folder} is not a site directory" in found["startup_hook"]["reason"]
    assert found["answer"]["provider"] == "env"
    assert "so the plugin is not used, and the credentials of env are used" in found["errors"][0]


def test_the_startup_file_is_missing(new_environment: NewEnvironment) -> None:
    """Guards the advice after a half removal."""
    environment = new_environment("alpha", own=True)
    (environment.site_packages / "plugincreds_startup.pth").unlink()
    found = document(run(environment, "doctor", "--json"))
    assert "plugincreds_startup.pth is missing beside" in found["startup_hook"]["reason"]


def test_two_packages_with_one_name(new_environment: NewEnvironment, alice: Identity) -> None:
    """Guards that both packages are named, and no secret is."""
    environment = new_environment("alpha", "twin")
    outcome = run(environment, "doctor", "--retrieve", variables=keys(alice))
    assert outcome.returncode == 1
    sentences = " ".join(outcome.stdout.split())
    assert "plugincreds-test-alpha 1.0 and plugincreds-test-twin 1.0" in sentences
    assert outcome.stdout.startswith("boto3 raises this error.\n")


def test_a_profile_selects(new_environment: NewEnvironment, alice: Identity) -> None:
    """Guards file and line, with files and a home directory of their own."""
    environment = new_environment("alpha")
    environment.write_config("[default]\nregion = us-east-1\ncredential_plugin = alpha\n")
    variables = {**keys(alice), "AWS_CREDENTIAL_PLUGIN": ""}
    selection = document(run(environment, "doctor", "--json", variables=variables))["selection"]
    assert (selection["plugin"], selection["line"]) == ("alpha", 3)
    assert selection["file"] == str(environment.home / ".aws" / "config")
