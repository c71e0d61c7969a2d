"""Copies of the project, for tests that build it or run what its pages say."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.environments import ROOT, checked, without_aws

_OF_CALLERS = ("MAKE", "MFLAGS", "PYTHON", "VIRTUAL_ENV")  # settings of what runs these tests


def copy_tree(target: Path, source: Path = ROOT) -> Path:
    """Copy the project, or a copy of it, without what git ignores."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ignored = shutil.ignore_patterns(".git", *(Path(line).name for line in lines))
    return Path(shutil.copytree(source, target, ignore=ignored))


def files_in(tree: Path) -> set[str]:
    """Return the files in a folder, relative to it."""
    return {str(file.relative_to(tree)) for file in tree.rglob("*") if file.is_file()}


def run_in(
    tree: Path, *command: str, variables: Mapping[str, str] | None = None, umask: int = 0o022
) -> str:
    """Run a command in a folder; return what it printed, which is in the error where it fails."""
    kept = {
        name: value
        for name, value in without_aws(os.environ).items()
        if not name.startswith(_OF_CALLERS)
    }
    return checked(command, {**kept, **(variables or {})}, tree, umask=umask)


def make(
    tree: Path, *arguments: str, umask: int = 0o022, binaries: Path = Path(sys.executable).parent
) -> str:
    """Run make there, with what is installed where the tests run in place of a `.venv`."""
    where = f"BIN={binaries}"
    return run_in(tree, "make", "--old-file=.venv/.ready", where, *arguments, umask=umask)
