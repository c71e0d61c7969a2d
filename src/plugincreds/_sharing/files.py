"""The files of the cache: written completely or not at all, and private to one user.

A credentials file that another user could have written, or could read, is worse than none. So
the folder is checked each time, and each file by the descriptor that it is then read from.
Anything with another type, owner or mode than it was created with is refused.
"""

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from plugincreds._errors import printable

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST_WRITE = 60.0  # seconds
_LARGEST = 64 * 1024  # bytes; a token has at most some thousand
ENTRY, LOCK, NOTE, MARK = ".json", ".lock", ".note", ".base"  # suffixes of the files


class RefusedError(Exception):
    """A file or folder is not safe to use; the message says which, why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # it has a path


class CacheFiles:
    """The files in one folder, by name without suffix.

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
        if not self._check_folder():
            return []
        return sorted(path.stem for path in self.folder.glob(f"*{ENTRY}"))

    def read(self, name: str, ending: str = ENTRY) -> bytes | None:
        """Return the content of a file; None if there is no such file.

        Raises:
            RefusedError: It, or the folder, is not safe to use.
            OSError: It cannot be read.
        """
        if not self._check_folder():
            return None
        path = self.path(name, ending)
        try:
            descriptor = os.open(path, os.O_RDONLY | _NO_LINK)
        except FileNotFoundError:
            return None
        except OSError as error:
            if path.is_symlink():
                raise RefusedError(f"{path} is a symbolic link; remove it") from error
            raise
        try:
            _check(path, os.fstat(descriptor), stat.S_ISREG, "file", 0o600)
            content = os.read(descriptor, _LARGEST)
        finally:
            os.close(descriptor)
        return content if len(content) < _LARGEST else b""

    def write(self, name: str, content: bytes, ending: str = ENTRY) -> None:
        """Write a file atomically: a reader sees the old or the new file, even after a crash.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: It cannot be written; the old file is still there.
        """
        self.create_folder()
        # mkstemp() creates a file with mode 0600, and never opens an existing one.
        descriptor, temporary = tempfile.mkstemp(prefix=f"{name}.", suffix=".new", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, self.path(name, ending))  # noqa: PTH105 - the path is a str here
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 - the path is a str here
            raise

    def remove(self, name: str) -> None:
        """Remove a file, if it exists.

        Raises:
            RefusedError: The folder is not safe to use.
            OSError: It cannot be removed.
        """
        if self._check_folder():
            self.path(name).unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Remove notes, and files left by processes that were killed while they wrote.

        Locks and young files stay, because a process may be using them.
        """
        if not self._check_folder():
            return
        for path in self.folder.glob(f"*{NOTE}"):
            path.unlink(missing_ok=True)
        for path in self.folder.glob("*.new"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _LONGEST_WRITE:
                    path.unlink()

    def create_folder(self) -> None:
        """Create the folder if it does not exist, and check that it is safe to use.

        Raises:
            RefusedError: It is not safe.
            OSError: It cannot be created.
        """
        for folder in (*reversed(self.folder.parents), self.folder):
            if not folder.exists():
                with suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
        self._check_folder()

    def _check_folder(self) -> bool:
        try:
            found = self.folder.lstat()
        except FileNotFoundError:
            return False
        _check(self.folder, found, stat.S_ISDIR, "folder", 0o700)
        return True


def _check(path: Path, found: os.stat_result, is_kind: object, kind: str, mode: int) -> None:
    if not is_kind(found.st_mode):  # type: ignore[operator] # a function of the module stat
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else f"no {kind}"
        advice = "choose a folder of your own" if kind == "folder" else "remove it"
        raise RefusedError(f"{path} is {what}; {advice}")
    if not hasattr(os, "geteuid"):  # on Windows, the folders of a user are private
        return
    if found.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to another user; choose a folder of your own")
    if found.st_mode & _OTHERS:
        bits = stat.S_IMODE(found.st_mode)
        # The sticky bit marks a folder for all users, such as /tmp.
        is_common = bool(found.st_mode & stat.S_ISVTX)
        advice = "choose a folder of your own" if is_common else f"chmod {mode:o} it"
        raise RefusedError(f"{path} is open to other users (mode {bits:o}); {advice}")
