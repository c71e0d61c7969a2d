"""What the processes of a test run make once for all of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.once import Once

PROCESSES = 8


def test_the_first_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    """Guards environments that several processes want at once: none is seen half made."""
    made: list[Path] = []
    seen: list[str] = []
    barrier = threading.Barrier(PROCESSES)

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "file").write_text("whole")

    def want() -> None:
        barrier.wait()
        # An object of its own, as each process has.
        seen.append((Once(tmp_path / "shared").get("name", make) / "file").read_text())

    threads = [threading.Thread(target=want) for _ in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, len(made)) == (["whole"] * PROCESSES, 1)


def test_what_failed_is_made_again(tmp_path: Path) -> None:
    """Guards that half a folder, which a failure or a killed process leaves, is never used."""

    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        Once(tmp_path).get("name", fail)
    folder = Once(tmp_path).get("name", Path.mkdir)
    assert list(folder.iterdir()) == []
