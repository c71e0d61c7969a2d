"""The sample plugin: by itself, and in a program that runs while its file is replaced."""

from __future__ import annotations

import importlib.util
import json
import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import SOURCES, NewEnvironment
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import PROGRAMS, whoami

CANARY = "Canary0Canary1Canary2Canary3Canary4Canar"
MODULE = SOURCES["plugincreds-json-file"] / "src" / "plugincreds_json_file" / "__init__.py"
MALFORMED = [
    (f'{{"Key": "{CANARY}"', "is not JSON"),
    (f'"{CANARY}"\udcff', "is not JSON"),
    ("", "is not JSON"),
    ("[" * 100_000 + CANARY, "is not JSON"),
    (f'["{CANARY}"]', "is not a JSON object"),
    (f'{{"Secret": "{CANARY}"}}', '"Key"'),
    (f'{{"Key": "{CANARY}"}}', '"Secret"'),
    (f'{{"Key": "{CANARY}", "Secret": ["{CANARY}"]}}', '"Secret"'),
    (f'{{"Key": "{CANARY}", "Secret": "{CANARY}", "Token": 1}}', '"Token"'),
]


@pytest.fixture
def sample() -> Any:
    """Return the plugin's module, which needs no installation to be tried."""
    spec = importlib.util.spec_from_file_location("sample_plugin_under_test", MODULE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path that the plugin is told of; nothing is there yet."""
    path = tmp_path / "keys.json"
    monkeypatch.setenv("PLUGIN_CREDS_FILE", str(path))
    return path


def test_sample_returns_what_the_file_holds(sample: Any, file: Path) -> None:
    """Guards the plain case, with a token and without."""
    plugin = sample.get_provider()
    file.write_text('{"Key": "k", "Secret": "s"}')
    assert plugin.retrieve() == ("k", "s", None)
    file.write_text('{"Key": "k", "Secret": "s", "Token": "t"}')
    assert plugin.retrieve() == ("k", "s", "t")


@pytest.mark.parametrize("unset", [None, ""])
def test_sample_declines_without_a_file(
    sample: Any, monkeypatch: pytest.MonkeyPatch, unset: str | None
) -> None:
    """Guards programs that have the plugin installed and do not use it."""
    monkeypatch.delenv("PLUGIN_CREDS_FILE", raising=False)
    if unset is not None:
        monkeypatch.setenv("PLUGIN_CREDS_FILE", unset)
    assert "PLUGIN_CREDS_FILE is not set" in sample.get_provider().reason


def test_sample_stays_with_the_file_it_was_made_for(
    sample: Any, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the identity behind `cache_key()`: no new setting or directory moves it."""
    monkeypatch.chdir(file.parent)
    monkeypatch.setenv("PLUGIN_CREDS_FILE", file.name)
    plugin = sample.get_provider()
    file.write_text('{"Key": "k", "Secret": "s"}')
    monkeypatch.chdir("/")
    monkeypatch.setenv("PLUGIN_CREDS_FILE", "/nowhere")
    assert plugin.cache_key() == str(file)
    assert plugin.retrieve() == ("k", "s", None)


def test_sample_expires_with_every_kind_of_change(sample: Any, file: Path) -> None:
    """Guards rotation: rewritten, replaced with the same size and time, or gone."""
    plugin = sample.get_provider()
    file.write_text('{"Key": "k", "Secret": "s"}')
    plugin.retrieve()
    assert plugin.is_expired() is False
    file.write_text('{"Key": "k", "Secret": "longer"}')
    assert plugin.is_expired() is True
    plugin.retrieve()
    twin, times = file.with_name("twin"), (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    twin.write_text('{"Key": "k", "Secret": "LONGER"}')
    os.utime(twin, ns=times)
    twin.replace(file)
    assert plugin.is_expired() is True
    assert plugin.retrieve() == ("k", "LONGER", None)
    file.unlink()
    assert plugin.is_expired() is True


def test_sample_stays_expired_until_the_file_is_good(sample: Any, file: Path) -> None:
    """Guards that a failed read is not taken for the new version."""
    plugin = sample.get_provider()
    file.write_text('{"Key": "k", "Secret": "s"}')
    plugin.retrieve()
    file.write_text("{")
    with pytest.raises(sample.JsonFileError):
        plugin.retrieve()
    assert plugin.is_expired() is True


@pytest.mark.parametrize(("content", "fault"), MALFORMED)
def test_sample_says_what_is_wrong_and_shows_nothing(
    sample: Any, file: Path, content: str, fault: str
) -> None:
    """Guards against keys in messages, in chained errors and in the variables of a traceback."""
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(sample.JsonFileError) as caught:
        sample.get_provider().retrieve()
    assert fault in str(caught.value)
    assert str(file) in str(caught.value)
    assert caught.value.__context__ is None
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in shown.stack if frame.filename == str(MODULE)]
    assert frames
    assert all(CANARY not in str(frame.locals) for frame in frames)


@pytest.mark.parametrize(("make", "reason"), [(None, "No such file"), ("directory", "directory")])
def test_sample_says_why_the_file_cannot_be_read(
    sample: Any, file: Path, make: str | None, reason: str
) -> None:
    """Guards that an unreadable file is reported with its name and the system's reason."""
    if make == "directory":
        file.mkdir()
    with pytest.raises(sample.JsonFileError, match=reason) as caught:
        sample.get_provider().retrieve()
    assert str(file) in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)


def test_running_program_signs_with_the_replaced_file(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, bob: Identity, file: Path
) -> None:
    """Guards `is_expired()`: new keys in the file sign the next request, without a restart."""
    fresh = file.with_name("fresh.json")
    file.write_text(json.dumps(alice.document()))
    fresh.write_text(json.dumps(bob.document()))
    environment = new_environment("plugincreds-json-file")
    variables = {"PLUGIN_CREDS_FILE": str(file)}
    outcome = environment.run(PROGRAMS / "rotate.py", str(fresh), variables=variables)
    assert outcome.report == {"before": alice.arn, "after": [bob.arn] * 3}
    assert server.keys_seen() == {alice.access_key, bob.access_key}


def test_broken_file_is_a_typed_error_in_a_program(
    new_environment: NewEnvironment,
    server: MotoServer,
    bob: Identity,
    container: Identity,
    file: Path,
) -> None:
    """Guards that a broken file is an error, and that the container's role stays unused."""
    file.write_text(f'{{"Key": "{bob.access_key}", "Secret": "{bob.secret_key}"')
    variables = {
        "PLUGIN_CREDS_FILE": str(file),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
    }
    report = whoami(new_environment("plugincreds-json-file"), variables)
    assert container.access_key not in server.keys_seen()
    assert "PluginProviderRetrieveError" in report.error["kinds"]
    assert report.error["plugin"] == "json-file"
    assert "is not JSON" in report.error["message"] + report.error["cause"]
    assert server.seen() == []
