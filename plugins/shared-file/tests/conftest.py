"""A home directory, a clock that the tests set, a credentials file, and plugins that read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import plugincreds
import pytest
from tests.support.credentials_files import Clock, CredentialsFile, NewContext, NewPlugin

SOURCE = Path(__file__).parents[1] / "src"
if str(SOURCE) not in sys.path:  # tried without being installed
    sys.path.insert(0, str(SOURCE))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep the developer's configuration out of every test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    (folder / ".aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    plugincreds.reset()
    yield folder
    plugincreds.reset()


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the plugins."""
    return Clock()


@pytest.fixture
def file(home: Path, clock: Clock) -> CredentialsFile:
    """Return the file that the plugin reads without options."""
    return CredentialsFile(home / ".aws" / "credentials", clock)


@pytest.fixture
def new_context() -> NewContext:
    """Return a function that makes what a getter is told of a profile."""

    def make(
        profile: str = "work", *, is_selected: bool = True, **options: str
    ) -> plugincreds.PluginContext:
        def open_session() -> Any:
            return botocore.session.Session(session_vars={"profile": (None, None, profile, None)})

        return plugincreds.PluginContext(
            "shared-file",
            profile=profile,
            region=None,
            options=options,
            open_session=open_session,
            is_selected=is_selected,
        )

    return make


@pytest.fixture
def new_plugin(new_context: NewContext, clock: Clock) -> NewPlugin:
    """Return a function that makes a plugin for a profile."""
    from plugincreds_shared_file._plugin import SharedFilePlugin  # noqa: PLC0415 - see SOURCE

    def make(profile: str = "work", **options: str) -> Any:
        return SharedFilePlugin(
            new_context(profile, **options),
            now=clock.time,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )

    return make


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the plugin, as far as its entry point goes."""
    info = tmp_path / "site" / "plugincreds_shared_file-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: plugincreds-shared-file\nVersion: 0.1.0\n")
    value = "shared-file = plugincreds_shared_file:get_provider\n"
    (info / "entry_points.txt").write_text(f"[aws_sdk.credential_plugins]\n{value}")
    monkeypatch.syspath_prepend(str(info.parent))
