"""The plugin for one profile: what is stored, or the session that STS makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from plugincreds import CredentialPlugin, NonRecoverableError, RecoverableError

from plugincreds_keyring._item import read_item
from plugincreds_keyring._keychain import Keychain, chosen_outside
from plugincreds_keyring._options import KeychainItem, read_options

if TYPE_CHECKING:
    from plugincreds import PluginContext, Value


def _now() -> datetime:
    return datetime.now(timezone.utc)


class KeyringPlugin(CredentialPlugin):
    """Credentials from the keychain.

    Args:
        context: What the plugin is told of the session that asks.
        now: The clock.
    """

    def __init__(self, context: PluginContext, *, now: Callable[[], datetime] = _now) -> None:
        self._context = context
        self._now = now
        self._keychain = Keychain()

    def retrieve(self) -> Value:
        """Return what is stored, or a session for it.

        Raises:
            NonRecoverableError: A person must correct an option.
            RecoverableError: The keychain or STS does not answer, or a person must unlock it, log
                in or store keys. The current credentials are used until they expire.
        """
        options = read_options(self._context.options, self._context.profile)
        stored = self._stored(options.item)
        if options.duration_seconds is None:
            return stored
        from plugincreds_keyring._sts import session_value  # noqa: PLC0415 - few need it

        return session_value(self._context, stored, options)

    def cache_key(self) -> str:
        """Name the item, the session and what chooses a keychain: they decide the identity.

        The keychain itself is not looked for here: that may open D-Bus, on which only
        `retrieve()` may wait.
        """
        try:
            options = read_options(self._context.options, self._context.profile)
        except NonRecoverableError:
            return f"unusable options: {sorted(self._context.options)}"
        return json.dumps({"keychain": chosen_outside(), **asdict(options)})

    def _stored(self, item: KeychainItem) -> Value:
        found = self._read(item)
        hint = f"store it: plugincreds-keyring set {item.arguments}"
        if found is None:
            fault = f"Nothing is stored for {item} in {self._keychain.name}"
            raise RecoverableError(fault, hint=hint)
        if isinstance(found, str):
            raise RecoverableError(f"What is stored for {item} {found}", hint=hint)
        if found.expiry_time is not None and found.expiry_time <= self._now():
            expiry = found.expiry_time.isoformat()
            raise RecoverableError(f"What is stored for {item} expired at {expiry}", hint=hint)
        return found

    def _read(self, item: KeychainItem) -> Value | str | None:
        """Return what is stored, or what is wrong with it; no variable holds the text."""
        return _parsed(self._keychain.read(item), item)


def _parsed(text: str | None, item: KeychainItem) -> Value | str | None:
    return None if text is None else read_item(text, item.username)
