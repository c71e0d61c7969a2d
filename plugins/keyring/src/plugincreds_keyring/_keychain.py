"""The keychain, by way of the package keyring, whose errors become messages here.

What a backend raises is not kept as the cause: it may hold the item, as the error of a decoder
does, and its traceback has the variables of the backend.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from plugincreds import RecoverableError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from plugincreds_keyring._options import KeychainItem

T = TypeVar("T")

_NOWHERE = ("keyring.backends.fail", "keyring.backends.null")
# What chooses a keychain from outside. Not all of such variables: passwords are there.
_CHOICE = (
    "PYTHON_KEYRING_BACKEND",
    "KEYRING_PROPERTY_APPID",
    "KEYRING_PROPERTY_COLLECTION",
    "KEYRING_PROPERTY_FILE_PATH",
    "KEYRING_PROPERTY_KEYCHAIN",
    "KEYRING_PROPERTY_PREFERRED_COLLECTION",
)
_UNLOCK = "unlock the keychain, or log in where it is unlocked, and try again"
_CHOOSE = (
    "run it where you are logged in, or install a backend for the package keyring; `keyring "
    "diagnose` shows its configuration"
)


def chosen_outside() -> dict[str, str]:
    """Return the variables that choose a keychain; no backend is looked for."""
    return {name: os.environ[name] for name in _CHOICE if name in os.environ}


class Keychain:
    """The backend that the package keyring has chosen, looked up when it is first needed."""

    def __init__(self) -> None:
        self._backend: KeyringBackend | None = None

    @property
    def name(self) -> str:
        """The names of the backends, as a person configures them."""
        return ", ".join(map(_name_of, self._chained()))

    @property
    def plaintext(self) -> str | None:
        """The name of a backend that may store an item without encryption, or None.

        Each of a chain may: those before it may refuse what they are given.

        Raises:
            RecoverableError: There is no keychain.
        """
        self._usable()
        return next((_name_of(each) for each in self._chained() if _is_plaintext(each)), None)

    def read(self, item: KeychainItem) -> str | None:
        """Return the text of an item, or None where there is none.

        Raises:
            RecoverableError: There is no keychain, it is locked, or it failed in another way.
        """
        backend = self._usable()
        return self._asked(lambda: backend.get_password(item.service, item.username))

    def write(self, item: KeychainItem, text: str) -> str:
        """Store an item, in place of one that is there, and return the backend that has it.

        Raises:
            RecoverableError: There is no keychain, it is locked, or it did not store it.
        """
        backend = self._usable()
        self._asked(lambda: backend.set_password(item.service, item.username, text))
        # What is read, not what was written: of a chain, a backend that comes first may have an
        # older item.
        if self.read(item) != text:
            raise RecoverableError(f"{self.name} did not keep what it was given", hint=_CHOOSE)
        return next(map(_name_of, self._holders(item)), self.name)

    def delete(self, item: KeychainItem) -> bool:
        """Remove an item from each backend that has it, and tell whether there was one.

        Raises:
            RecoverableError: There is no keychain, it is locked, or it failed in another way.
        """
        self._usable()
        holders = list(self._holders(item))
        for backend in holders:
            self._asked(partial(backend.delete_password, item.service, item.username))
        return bool(holders)

    def _holders(self, item: KeychainItem) -> Iterator[KeyringBackend]:
        for backend in self._chained():
            call = partial(backend.get_password, item.service, item.username)
            if self._asked(call) is not None:
                yield backend

    def _chained(self) -> list[KeyringBackend]:
        """Return the backend, or, of one that asks several, these in their order."""
        backend = self._found()
        chained = _checked(lambda: getattr(backend, "backends", None), "The package keyring")
        return list(chained) if chained and isinstance(chained, list) else [backend]

    def _usable(self) -> KeyringBackend:
        backend = self._found()
        if type(backend).__module__ in _NOWHERE:
            raise RecoverableError(
                f"No keychain can be used here: the package keyring has chosen {_name_of(backend)}",
                hint=_CHOOSE,
            )
        return backend

    def _found(self) -> KeyringBackend:
        if self._backend is None:
            self._backend = _checked(_chosen_backend, "The package keyring")
        return self._backend

    def _asked(self, call: Callable[[], T]) -> T:
        return _checked(call, f"The keychain ({self.name})")


def _chosen_backend() -> KeyringBackend:
    from keyring import get_keyring  # noqa: PLC0415 - it looks for all backends: that is slow

    return get_keyring()


def _checked(call: Callable[[], T], who: str) -> T:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - D-Bus and third-party backends raise what they like
        fault = _fault(error, who)
    raise fault  # here, and not above, so that it has no context


def _fault(error: Exception, who: str) -> Exception:
    from keyring import errors  # noqa: PLC0415 - as above

    kind = type(error)
    if isinstance(error, errors.KeyringLocked):
        return RecoverableError(f"{who} is locked ({kind.__name__})", hint=_UNLOCK)
    if isinstance(error, errors.NoKeyringError):
        return RecoverableError(f"{who} has no backend here ({kind.__name__})", hint=_CHOOSE)
    # Only what the package keyring itself defines has a text that was made for people.
    text = f" ({error})" if isinstance(error, errors.InitError) else ""
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return RecoverableError(
        f"{who} failed: {module}{kind.__qualname__}{text}",
        hint="see that it can be used here: `keyring diagnose` shows what is configured",
    )


def _name_of(backend: KeyringBackend) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_plaintext(backend: KeyringBackend) -> bool:
    return any("plaintext" in kind.__name__.lower() for kind in type(backend).__mro__)
