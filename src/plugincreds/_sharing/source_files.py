"""The files of one source: their name, and what is read from and written to them."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from plugincreds._base_identity import BaseIdentity, digest
from plugincreds._redaction import described
from plugincreds._sharing import lock_class
from plugincreds._sharing.files import ENTRY, LOCK, MARK, CacheFiles
from plugincreds._sharing.folders import RefusedError
from plugincreds._threads import is_interruption

_T = TypeVar("_T")


class UnusableError(Exception):
    """The cache cannot be used now, so the plugin is called without it."""


class SourceFiles:
    """The files of one source, in the folder of the cache.

    Each method that reads or writes may raise an UnusableError.

    Args:
        folder: The folder, which need not exist yet.
        facts: What decides whose credentials these are, apart from `base`.
        base: Whose base credentials the plugin uses.

    Raises:
        PluginError: The package filelock is not installed.
    """

    def __init__(self, folder: Path, facts: Iterable[object], base: BaseIdentity) -> None:
        self._files = CacheFiles(folder)
        self._base = base
        self._common_name = self._name = digest(list(facts))
        self._lock_class = lock_class()

    def find_name(self) -> bool:
        """Find the name of the files; return whether it is another one than before."""
        before, base = self._name, self._base
        # A mark says that the plugin uses base_session().
        if not base.used(by_environment=True) and self.read(MARK) is not None:
            base.note(by_environment=True)
        if used := base.used(by_environment=True):
            self._name = digest([self._common_name, used])
        return self._name != before

    def mark(self) -> bool:
        """Tell other processes if the plugin has used base_session() for the first time.

        The name of the files is then another one, which is what this returns.
        """
        if self._name != self._common_name or not self._base.used(by_environment=True):
            return False
        try:
            self.write(lambda _: b"{}", MARK)
        finally:  # what the plugin has given must not have the common name in any case
            self.find_name()
        return True

    @property
    def name(self) -> str:
        """The name of the files, without their suffixes."""
        return self._name

    def read(self, ending: str = ENTRY) -> bytes | None:
        """Return the content of a file; None if there is no such file."""
        return _tried(partial(self._files.read, self._name, ending))

    def write(self, content: Callable[[str], bytes], ending: str = ENTRY) -> None:
        """Write a file, completely or not at all; its content depends on the name of the files."""
        _tried(partial(self._files.write, self._name, content, ending))

    def remove(self) -> None:
        """Remove the entry, if there is one."""
        _tried(partial(self._files.remove, self._name))

    def lock(self) -> Any:
        """Return the lock for these files, which is not acquired yet."""
        _tried(self._files.create_folder)
        return self._lock_class(self._files.path(self._name, LOCK), mode=0o600)


def acquired(lock: Any) -> bool:
    """Acquire a lock without waiting, and return whether this was possible."""
    return _tried(partial(_acquired, lock))


def _acquired(lock: Any) -> bool:
    try:
        lock.acquire(timeout=0)
    except TimeoutError:  # filelock's own is one
        return False
    return True


def release(lock: Any) -> None:
    """Release a lock; if that fails, it is released when nothing refers to it any more."""
    _tried(lock.release)


def _tried(call: Callable[[], _T]) -> _T:
    """Make a call; whatever fails in it makes the cache unusable."""
    # No context manager: that of Python 3.13 leaves a cycle, which keeps a lock that fails.
    try:
        return call()
    except Exception as error:  # of the operating system, of filelock, or a refusal
        if is_interruption(error):
            raise
        found = str(error) if isinstance(error, RefusedError) else described(error)
        raise UnusableError(found) from error
