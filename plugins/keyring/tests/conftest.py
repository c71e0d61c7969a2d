"""A keychain in a temporary folder, profiles, and what a getter is told."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import botocore.session
import keyring
import plugincreds
import pytest
from keyring.backend import KeyringBackend
from keyrings.alt.file import PlaintextKeyring  # type: ignore[import-untyped]

SOURCE = Path(__file__).parents[1] / "src"
if str(SOURCE) not in sys.path:  # tried without being installed
    sys.path.insert(0, str(SOURCE))

Leave: TypeAlias = Callable[[str, str], Path]  # the fixture `leave`
NewContext: TypeAlias = Callable[..., plugincreds.PluginContext]  # the fixture of that name


class Kept(KeyringBackend):
    """A keychain in memory, which counts how often somebody looks."""

    priority = -1  # never chosen by itself

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.items: dict[tuple[str, str], str] = {}
        self.looks = 0
        self.fault: BaseException | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self.looks += 1
        if self.fault is not None:
            raise self.fault
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.fault is not None:
            raise self.fault
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.items[service, username]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: Kept) -> Iterator[Path]:
    """Keep the developer's keychain, configuration and terminal out of every test."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "KEYRING_", "PYTHON_K"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    (folder / ".aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / ".aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / ".aws" / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(keyring.core, "_keyring_backend", kept)
    plugincreds.reset()
    yield folder
    plugincreds.reset()


@pytest.fixture
def kept() -> Any:
    """Return the keychain in memory that the package keyring has chosen, if no other is."""
    return Kept()


@pytest.fixture
def plaintext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a real backend over a file, chosen in place of the one in memory."""
    backend = PlaintextKeyring()
    backend.file_path = str(tmp_path / "plaintext.cfg")
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend


@pytest.fixture
def leave(home: Path) -> Leave:
    """Return a function that makes the file which 1.0.0 leaves for an item."""

    def make(service: str, username: str) -> Path:
        name = hashlib.sha256(json.dumps([service, username]).encode()).hexdigest()
        file = home / ".aws" / "plugincreds" / "keyring" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return file

    return make


@pytest.fixture
def new_context() -> NewContext:
    """Return a function that makes what a getter is told of a profile."""

    def make(
        profile: str = "work",
        *,
        is_selected: bool = True,
        region: str | None = None,
        **options: str,
    ) -> plugincreds.PluginContext:
        def open_session() -> Any:
            return botocore.session.Session(session_vars={"profile": (None, None, profile, None)})

        return plugincreds.PluginContext(
            "keyring",
            profile=profile,
            region=region,
            options=options,
            open_session=open_session,
            is_selected=is_selected,
        )

    return make


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plugin, as far as its entry point goes."""
    info = tmp_path / "site" / "plugincreds_keyring-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: plugincreds-keyring\nVersion: 0.1.0\n")
    value = "keyring = plugincreds_keyring:get_provider\n"
    (info / "entry_points.txt").write_text(f"[aws_sdk.credential_plugins]\n{value}")
    monkeypatch.syspath_prepend(str(info.parent))
