"""The contract of plugincreds, held against this plugin."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import ClassVar

import pytest
from plugincreds.testing import PluginContract
from tests.support.credentials_files import SECRET, section

NAME = "plugin-under-test"  # what the contract's tests call it, since it is not installed here


class TestSharedFile(PluginContract):
    """A section with a token and an expiry; the variable names the plugin."""

    getter = "plugincreds_shared_file:get_provider"
    section: ClassVar[str] = "default"

    @pytest.fixture
    def path(self) -> Path:
        """Return where the file is: the contract's tests have a folder of their own for it."""
        return Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"])

    @pytest.fixture
    def configured(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Write the section, a while ago, and select the plugin."""
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        path.write_text(section(1, self.section, x_security_token_expires=expiry.isoformat()))
        os.utime(path, (1e9, 1e9))
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", NAME)

    @pytest.fixture
    def unconfigured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Select no plugin."""
        monkeypatch.delenv("AWS_CREDENTIAL_PLUGIN")

    @pytest.fixture(params=["cut", "no key", "twice", "expired"])
    def failing(self, request: pytest.FixtureRequest, path: Path) -> str:
        """Damage the file, and return what no error may show."""
        good = section(2, self.section)
        damaged = {
            "cut": good[:-90],
            "no key": f"{good}{SECRET}\n",
            "twice": f"{good}aws_secret_access_key = {SECRET}\n",
            "expired": f"{good}expiration = 2020-01-01 00:00:00\n",
        }
        path.write_text(damaged[request.param])
        os.utime(path, (1e9, 1e9))
        return SECRET


class TestAnotherSection(TestSharedFile):
    """A section that an option names, for another profile."""

    profile = "work"
    section = "saml"
    options: ClassVar[dict[str, str]] = {"section": "saml"}
