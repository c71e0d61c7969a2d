"""Opens the cache's folder, and checks that no other user can read, write or replace it.

The checks are made on the open folder, and the files are then reached from there and not by their
path: what replaces the folder after the check is not used.

Windows cannot open folders like this. The folders of a user are private there.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from plugincreds._errors import printable

_HAS_DESCRIPTORS = os.open in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)  # without it, Windows changes line ends
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHER_WRITERS = stat.S_IWGRP | stat.S_IWOTH
# The cache's own names: a hash, and what files.py appends to it.
_OWN_NAME = re.compile(r"([0-9a-f]{64})(\.json|\.lock|\.note|\.base|\.[a-z0-9_]{8}\.new)", re.ASCII)


class RefusedError(Exception):
    """A file or folder is not safe to use; the message says which, why, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))  # it has a path


class Folder(NamedTuple):
    """An open folder that is safe to use.

    Attributes:
        path: Its path.
        descriptor: Its descriptor; None on Windows.
    """

    path: Path
    descriptor: int | None = None

    def names(self) -> list[tuple[str, str]]:
        """Return the names of the cache's own files, each as the hash and what follows it."""
        place = self.path if self.descriptor is None else self.descriptor
        found = os.listdir(place)  # noqa: PTH208 - a Path has no descriptor
        return [(match[1], match[2]) for match in map(_OWN_NAME.fullmatch, found) if match]

    def stat(self, name: str) -> os.stat_result:
        """Return what the system says about a file, or about the link that is in its place."""
        return os.stat(self._place(name), dir_fd=self.descriptor, follow_symlinks=False)

    def open(self, name: str, flags: int) -> int:
        """Open a file, which is created for this user alone; return the descriptor.

        Raises:
            RefusedError: It is not safe to use.
            OSError: It cannot be opened.
        """
        path, place = self.path / name, self._place(name)
        try:
            descriptor = os.open(place, flags | _NO_LINK | _BINARY, 0o600, dir_fd=self.descriptor)
        except OSError:
            with suppress(FileNotFoundError):
                _check(path, self.stat(name))
            raise
        try:
            _check(path, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def rename(self, name: str, new: str) -> None:
        """Rename a file; one that has the new name already is replaced."""
        here = self.descriptor
        os.replace(self._place(name), self._place(new), src_dir_fd=here, dst_dir_fd=here)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""
        with suppress(FileNotFoundError):
            os.unlink(self._place(name), dir_fd=self.descriptor)

    def _place(self, name: str) -> str:
        return str(self.path / name) if self.descriptor is None else name


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """Open a folder that is private to this user.

    Raises:
        RefusedError: It, or one of its parents, is not safe to use.
        FileNotFoundError: It does not exist.
        OSError: It cannot be opened.
    """
    if not _HAS_DESCRIPTORS:
        _check(path, path.lstat(), is_folder=True)
        yield Folder(path)
        return
    try:
        descriptor = os.open(path, _FOLDER | _NO_LINK)
    except OSError:
        with suppress(FileNotFoundError):
            _check(path, path.lstat(), is_folder=True)
        raise
    try:
        _check(path, os.fstat(descriptor), is_folder=True)
        _check_parents(path, descriptor, "..")
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


def create(path: Path) -> None:
    """Create a folder and its missing parents, each for this user alone.

    Raises:
        RefusedError: An existing parent is not safe to use.
        OSError: They cannot be created.
    """
    if os.path.lexists(path):
        return
    create(path.parent)
    with suppress(FileExistsError):  # another process may create it, too
        if not _HAS_DESCRIPTORS:
            path.mkdir(mode=0o700)
            return
        descriptor = os.open(path.parent, _FOLDER)
        try:
            _check_parents(path, descriptor, ".")
            os.mkdir(path.name, 0o700, dir_fd=descriptor)
        finally:
            os.close(descriptor)


def _check_parents(path: Path, descriptor: int, parent: str) -> None:
    """Check all parents of a folder: who can write in one can replace what is below it.

    Args:
        path: The folder, which need not exist.
        descriptor: An open folder.
        parent: The first parent, relative to that one.
    """
    for level, found in enumerate(_upwards(descriptor, parent)):
        if problem := _problem_of_parent(found):
            real = Path(os.path.realpath(path.parent))
            shown = [real, *real.parents][: level + 1][-1]  # mounts may hide some of them
            raise RefusedError(f"{path} is not safe, because {shown} {problem}")


def _upwards(descriptor: int, place: str) -> Iterator[os.stat_result]:
    found, below = os.stat(place, dir_fd=descriptor), None
    while below is None or not os.path.samestat(found, below):  # "/" is its own parent
        yield found
        place = f"{place}/.."
        found, below = os.stat(place, dir_fd=descriptor), found


def _problem_of_parent(found: os.stat_result) -> str:
    if found.st_uid not in {0, os.geteuid()}:
        return "belongs to another user, who can replace what is in it; choose another folder"
    # In a folder with the sticky bit, such as /tmp, only the owner of a file can replace it.
    if not found.st_mode & _OTHER_WRITERS or found.st_mode & stat.S_ISVTX:
        return ""
    advice = "chmod go-w it" if found.st_uid == os.geteuid() else "choose another folder"
    bits = stat.S_IMODE(found.st_mode)
    found_mode = f"is writable by other users (mode {bits:o})"
    return f"{found_mode}, who can replace what is in it; {advice}"


def _check(path: Path, found: os.stat_result, *, is_folder: bool = False) -> None:
    """Check the type, the owner and the mode of a file or folder."""
    is_kind, kind = (stat.S_ISDIR, "folder") if is_folder else (stat.S_ISREG, "file")
    if not is_kind(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else f"no {kind}"
        advice = "choose a folder of your own" if is_folder else "remove it"
        raise RefusedError(f"{path} is {what}; {advice}")
    if not hasattr(os, "geteuid"):  # on Windows
        return
    if found.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to another user; choose a folder of your own")
    if found.st_mode & _OTHERS:
        bits = stat.S_IMODE(found.st_mode)
        reason = _reason_and_advice(path, found) if is_folder else "; chmod 600 it"
        raise RefusedError(f"{path} is open to other users (mode {bits:o}){reason}")


def _reason_and_advice(path: Path, found: os.stat_result) -> str:
    if found.st_mode & stat.S_ISVTX:  # it is for all users, as /tmp is
        return "; choose a folder of your own"
    # To close a home directory or / to other users would break their programs.
    if not all(map(_OWN_NAME.fullmatch, os.listdir(path))):  # noqa: PTH208 - only the names
        return " and has other files in it; choose a folder for the cache alone"
    return "; chmod 700 it"
