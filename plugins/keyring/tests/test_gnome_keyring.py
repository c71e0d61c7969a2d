"""A real keychain of a desktop: gnome-keyring over D-Bus, unlocked and locked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NEEDED = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
# The keychain is started with a password on a bus of its own; the program ends it.
SHELL = (
    'eval "$(printf pw | gnome-keyring-daemon --unlock --components=secrets)"; exec "$0" "$1" "$2"'
)
PROGRAM = Path(__file__).with_name("gnome_keyring_program.py")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the program once, in a session of its own; its steps are tested one by one."""
    folder = tmp_path_factory.mktemp("gnome")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text("[profile work]\ncredential_plugin = keyring\n")
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    source = str(Path(__file__).parents[1] / "src")
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", SHELL, sys.executable, str(PROGRAM), source],
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert SECRET not in done.stdout + done.stderr
    if "no keychain" in done.stdout:
        pytest.skip(f"gnome-keyring cannot be started here: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_what_the_command_stores_the_plugin_finds(report: Any) -> None:
    """Guards the plain case with a desktop's own keychain."""
    assert report["set"] == 0
    assert report["key"] == "AKIAEXAMPLE"


def test_another_username_finds_nothing(report: Any) -> None:
    """Guards the search by attributes, which could match more than is asked for."""
    assert "Nothing is stored" in report["other"]


def test_a_locked_keychain_without_a_display(report: Any) -> None:
    """Guards a session over ssh: an error at once that says what to do, and no other keys."""
    assert "is locked (KeyringLocked)" in report["locked"]
    assert "unlock the keychain" in report["locked"]
    assert report["seconds"] < 20


def test_a_value_outlives_the_lock(report: Any) -> None:
    """Guards programs that run when the keychain is locked: they ask it no more."""
    assert report["after_lock"] == "AKIAEXAMPLE"


def test_delete_removes_the_item(report: Any) -> None:
    """Guards a key that somebody wants to be gone."""
    assert report["delete"] == 0
    assert "Nothing is stored" in report["deleted"]
