"""The contract of plugincreds, held against this plugin over two keychains."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import keyring
import pytest
from plugincreds.testing import PluginContract

NAME = "plugin-under-test"  # what the contract's tests call it, since it is not installed here
SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
KEYS = {"AccessKeyId": "AKIAEXAMPLE000001", "SecretAccessKey": SECRET}


class Contract(PluginContract):
    """What both have in common: nothing selects the plugin, and a damaged item."""

    getter = "plugincreds_keyring:get_provider"

    @pytest.fixture
    def unconfigured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Select no plugin."""
        monkeypatch.delenv("AWS_CREDENTIAL_PLUGIN")

    @pytest.fixture
    def failing(self) -> str:
        """Damage the item, and return what no error may show."""
        keyring.set_password("aws", self.profile, f'{{"AccessKeyId": "{SECRET}')
        return SECRET


class TestLongTermKeys(Contract):
    """Keys without an expiry, in a file; the variable names the plugin, no profile is chosen."""

    @pytest.fixture
    def configured(self, monkeypatch: pytest.MonkeyPatch, plaintext: Any) -> None:
        """Store them."""
        assert plaintext is keyring.get_keyring()
        keyring.set_password("aws", "default", json.dumps(KEYS))
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", NAME)


class TestTemporaryKeys(Contract):
    """Keys with a token and an expiry, in memory, for another profile than the default one."""

    profile = "work"

    @pytest.fixture
    def configured(self, monkeypatch: pytest.MonkeyPatch, kept: Any) -> None:
        """Store them as the command does, and select the plugin."""
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        token = {"SessionToken": f"token{SECRET}", "Expiration": expiry.isoformat()}
        kept.set_password("aws", "work", json.dumps(KEYS | token))
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", NAME)
