"""The plugin for one profile: what is stored, or the session that STS makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from plugincreds import NonRecoverableError

from plugincreds_keyring._item import read_item
from plugincreds_keyring._keychain import Keychain, KeychainError, chosen_outside
from plugincreds_keyring._notice import (
    Version,
    has_notice,
    is_changed,
    is_seen,
    notice_file,
    notice_version,
    read_notice,
)
from plugincreds_keyring._options import Options, Place, read_options

if TYPE_CHECKING:
    from plugincreds import PluginContext, Value


def _now() -> datetime:
    return datetime.now(timezone.utc)


class KeyringPlugin:
    """Credentials from the keychain.

    Args:
        context: What the plugin is told of the session that asks.
        may_decline: Tells whether other credentials may be used where nothing is stored.
        now: The clock.
    """

    def __init__(
        self,
        context: PluginContext,
        *,
        may_decline: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._context = context
        self._may_decline = may_decline
        self._now = now
        self._keychain = Keychain()
        self._notice: tuple[Path | None, Version | None] = (None, None)
        self._session_ends: datetime | None = None
        self._generation = cache(_generation)

    def retrieve(self) -> Value | None:
        """Return what is stored, or a session for it; decline where nothing is and may be.

        Raises:
            NonRecoverableError: A person must act first: unlock, store, correct an option.
            KeychainError: It may be worth another attempt.
        """
        try:
            options = read_options(self._context.options, self._context.profile)
            return self._retrieved(options)
        except NonRecoverableError as error:
            if self._session_ends is None or self._now() >= self._session_ends:
                raise
            # The session at hand is used to its end: nobody may be there to type a code.
            raise KeychainError(str(error)) from error

    def is_expired(self) -> bool:
        """Tell whether the command has stored or deleted the item since it was read."""
        return is_changed(*self._notice)

    def cache_key(self) -> str:
        """Name the keychain, the item and the session: they decide whose credentials these are.

        The keychain is the one that the notice names, and what chooses another from outside. It
        is not looked for here: that may open D-Bus, on which only `retrieve()` may wait.
        The item's generation is there, too, as this object first found it. After `set`, new
        sessions are another source, and do not find what processes share of the old keys.
        """
        try:
            options = read_options(self._context.options, self._context.profile)
        except NonRecoverableError:
            return f"unusable options: {sorted(self._context.options)}"
        stored_in, generation = self._generation(options.place)
        keychain = [stored_in, chosen_outside()]
        return json.dumps({"keychain": keychain, **asdict(options), "generation": generation})

    def _retrieved(self, options: Options) -> Value | None:
        file = notice_file(options.place)
        version = notice_version(file)  # before it reads, so that no change is missed
        item = self._stored(options.place, self._stored_in(options.place, version))
        if item is None:
            return None
        value = item
        if options.duration_seconds is not None:
            from plugincreds_keyring._sts import session_value  # noqa: PLC0415 - few need it

            value = session_value(self._context, item, options)
            self._session_ends = value.expiry_time
        self._notice = file, version
        return value

    def _stored_in(self, place: Place, version: Version | None) -> str | None:
        """Return the keychain that the notice names, if any.

        Who names the plugin may do so because there is no home directory that can be looked into.
        """
        if is_seen(version) or self._may_decline():
            return read_notice(place)
        return None

    def _stored(self, place: Place, stored_in: str | None) -> Value | None:
        found = self._read(place, stored_in)
        if found is None:
            self._see_that_it_may_decline(place)
            return None
        if isinstance(found, str):
            raise NonRecoverableError(f"What is stored for {place} {found}", hint=_set(place))
        if found.expiry_time is not None and found.expiry_time <= self._now():
            raise NonRecoverableError(
                f"What is stored for {place} expired at {found.expiry_time.isoformat()}",
                hint=_set(place),
            )
        return found

    def _see_that_it_may_decline(self, place: Place) -> None:
        """Raise where other credentials may not be used.

        With a notice they may not: an item that is missing may be one that is being replaced.
        """
        is_noticed = has_notice(place)
        if not is_noticed and self._may_decline():
            return
        fault = f"Nothing is stored for {place} in {self._keychain.name}"
        if not is_noticed:
            raise NonRecoverableError(fault, hint=_set(place))
        raise NonRecoverableError(
            f"{fault}, but `plugincreds-keyring set` has stored something there",
            hint=f"{_set(place)}; or, if other credentials are meant, let it be forgotten: "
            f"plugincreds-keyring delete {place.arguments}",
        )

    def _read(self, place: Place, stored_in: str | None) -> Value | str | None:
        """Return what is stored, or what is wrong with it; no variable holds the text."""
        return _parsed(self._keychain.read(place, stored_in), place)


def _generation(place: Place) -> tuple[str | None, Version | None]:
    version = notice_version(notice_file(place))
    try:
        return read_notice(place), version
    except KeychainError:  # retrieve() will tell
        return None, version


def _parsed(text: str | None, place: Place) -> Value | str | None:
    return None if text is None else read_item(text, place.username)


def _set(place: Place) -> str:
    return f"store it: plugincreds-keyring set {place.arguments}"
