"""What `doctor` and `list` print for people, and the keys of what they print for programs."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import main
from tests.support.pages import page
from tests.unit.cli.test_doctor import GOOD, STATIC, broken, duplicate, nothing, one, several
from tests.unit.conftest import Install

WIDTH = 80
PAGE = page("reference/command-line.md")
LONG = "a-plugin-whose-name-takes-more-than-half-of-a-line-in-a-terminal"
Arrange = Callable[[Install, pytest.MonkeyPatch, Path], list[str]]


def long_names(install: Install, patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """A plugin, a package and a client whose names take much room."""
    install(GOOD, name=LONG, distribution="a-package-with-a-rather-long-name")
    install(distribution="rasterio", version="1.2.3.dev20261126+g0123456789", entry_points="")
    patch.setenv("AWS_CREDENTIAL_PLUGIN", LONG)
    return []


def run(capfd: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the command, and return what it prints."""
    main(words)
    return capfd.readouterr().out


def is_narrow(line: str) -> bool:
    """Tell whether a line fits, or is one word that must stay whole, such as a path."""
    return len(line) <= WIDTH or len(line.removeprefix("- ").split()) == 1


@pytest.mark.parametrize("command", [("doctor",), ("doctor", "--verbose"), ("list",)])
@pytest.mark.parametrize("arrange", [nothing, one, several, broken, duplicate, long_names])
def test_no_line_is_wider_than_a_terminal(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    arrange: Arrange,
    command: tuple[str, ...],
) -> None:
    """Guards tables from being broken inside words, and their columns from being mixed up."""
    options = arrange(install, monkeypatch, tmp_path / "config")
    printed = run(capfd, *command, *(options if command[0] == "doctor" else ()))
    assert [line for line in printed.splitlines() if not is_narrow(line)] == []


def test_the_verdict_is_first(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guards the order: what is used, why, what has decided it, then all else."""
    several(install, monkeypatch, tmp_path / "config")
    head, warnings, *_ = run(capfd, "doctor").split("\n\n")
    assert head.startswith("Credentials may come from the plugin b;")
    assert head.index("\nWhy: b of acme-creds 1.2 ") < head.index("\nDecided by the order of ")
    assert warnings.startswith("Warnings\n- ")


@pytest.mark.parametrize(
    ("config", "variables", "arguments", "end"),
    [
        (
            "",
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            (),
            "AWS_CREDENTIAL_PLUGIN=vault.",
        ),
        (
            "[default]\ncredential_plugin = vault\n",
            {},
            (),
            "credential_plugin = vault in profile 'default'.",
        ),
        (
            f"[default]\n{STATIC}",
            {"AWS_CREDENTIAL_PLUGIN": "none"},
            (),
            "AWS_CREDENTIAL_PLUGIN=none.",
        ),
        (
            f"[default]\n{STATIC}",
            {},
            (),
            "the order of the chain. AWS_CREDENTIAL_PLUGIN=NAME would select a plugin, which comes "
            "first.",
        ),
        (
            f"[default]\n{STATIC}",
            {},
            ("--profile", "default"),
            "the order of the chain. credential_plugin = NAME in the profile would select a "
            "plugin, which comes first.",
        ),
        (
            "[profile p]\nregion = x\n",
            {},
            ("--profile", "p"),
            "the order of the chain. With credential_plugin = vault in the profile, no provider "
            "that comes before the plugin can answer instead.",
        ),
    ],
)
def test_what_has_decided_it(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    config: str,
    variables: dict[str, str],
    arguments: tuple[str, ...],
    end: str,
) -> None:
    """Guards advice that has an effect: a profile that is given in code skips the variable."""
    install(GOOD)
    (tmp_path / "config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    head, *_ = run(capfd, "doctor", *arguments).split("\n\n")
    assert " ".join(head.split()).endswith(f" Decided by {end}")


def test_providers_that_are_not_reached(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guards what is interesting from a screen of what is not; --verbose shows all of it."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    steps = json.loads(run(capfd, "doctor", "--json"))["chain"]
    missed = [step["provider"] for step in steps if step["status"] == "not reached"]
    assert len(missed) > 5
    text = run(capfd, "doctor")
    assert text.count("not reached") == 1
    assert f"not reached {', '.join(missed)}: plugin comes first " in " ".join(text.split())
    text = run(capfd, "doctor", "--verbose")
    assert text.count("not reached") == len(missed)
    assert "\n  startup module  " in text


def keys_of(document: Any, prefix: str = "") -> set[str]:
    """Return the keys of a document and of what is in it, as `outer.inner`."""
    if isinstance(document, list):
        return set().union(*(keys_of(each, prefix) for each in document))
    if not isinstance(document, dict):
        return set()
    inner = {f"{prefix}{key}": value for key, value in document.items()}
    if prefix in {"versions.", "bindings."}:  # their keys are names of packages and modules
        return set()
    return set(inner).union(*(keys_of(value, f"{key}.") for key, value in inner.items()))


@pytest.mark.parametrize("command", ["doctor", "list"])
def test_the_keys_of_the_document(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    command: str,
) -> None:
    """Guards programs: each key is documented, and a documented one is there."""
    long_names(install, monkeypatch, tmp_path / "config")
    monkeypatch.delenv("AWS_CREDENTIAL_PLUGIN")  # all that are installed are listed then
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/aws").write_text("#!/usr/bin/python3\n")
    (tmp_path / "bin/aws").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    options = ["--retrieve"] if command == "doctor" else []
    document = json.loads(run(capfd, command, *options, "--json"))
    assert next(iter(document.items())) == ("schema", 1)
    table = PAGE.partition(f"### The document of `{command}`")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    documented = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert keys_of(document) == documented
