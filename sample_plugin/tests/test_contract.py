"""The sample plugin keeps the contract of plugincreds."""

# ruff: noqa: INP001 - test folders are no packages

from pathlib import Path

import pytest

from plugincreds.testing import PluginContract

SECRET = "Canary0Canary1Canary2Canary3Canary4Canar"  # noqa: S105 - made up
GOOD = f'{{"Key": "AKIAEXAMPLE000000000", "Secret": "{SECRET}", "Token": "made-up-token"}}'


class TestJsonFile(PluginContract):
    """The tests are inherited; here is what they need."""

    getter = "plugincreds_json_file:get_provider"

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Return where the keys are."""
        return tmp_path / "keys.json"

    @pytest.fixture
    def configured(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Name a file with keys in it."""
        file.write_text(GOOD, encoding="utf-8")
        monkeypatch.setenv("PLUGIN_CREDS_FILE", str(file))

    @pytest.fixture(params=[None, ""], ids=["unset", "empty"])
    def unconfigured(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        """Name no file."""
        monkeypatch.delenv("PLUGIN_CREDS_FILE")
        if request.param is not None:
            monkeypatch.setenv("PLUGIN_CREDS_FILE", request.param)

    @pytest.fixture(params=["no JSON", "no object", "gone"])
    def failing(self, request: pytest.FixtureRequest, file: Path) -> str:
        """Damage the file, or remove it; no error may show what is in it."""
        damaged = {"no JSON": GOOD[:-1], "no object": f'["{SECRET}"]'}
        if request.param == "gone":
            file.unlink()
        else:
            file.write_text(damaged[request.param], encoding="utf-8")
        return SECRET
