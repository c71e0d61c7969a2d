"""Folders that one test run makes once, although several processes want them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


class Once:
    """Folders by name, each made by the first process that asks for it."""

    def __init__(self, directory: Path) -> None:
        """Keep the folders in this directory, which all processes of the run know."""
        self._directory = directory
        self._made: dict[str, Path] = {}

    def get(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of a name; `make` fills it, and other processes wait until it has."""
        if name not in self._made:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._made[name] = self._make(self._directory / name, make)
        return self._made[name]

    def _make(self, folder: Path, make: Callable[[Path], object]) -> Path:
        finished = folder.with_name(f"{folder.name}.finished")
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not finished.exists():
                # A process that failed or was killed here has left half a folder.
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                finished.touch()
        return folder
