"""What type checkers say of programs that use the installed wheel."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

import plugincreds
from tests.support.environments import ROOT, NewEnvironment
from tests.support.trees import run_in

FILES = ROOT / "tests" / "typing"
BINARIES = Path(sys.executable).parent


def test_every_public_name_is_used_where_types_are_checked() -> None:
    """Guards that a new name comes with its right uses and its wrong ones."""
    text = "".join(file.read_text(encoding="utf-8") for file in FILES.glob("*.py"))
    assert set(re.findall(r"\bplugincreds\.(\w+)", text)) >= set(plugincreds.__all__)


def test_mypy_knows_the_types_of_the_wheel(new_environment: NewEnvironment, tmp_path: Path) -> None:
    """Guards py.typed, the lazy names, and the functions of the module that cannot have one."""
    for name in ("plugins.py", "wrong_uses.py"):
        shutil.copy(FILES / name, tmp_path)
    python = f"--python-executable={new_environment().python}"
    cache = f"--cache-dir={tmp_path / 'cache'}"
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", python, cache]
    run_in(tmp_path, *mypy, "plugins.py", "wrong_uses.py")


@pytest.mark.parametrize("mode", ["basic", "strict"])
def test_pyright_has_nothing_to_say_of_a_plugin(
    new_environment: NewEnvironment, tmp_path: Path, mode: str
) -> None:
    """Guards authors who use pyright, where botocore has no stubs."""
    shutil.copy(FILES / "plugins.py", tmp_path)
    settings = f'{{"typeCheckingMode": "{mode}"}}'
    (tmp_path / "pyrightconfig.json").write_text(settings, encoding="utf-8")
    python = f"--pythonpath={new_environment().python}"
    offline = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    run_in(tmp_path, str(BINARIES / "pyright"), python, "plugins.py", variables=offline)
