"""Values that the processes of one user share: one retrieves, the others read what it got.

It stands between the refresh engine and a plugin, as the pair of functions that the engine
calls. Of a value that another process retrieved, the plugin of this one knows nothing, so
its is_expired() is not asked: such a value ends by its expiry or by a rejection.
"""

import hashlib
import inspect
import json
import logging
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from plugincreds._answer import read_answer
from plugincreds._cache_entry import Entry, entry_of
from plugincreds._cache_files import CacheFiles, RefusedError
from plugincreds._contract import Answer, Value
from plugincreds._errors import PluginError, described
from plugincreds._functions import Functions
from plugincreds._lifecycle import advisory_window
from plugincreds._plugin import Plugin
from plugincreds._worker import awaited

logger = logging.getLogger("plugincreds")

_LONGEST_WAIT = 60.0  # seconds for a process that holds the lock and does not come back
_POLL = 0.05  # seconds between two looks at the lock and the file


class ProcessCache:
    """The functions of one source, with what its other processes have retrieved.

    Args:
        plugin: The plugin.
        functions: Its functions, with a `cache_key`.
        identity: What the plugin was told of the session, if it was; it decides who it gives.
        folder: Where the files are.
        window: The configured advisory window in seconds, or None.
        clock: Returns seconds since the epoch.

    Raises:
        PluginError: What it needs is not installed.
    """

    def __init__(  # noqa: PLR0913 - one for each thing that decides whose value it is
        self,
        plugin: Plugin,
        functions: Functions,
        identity: tuple[Hashable, ...] | None,
        folder: Path,
        *,
        window: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._plugin = plugin
        self._functions = functions
        self._profile = str(identity[0]) if identity else None
        self._files = CacheFiles(folder)
        facts = [plugin.name, plugin.origin, functions.cache_key, repr(identity)]
        self._name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        self._window = window
        self._clock = clock
        self._is_own = True  # the value that was given last came from the plugin of this process
        self._given: str | None = None  # its access key
        self._given_at = 0.0
        self._refused: str | None = None  # a key that a service has rejected
        self._said: set[str] = set()
        self._lock_class = _lock_class()

    def retrieve(self) -> Answer:
        """Return the value of the file, or a new one from the plugin, for all processes."""
        try:
            with self._turn() as entry:
                return self._retrieved() if entry is None else self._taken(entry)
        except _UnusableError as problem:
            self._warn(str(problem))
            return self._from_plugin()

    def is_expired(self) -> bool:
        """Ask the plugin, if the value is one that it gave in this process."""
        return self._is_own and self._functions.is_expired()

    def since(self) -> float:
        """Return when the value that was given last was retrieved."""
        return self._given_at

    def reject(self, access_key: str) -> None:
        """Remove the file, if it holds this key: a service rejected it."""
        self._refused = access_key
        try:
            entry = entry_of(self._files.read(self._name), self._clock())
            if entry is not None and entry.value.access_key == access_key:
                self._files.remove(self._name)
        except (OSError, RefusedError) as error:
            self._warn(_said_of(error))

    @contextmanager
    def _turn(self) -> Iterator[Entry | None]:
        """Yield an entry to take, or None when it is this process's turn to retrieve."""
        entry = self._read()
        if entry is not None and self._is_fresh(entry):
            yield entry
            return
        lock = self._lock()
        began = time.monotonic()
        while not _acquired(lock):
            if entry is not None and self._is_new(entry):
                yield entry  # it is being renewed ahead by somebody else
                return
            if time.monotonic() - began > _LONGEST_WAIT:
                raise _UnusableError(
                    f"another process has been retrieving for {_LONGEST_WAIT:.0f} s, so this one "
                    "retrieves for itself"
                )
            time.sleep(_POLL)
            entry = self._read()
            if entry is not None and self._is_fresh(entry):
                yield entry
                return
        try:
            entry = self._read()
            yield entry if entry is not None and self._is_fresh(entry) else None
        finally:
            lock.release()

    def _read(self) -> Entry | None:
        try:
            return entry_of(self._files.read(self._name), self._clock())
        except (OSError, RefusedError) as error:
            raise _UnusableError(_said_of(error)) from error

    def _lock(self) -> Any:
        try:
            self._files.create_folder()
        except (OSError, RefusedError) as error:
            raise _UnusableError(_said_of(error)) from error
        return self._lock_class(self._files.path(self._name, ".lock"), mode=0o600)

    def _is_new(self, entry: Entry) -> bool:
        """Tell whether it is not what is to be replaced."""
        return entry.value.access_key not in {self._given, self._refused}

    def _is_fresh(self, entry: Entry) -> bool:
        """Tell whether it is new, and not to be renewed ahead yet."""
        now, expiry = self._clock(), entry.value.expiry_time
        if expiry is None or not self._is_new(entry) or entry.retrieved_at > now:
            return False
        expires_at = expiry.timestamp()
        window = advisory_window(expires_at - entry.retrieved_at, self._window)
        return now < expires_at - window

    def _taken(self, entry: Entry) -> Value:
        self._is_own = False
        self._given, self._given_at = entry.value.access_key, entry.retrieved_at
        return entry.value

    def _retrieved(self) -> Answer:
        """Ask the plugin, and write what it gave, if that is worth sharing."""
        answer = self._from_plugin()
        value, _ = read_answer(answer, self._clock())
        is_same = self._functions.is_same
        if value is None or value.expiry_time is None or not (is_same is None or is_same()):
            return answer  # the engine says what is wrong with it, if anything is
        plugin = self._plugin
        entry = Entry(value, self._given_at, plugin.name, plugin.origin, self._profile)
        try:
            self._files.write(self._name, entry.document())
        except (OSError, RefusedError) as error:
            self._warn(_said_of(error))
        return answer

    def _from_plugin(self) -> Answer:
        answer = self._functions.retrieve()
        if inspect.isawaitable(answer):
            answer = awaited(answer)
        self._is_own = True
        self._given_at = self._clock()
        value, _ = read_answer(answer, self._given_at)
        self._given = None if value is None else value.access_key
        return answer  # type: ignore[no-any-return] # the engine checks it

    def _warn(self, found: str) -> None:
        if found not in self._said:
            self._said.add(found)
            logger.warning(
                "%s: its credentials are not shared between processes: %s.",
                self._plugin.label,
                found,
            )


class _UnusableError(Exception):
    """The cache cannot be used now; the plugin is asked without it."""


def _acquired(lock: Any) -> bool:
    try:
        lock.acquire(timeout=0)
    except TimeoutError:  # filelock's own is one
        return False
    except OSError as error:
        raise _UnusableError(_said_of(error)) from error
    return True


def _said_of(error: Exception) -> str:
    return str(error) if isinstance(error, RefusedError) else described(error)


def _lock_class() -> Any:
    try:
        from filelock import FileLock  # noqa: PLC0415 - an extra, for those who share values
    except ImportError as error:
        message = (
            "Sharing credentials between processes needs the package filelock. Install it: "
            "pip install 'plugincreds[cache]', or switch credential_plugin_cache off."
        )
        raise PluginError(message) from error
    return FileLock
