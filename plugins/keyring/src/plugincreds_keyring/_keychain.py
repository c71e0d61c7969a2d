"""The keychain, by way of the package keyring, whose errors become messages here.

What a backend raises is not kept as the cause: it may hold the item, as the error of a decoder
does, and its traceback has the variables of the backend.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from plugincreds import NonRecoverableError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from plugincreds_keyring._options import Place

T = TypeVar("T")

_NOWHERE = ("keyring.backends.fail", "keyring.backends.null")
# What tells two keychains of one backend apart. Not all of its attributes: passwords are there.
_WHERE = ("file_path", "preferred_collection", "collection", "keychain", "appid")
# A program may be asked for a keychain by what was stored once: it says how to get out of it.
_OTHERS = "if other credentials are meant, set `credential_plugin = none` in the profile"
_UNLOCK = f"unlock the keychain, or log in where it is unlocked, and try again; {_OTHERS}"
_CHOOSE = (
    "run it where you are logged in, or install a backend for the package keyring; `keyring "
    f"diagnose` shows its configuration; {_OTHERS}"
)


class KeychainError(Exception):
    """The keychain gave no answer; trying again later may help."""


class Keychain:
    """The backend that the package keyring has chosen, looked up when it is first needed."""

    def __init__(self) -> None:
        self._backend: KeyringBackend | None = None

    @property
    def name(self) -> str:
        """The names of the backends, as a person configures them."""
        return ", ".join(map(_name_of, self._chained()))

    @property
    def identity(self) -> str:
        """What tells this keychain from others, without looking into it. Never raises.

        Where there is none, it is another one than any that there is.
        """
        try:
            backends = self._chained()
        except (KeychainError, NonRecoverableError):  # retrieve() will say what is wrong
            return "no keychain"
        return json.dumps([[_name_of(each), *_where(each)] for each in backends])

    @property
    def is_plaintext(self) -> bool:
        """Whether the backend that would store an item does so without encryption.

        Raises:
            NonRecoverableError: There is no keychain.
        """
        self._usable()
        kinds = type(self._chained()[0]).__mro__
        return any("plaintext" in kind.__name__.lower() for kind in kinds)

    def read(self, place: Place) -> str | None:
        """Return the text of an item, or None where there is none.

        Raises:
            NonRecoverableError: There is no keychain, or it is locked.
            KeychainError: It failed in another way.
        """
        backend = self._usable()
        return self._asked(lambda: backend.get_password(place.service, place.username))

    def write(self, place: Place, text: str) -> None:
        """Store an item, in place of one that is there, and see that it is there.

        Raises:
            NonRecoverableError: There is no keychain, it is locked, or it did not store it.
            KeychainError: It failed in another way.
        """
        backend = self._usable()
        self._asked(lambda: backend.set_password(place.service, place.username, text))
        if self.read(place) != text:
            raise NonRecoverableError(f"{self.name} did not keep what it was given", hint=_CHOOSE)

    def delete(self, place: Place) -> bool:
        """Remove an item, and tell whether there was one.

        Raises:
            NonRecoverableError: There is no keychain, or it is locked.
            KeychainError: It failed in another way.
        """
        if self.read(place) is None:
            return False
        backend = self._usable()
        self._asked(lambda: backend.delete_password(place.service, place.username))
        return True

    def _chained(self) -> list[KeyringBackend]:
        """Return the backend, or, of one that asks several, these in their order."""
        backend = self._found()
        chained = _checked(lambda: getattr(backend, "backends", None), "The package keyring")
        return list(chained) if chained and isinstance(chained, list) else [backend]

    def _usable(self) -> KeyringBackend:
        backend = self._found()
        if type(backend).__module__ in _NOWHERE:
            raise NonRecoverableError(
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
        return NonRecoverableError(f"{who} is locked ({kind.__name__})", hint=_UNLOCK)
    if isinstance(error, errors.NoKeyringError):
        return NonRecoverableError(f"{who} has no backend here ({kind.__name__})", hint=_CHOOSE)
    # Only what the package keyring itself defines has a text that was made for people.
    text = f" ({error})" if isinstance(error, errors.InitError) else ""
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return KeychainError(
        f"{who} failed: {module}{kind.__qualname__}{text}. See that it can be used here: `keyring "
        f"diagnose` shows what is configured; {_OTHERS}"
    )


def _name_of(backend: KeyringBackend) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _where(backend: KeyringBackend) -> list[str]:
    found = [(name, getattr(backend, name, None)) for name in _WHERE]
    return [f"{name}={value}" for name, value in found if isinstance(value, str)]
