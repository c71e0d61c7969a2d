"""Credentials that the processes of one user share: one retrieves, the others read the file.

This stands between the refresh engine and the plugin. The plugin of this process knows nothing
of credentials that another process retrieved, so its is_expired() is not asked about them: they
end by their expiry or by a rejection.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from plugincreds._lifecycle.policy import Failure, advisory_window
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval, Retrieved
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


class SharedCredentials:
    """Retrieves for one source, together with the other processes that have the same one.

    Args:
        plugin: The plugin.
        retrieval: Calls it.
        reporter: Words failures.
        identity: What decides whose credentials these are: the plugin's `cache_key()`, and what
            its getter was told of the session, or None.
        folder: Where the files are.
        is_expired: The plugin's function, or None.
        window: The configured advisory window in seconds, or None.
        clock: Returns seconds since the epoch.

    Raises:
        PluginError: What it needs is not installed.
    """

    def __init__(  # noqa: PLR0913 - one for each fact that decides whose credentials it shares
        self,
        plugin: Plugin,
        retrieval: Retrieval,
        reporter: Reporter,
        *,
        identity: tuple[str | None, tuple[Hashable, ...] | None],
        folder: Path,
        is_expired: Callable[[], object] | None = None,
        window: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        cache_key, told = identity
        self._plugin = plugin
        self._retrieval = retrieval
        self._reporter = reporter
        self._own_is_expired = is_expired
        self._profile = str(told[0]) if told else None
        self._files = CacheFiles(folder)
        facts = [plugin.name, plugin.origin, cache_key, repr(told)]
        if told is not None:  # it may exchange the credentials of the environment
            facts += [os.environ.get(name) for name in _BASE_IDENTITY]
        self._name = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        self._window = window
        self._clock = clock
        self._is_own = True  # the last credentials came from the plugin of this process
        self._given: str | None = None  # their access key
        self._given_at = 0.0
        self._refused: str | None = None  # a key that a service has rejected
        self._said: set[str] = set()
        self._lock_class = lock_class()

    def __call__(self, *, is_first: bool) -> Retrieved:
        """Return the credentials of the file, or new ones from the plugin, for all processes."""
        try:
            with self._turn() as (entry, is_mine):
                if entry is not None and not is_mine:
                    return self._taken(entry)
                return self._retrieved(entry, is_first=is_first)
        except _UnusableError as problem:
            self._warn(str(problem))
            return self._from_plugin(is_first=is_first)
        except SharingError as error:
            return self._reporter.failure(str(error), cause=error)

    def is_expired(self) -> object:
        """Ask the plugin, if it gave the last credentials in this process."""
        return self._is_own and self._own_is_expired is not None and self._own_is_expired()

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
            SharingError: Another process tries, or has just tried in vain.
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
                    raise SharingError(found)  # what is held here is good meanwhile
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
            SharingError: It has failed.
        """
        is_recent, failure = read_note(self._content(NOTE), since)
        if is_recent and failure is not None:
            raise SharingError(f"another process has just tried: {failure}")
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

    def _taken(self, entry: Entry) -> Retrieved:
        self._is_own = False
        self._given, self._given_at = entry.value.access_key, entry.retrieved_at
        return entry.value, entry.retrieved_at

    def _retrieved(self, entry: Entry | None, *, is_first: bool) -> Retrieved:
        """Ask the plugin, and write its credentials, if they are worth sharing.

        If it gives none and this process has none, those of another process are used until they
        expire.
        """
        retrieved = self._from_plugin(is_first=is_first)
        if isinstance(retrieved, Failure):
            may_take = entry is not None and self._given is None and self._is_good(entry)
            if may_take and entry is not None and not retrieved.is_final:
                found = f"could not refresh its credentials: {retrieved.found}"
                self._say(f"{found}. Those that another process retrieved are used")
                return self._taken(entry)
            if retrieved.cause is not None:
                self._leave_note(retrieved.found)
            return retrieved
        value, at = retrieved
        if value.expiry_time is None:
            self._leave_note(None)
        elif value.access_key != self._refused:
            facts = (self._plugin.name, self._plugin.origin, self._profile)
            self._write(Entry(value, at, *facts).document(), ENTRY)
        return retrieved

    def _leave_note(self, failure: str | None) -> None:
        self._write(note_of(failure, self._clock()), NOTE)

    def _write(self, document: bytes, ending: str) -> None:
        try:
            self._files.write(self._name, document, ending)
        except (OSError, RefusedError) as error:
            self._warn(_said_of(error))

    def _from_plugin(self, *, is_first: bool) -> Retrieved:
        retrieved = self._retrieval(is_first=is_first)
        if not isinstance(retrieved, Failure):
            value, at = retrieved
            self._is_own = True
            self._given, self._given_at = value.access_key, at
        return retrieved

    def _warn(self, found: str) -> None:
        self._say(f"does not share its credentials between processes: {found}")

    def _say(self, what: str) -> None:
        if what not in self._said:
            self._said.add(what)
            logger.warning("%s %s.", self._plugin.label, what)


class SharingError(Exception):
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
