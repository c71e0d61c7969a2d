"""Values that the processes of one user share: one retrieves, the others read what it got.

It stands between the refresh engine and a plugin, as the pair of functions that the engine
calls. Of a value that another process retrieved, the plugin of this one knows nothing, so
its is_expired() is not asked: such a value ends by its expiry or by a rejection.
"""

import hashlib
import inspect
import json
import logging
import os
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from plugincreds._contract import Answer, Value
from plugincreds._errors import NonRecoverableError
from plugincreds._lifecycle.policy import advisory_window
from plugincreds._lifecycle.validation import read_answer
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin
from plugincreds._redaction import described
from plugincreds._sharing import lock_class
from plugincreds._sharing.entries import Entry, entry_of, note_of, read_note
from plugincreds._sharing.files import ENTRY, LOCK, NOTE, CacheFiles, RefusedError
from plugincreds._threads import is_in_loop, start

logger = logging.getLogger("plugincreds")

_LONGEST_WAIT = 60.0  # seconds for a process that holds the lock and does not come back
# What decides whose credentials a base session finds, beside the profile.
_BASE_IDENTITY = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
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
        if identity is not None:  # it may exchange what the environment has
            facts += [os.environ.get(name) for name in _BASE_IDENTITY]
        self._name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        self._window = window
        self._clock = clock
        self._is_own = True  # the value that was given last came from the plugin of this process
        self._given: str | None = None  # its access key
        self._given_at = 0.0
        self._refused: str | None = None  # a key that a service has rejected
        self._said: set[str] = set()
        self._lock_class = lock_class()

    def retrieve(self) -> Answer:
        """Return the value of the file, or a new one from the plugin, for all processes.

        Raises:
            ProcessCacheError: Another process tries, or has just tried in vain.
        """
        try:
            with self._turn() as (entry, is_mine):
                if entry is not None and not is_mine:
                    return self._taken(entry)
                return self._retrieved(entry)
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
        if not is_in_loop():
            self._remove_refused()
            return
        with suppress(RuntimeError):  # no thread can be had; the key is not taken here in any case
            start(self._remove_refused)  # the loop must not wait for a disk

    def _remove_refused(self) -> None:
        try:
            entry = entry_of(self._files.read(self._name), self._clock())
            if entry is not None and entry.value.access_key == self._refused:
                self._files.remove(self._name)
        except (OSError, RefusedError) as error:
            self._warn(_said_of(error))

    @contextmanager
    def _turn(self) -> Iterator[tuple[Entry | None, bool]]:
        """Yield what the file holds, and whether it is this process's turn to replace it.

        Raises:
            ProcessCacheError: Another process tries, or has just tried in vain.
        """
        entry = self._read()
        if entry is not None and self._is_fresh(entry):
            yield entry, False
            return
        lock, began, has_waited = self._lock(), self._clock(), False
        if not _acquired(lock):
            entry, has_waited = self._waited(lock, entry), True
            if entry is not None:
                yield entry, False
                return
        try:
            entry = self._read()
            is_fresh = entry is not None and self._is_fresh(entry)
            if has_waited and not is_fresh and self._has_just_failed(began):
                lock.release()  # its values cannot be shared, so nobody need wait for another
            yield entry, not is_fresh
        finally:
            lock.release()

    def _waited(self, lock: Any, entry: Entry | None) -> Entry | None:
        """Wait for the lock, or for the entry that its holder writes, which is returned."""
        until = time.monotonic() + _LONGEST_WAIT
        while True:
            if entry is not None and self._is_new(entry):
                return entry  # it is being renewed ahead by somebody else
            if time.monotonic() > until:
                found = f"another process has been retrieving for {_LONGEST_WAIT:.0f} s"
                if entry is not None and self._is_good(entry):
                    raise ProcessCacheError(found)  # what is held here is good meanwhile
                self._warn(f"{found}, so this one retrieves for itself")
                return None
            time.sleep(_POLL)
            entry = self._read()
            if entry is not None and self._is_fresh(entry):
                return entry
            if _acquired(lock):
                return None

    def _has_just_failed(self, since: float) -> bool:
        """Tell whether the one who was waited for has left nothing to share.

        Raises:
            ProcessCacheError: It has failed.
        """
        is_recent, failure = read_note(self._content(NOTE), since)
        if is_recent and failure is not None:
            raise ProcessCacheError(f"another process has just tried: {failure}")
        return is_recent

    def _read(self) -> Entry | None:
        return entry_of(self._content(ENTRY), self._clock())

    def _content(self, ending: str) -> bytes | None:
        try:
            return self._files.read(self._name, ending)
        except (OSError, RefusedError) as error:
            raise _UnusableError(_said_of(error)) from error

    def _lock(self) -> Any:
        try:
            self._files.create_folder()
        except (OSError, RefusedError) as error:
            raise _UnusableError(_said_of(error)) from error
        return self._lock_class(self._files.path(self._name, LOCK), mode=0o600)

    def _is_good(self, entry: Entry) -> bool:
        return entry.value.access_key != self._refused

    def _is_new(self, entry: Entry) -> bool:
        """Tell whether it is not what is to be replaced."""
        is_other = entry.value.access_key != self._given or entry.retrieved_at > self._given_at
        return is_other and self._is_good(entry)

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

    def _retrieved(self, entry: Entry | None) -> Answer:
        """Ask the plugin, and write what it gave, if that is worth sharing.

        A value that another process has left is used as long as it lasts, if this one has none.
        """
        may_take = entry is not None and self._given is None and self._is_good(entry)
        try:
            answer = self._from_plugin()
        except Exception as error:
            if may_take and entry is not None and not isinstance(error, NonRecoverableError):
                found = f"could not renew its credentials: {described(error)}"
                self._say(f"{found}. Those that another process retrieved are used")
                return self._taken(entry)
            self._leave_note(described(error))
            raise
        value, _ = read_answer(answer, self._clock())
        if value is None and may_take and entry is not None:
            self._say("gave no credentials. Those that another process retrieved are used")
            return self._taken(entry)
        is_same = self._functions.is_same
        if value is None or not (is_same is None or is_same()):
            return answer  # the engine says what is wrong with it, if anything is
        if value.expiry_time is None:
            self._leave_note(None)
        elif value.access_key != self._refused:
            facts = (self._plugin.name, self._plugin.origin, self._profile)
            self._write(Entry(value, self._given_at, *facts).document(), ENTRY)
        return answer

    def _leave_note(self, failure: str | None) -> None:
        self._write(note_of(failure, self._clock()), NOTE)

    def _write(self, document: bytes, ending: str) -> None:
        try:
            self._files.write(self._name, document, ending)
        except (OSError, RefusedError) as error:
            self._warn(_said_of(error))

    def _from_plugin(self) -> Answer:
        answer = self._functions.retrieve()
        if inspect.isawaitable(answer):
            from plugincreds._threads import awaited  # noqa: PLC0415 - it imports asyncio

            answer = awaited(answer)
        now = self._clock()
        value, _ = read_answer(answer, now)
        if value is not None:
            self._is_own = True
            self._given, self._given_at = value.access_key, now
        return answer  # type: ignore[no-any-return] # the engine checks it

    def _warn(self, found: str) -> None:
        self._say(f"does not share its credentials between processes: {found}")

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            logger.warning("%s %s.", self._plugin.label, what)


class ProcessCacheError(Exception):
    """What this process waits for is tried by another one, or has just failed there."""


class _UnusableError(Exception):
    """The cache cannot be used now; the plugin is asked without it."""


def _acquired(lock: Any) -> bool:
    try:
        lock.acquire(timeout=0)
    except TimeoutError:  # filelock's own is one
        return False
    except (OSError, NotImplementedError) as error:
        raise _UnusableError(_said_of(error)) from error
    return True


def _said_of(error: Exception) -> str:
    return str(error) if isinstance(error, RefusedError) else described(error)
