"""The files of the cache: written completely or not at all, and private to one user.

A credentials file that another user could have written, or could read, is worse than none. So
the folder and each file are checked when they are open, and then used as they were opened.
Anything with another type, owner or mode than it was created with is refused.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from plugincreds._sharing.folders import Folder, create, opened

_LONGEST_WRITE = 60.0  # seconds
_LARGEST = 64 * 1024  # bytes; a token has at most some thousand
ENTRY, LOCK, NOTE, MARK = ".json", ".lock", ".note", ".base"  # suffixes of the files
_UNFINISHED = ".new"


class CacheFiles:
    """The files in one folder, by name without suffix.

    Other files in the folder are neither listed nor removed.

    Args:
        folder: The folder, which need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str, ending: str = ENTRY) -> Path:
        """Return the path of a file."""
        return self.folder / f"{name}{ending}"

    def names(self) -> list[str]:
        """Return the names of the entries in the folder.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: It cannot be read.
        """
        with suppress(FileNotFoundError), opened(self.folder) as folder:
            return sorted(name for name, ending in folder.names() if ending == ENTRY)
        return []

    def read(self, name: str, ending: str = ENTRY) -> bytes | None:
        """Return the content of a file; None if there is no such file.

        Raises:
            RefusedError: It, or the folder, is not safe to use.
            OSError: It cannot be read.
        """
        with suppress(FileNotFoundError), opened(self.folder) as folder:
            return _content(folder, f"{name}{ending}")
        return None

    def write(self, name: str, content: Callable[[str], bytes], ending: str = ENTRY) -> None:
        """Write a file atomically: a reader sees the old or the new file, even after a crash.

        Args:
            name: Its name.
            content: Returns what it is to hold. This is a function because the disk may be slow:
                an exception that a signal handler raises meanwhile must not find a secret in a
                variable.
            ending: Its suffix.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: It cannot be written; the old file is still there.
        """
        create(self.folder)
        with opened(self.folder) as folder:
            unfinished = f"{name}.{os.urandom(4).hex()}{_UNFINISHED}"
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                with os.fdopen(folder.open(unfinished, flags), "wb") as file:
                    file.write(content(name))
                    file.flush()
                    os.fsync(file.fileno())
                folder.rename(unfinished, f"{name}{ending}")
            except BaseException:
                with suppress(OSError):
                    folder.remove(unfinished)
                raise

    def remove(self, name: str) -> None:
        """Remove an entry, if it exists.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: It cannot be removed.
        """
        with suppress(FileNotFoundError), opened(self.folder) as folder:
            folder.remove(f"{name}{ENTRY}")

    def remove_leftovers(self) -> None:
        """Remove notes, and files left by processes that were killed while they wrote.

        Locks and young files stay, because a process may be using them.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: A file cannot be removed.
        """
        with suppress(FileNotFoundError), opened(self.folder) as folder:
            for name, ending in folder.names():
                file = f"{name}{ending}"
                if ending == NOTE or (ending.endswith(_UNFINISHED) and _is_old(folder, file)):
                    folder.remove(file)

    def create_folder(self) -> None:
        """Create the folder if it does not exist, and check that it is safe to use.

        Raises:
            RefusedError: It is not safe.
            OSError: It cannot be created.
        """
        create(self.folder)
        with opened(self.folder):
            pass


def _content(folder: Folder, file: str) -> bytes:
    descriptor = folder.open(file, os.O_RDONLY)
    try:
        return _limited(os.read(descriptor, _LARGEST))
    finally:
        os.close(descriptor)


def _limited(content: bytes) -> bytes:
    return content if len(content) < _LARGEST else b""


def _is_old(folder: Folder, file: str) -> bool:
    try:
        return time.time() - folder.stat(file).st_mtime > _LONGEST_WRITE
    except FileNotFoundError:
        return False
