"""The command in a process without the machine's own AWS CLI."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_aws_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor looks for it, and may warn of it."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    monkeypatch.setenv("PATH", os.pathsep.join(p for p in path if not Path(p, "aws").exists()))


@pytest.fixture(autouse=True)
def _with_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands that the doctor prints depend on it, and uv makes environments without it."""
    monkeypatch.setattr("plugincreds._cli.doctor.commands.find_spec", lambda _: object())
