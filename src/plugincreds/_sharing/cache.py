"""Credentials shared by the processes of one user: one retrieves, the others read its file.

This is called by the refresh engine in place of the plugin. The plugin of this process knows
nothing of credentials that another process retrieved, so its is_expired() is not called for them:
they end by their expiry or by a rejection.
"""

import logging
import os
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from plugincreds._base_identity import BaseIdentity
from plugincreds._lifecycle.policy import Failure, advisory_window
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval, Retrieved
from plugincreds._plugins.references import Plugin
from plugincreds._reentrancy import PATIENCE
from plugincreds._sharing.entries import Entry, Note, entry_of, note_in
from plugincreds._sharing.files import ENTRY, NOTE
from plugincreds._sharing.source_files import SourceFiles, UnusableError, acquired, release
from plugincreds._threads import is_in_loop, start

logger = logging.getLogger("plugincreds")

_LONGEST_WAIT = 60.0  # seconds to wait for a process that holds the lock
_POLL = 0.05  # seconds between two looks at the lock and the file


class SharedCredentials:
    """Retrieves for one source, together with the other processes that have the same source.

    Args:
        plugin: The plugin.
        retrieval: Calls it.
        reporter: Words failures.
        identity: What decides whose credentials these are: the plugin's `cache_key()`, and the
            identity that its getter received, or None.
        base: Whose base credentials the plugin uses.
        folder: The folder of the files.
        is_expired: The plugin's function, or None.
        window: The configured advisory window in seconds, or None.
        clock: Returns seconds since the epoch.

    Raises:
        PluginError: The package filelock is not installed.
    """

    def __init__(  # noqa: PLR0913 - one for each fact that decides whose credentials it shares
        self,
        plugin: Plugin,
        retrieval: Retrieval,
        reporter: Reporter,
        *,
        identity: tuple[str | None, tuple[Hashable, ...] | None],
        base: BaseIdentity,
        folder: Path,
        is_expired: Callable[[], object] | None = None,
        window: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        cache_key, received = identity
        self._plugin = plugin
        self._retrieval = retrieval
        self._reporter = reporter
        self._own_is_expired = is_expired
        profile = str(received[0]) if received else None
        self._origin = (plugin.name, plugin.origin, profile)
        facts = [plugin.name, plugin.origin, cache_key, repr(received)]
        if received is not None:  # the plugin may exchange the credentials of context.session
            facts += base.facts()
        self._files = SourceFiles(folder, facts, base)
        self._window = window
        self._clock = clock
        self._is_own = True  # whether this process's plugin gave the last credentials
        self._given: str | None = None  # their access key
        self._given_at = 0.0
        self._rejected: str | None = None  # a key that a service has rejected
        self._warned: set[str] = set()

    def __call__(self, *, is_first: bool) -> Retrieved:
        """Return credentials from the file, or new ones from the plugin for all processes."""
        try:
            while True:
                self._files.find_name()
                with self._turn() as (entry, is_mine):
                    if entry is not None and not is_mine:
                        return self._taken(entry)
                    if not self._files.find_name():  # nor has the process that was waited for
                        return self._retrieved(entry, is_first=is_first)
        except UnusableError as problem:
            self._warn_not_shared(problem)
            return self._from_plugin(is_first=is_first)
        except SharingError as error:
            return self._reporter.failure(str(error), cause=error, hint=error.hint)

    def is_expired(self) -> object:
        """Call the plugin's function, if it gave the last credentials in this process."""
        return self._is_own and self._own_is_expired is not None and self._own_is_expired()

    def reject(self, access_key: str) -> None:
        """Remove the file, if it has this key: a service rejected it."""
        self._rejected = access_key
        if not is_in_loop():
            self._remove_rejected()
            return
        with suppress(RuntimeError):  # without a thread it stays, but is not used in this process
            start(self._remove_rejected)  # the event loop must not wait for a disk

    def _remove_rejected(self) -> None:
        try:
            entry = self._read()
            if entry is not None and entry.value.access_key == self._rejected:
                self._files.remove()
        except UnusableError as error:
            self._warn_not_shared(error)

    @contextmanager
    def _turn(self) -> Iterator[tuple[Entry | None, bool]]:
        """Yield the file's entry, and whether it is this process's turn to replace it.

        Raises:
            SharingError: Another process still tries, or has just failed.
        """
        entry = self._read()
        if entry is not None and self._is_fresh(entry):
            yield entry, False
            return
        lock, began, has_waited = self._files.lock(), self._clock(), False
        if not acquired(lock):
            entry, has_waited = self._waited(lock, entry), True
            if entry is not None:
                yield entry, False
                return
        try:
            entry = self._read()
            is_fresh = entry is not None and self._is_fresh(entry)
            if has_waited and not is_fresh and self._has_just_failed(began):
                self._release(lock)  # nothing can be shared, so other processes need not wait
            yield entry, not is_fresh
        finally:
            self._release(lock)

    def _release(self, lock: Any) -> None:
        try:
            release(lock)
        except UnusableError as error:  # the credentials are there, and are used
            self._warn_not_shared(error)

    def _waited(self, lock: Any, entry: Entry | None) -> Entry | None:
        """Wait for the lock, or for an entry to use, which is returned."""
        began = time.monotonic()
        while True:
            if entry is not None and self._is_new(entry):
                return entry  # another process is refreshing it early
            waited = time.monotonic() - began
            if waited > _LONGEST_WAIT:
                found = f"another process has been retrieving for {_LONGEST_WAIT:.0f} s"
                if entry is not None and self._is_good(entry):
                    raise SharingError(found)  # the current credentials can still be used
                self._warn_not_shared(f"{found}, so this one retrieves for itself")
                return None
            if waited > PATIENCE:
                seconds = f"{PATIENCE:.0f} s"
                self._warn(f"has waited {seconds} for another process, which retrieves credentials")
            time.sleep(_POLL)
            entry = self._read()
            if entry is not None and self._is_fresh(entry):
                return entry
            if acquired(lock):
                return None

    def _has_just_failed(self, since: float) -> bool:
        """Tell whether the process that was waited for got credentials that cannot be shared.

        Raises:
            SharingError: It has failed, and this process would fail, too.
        """
        note = note_in(self._files.read(NOTE), self._files.name, since)
        if note is not None and note.failure is not None:
            if _is_at_terminal() and not note.at_terminal:
                return False  # here the plugin may ask a person
            raise SharingError(f"another process has just tried: {note.failure}", note.hint)
        return note is not None

    def _read(self) -> Entry | None:
        entry = entry_of(self._files.read(), self._files.name, self._clock())
        return entry if entry is not None and entry.origin == self._origin else None

    def _is_good(self, entry: Entry) -> bool:
        return entry.value.access_key != self._rejected

    def _is_new(self, entry: Entry) -> bool:
        """Tell whether an entry is not the one that this process wants to replace."""
        is_other = entry.value.access_key != self._given or entry.retrieved_at > self._given_at
        return is_other and self._is_good(entry)

    def _is_fresh(self, entry: Entry) -> bool:
        """Tell whether an entry is new, and not due for an early refresh."""
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
        """Call the plugin, and write its credentials if they have an expiry.

        If it fails and this process has no credentials, those of another process are used until
        they expire.
        """
        retrieved = self._from_plugin(is_first=is_first)
        if self._has_marked():
            entry = None  # it may belong to another base identity
        if isinstance(retrieved, Failure):
            may_take = entry is not None and self._given is None and self._is_good(entry)
            if may_take and entry is not None and not retrieved.is_final:
                found = f"could not refresh its credentials: {retrieved.found}"
                hint = f". What to do: {retrieved.hint}" if retrieved.hint else ""
                self._warn(f"{found}. Those that another process retrieved are used{hint}")
                return self._taken(entry)
            if retrieved.cause is not None:
                self._leave_note(Note(retrieved.found, retrieved.hint, _is_at_terminal()))
            return retrieved
        value, at = retrieved
        if value.expiry_time is None:
            self._leave_note(Note(None))
        elif value.access_key != self._rejected:
            self._write(Entry(value, at, *self._origin).document)
        return retrieved

    def _leave_note(self, note: Note) -> None:
        self._write(partial(note.document, self._clock()), NOTE)

    def _write(self, content: Callable[[str], bytes], ending: str = ENTRY) -> None:
        try:
            self._files.write(content, ending)
        except UnusableError as error:
            self._warn_not_shared(error)

    def _has_marked(self) -> bool:
        try:
            return self._files.mark()
        except UnusableError as error:
            self._warn_not_shared(error)
            return True

    def _from_plugin(self, *, is_first: bool) -> Retrieved:
        retrieved = self._retrieval(is_first=is_first)
        if not isinstance(retrieved, Failure):
            self._is_own = True
            self._given, self._given_at = retrieved[0].access_key, retrieved[1]
        return retrieved

    def _warn_not_shared(self, found: object) -> None:
        self._warn(f"does not share its credentials between processes: {found}")

    def _warn(self, warning: str) -> None:
        if warning not in self._warned:
            self._warned.add(warning)
            logger.warning("%s %s.", self._plugin.label, warning)


def _is_at_terminal() -> bool:
    return any(map(os.isatty, range(3)))


class SharingError(Exception):
    """Another process is still retrieving the credentials, or has just failed to.

    Attributes:
        hint: What a person must do, in the plugin's words, if it has failed.
    """

    def __init__(self, found: str, hint: str | None = None) -> None:
        super().__init__(found)
        self.hint = hint
