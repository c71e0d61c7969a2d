"""The Pythons that are found here, for tests that need another one than that of the tests."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.environments import ROOT


def pythons() -> dict[tuple[int, int], str]:
    """Return an interpreter for each version that is found: this one, and others on the path.

    The newest may also be where `.ci/run` unpacks it.
    """
    found = {sys.version_info[:2]: sys.executable}
    for version, path in _candidates():
        if version not in found and _runs(path):
            found[version] = path
    return found


def _candidates() -> Iterator[tuple[tuple[int, int], str]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    unpacked = ROOT / ".nox/newest/python/root/usr/bin"
    for minor in re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', text):
        for path in (shutil.which(f"python3.{minor}"), unpacked / f"python3.{minor}"):
            if path and Path(path).exists():
                yield (3, int(minor)), str(path)


def _runs(path: str) -> bool:
    """Tell whether it does: pyenv has a file for each version, also if that is not chosen."""
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
