"""Backends that are absent, locked or broken, and what tells two keychains apart."""

from __future__ import annotations

import traceback
from functools import partial
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordSetError
from plugincreds import RecoverableError

import plugincreds_keyring
from plugincreds_keyring._keychain import Keychain, chosen_outside
from plugincreds_keyring._options import KeychainItem

OURS = Path(plugincreds_keyring.__file__).parent
CANARY = "kAnArY7"
ITEM = KeychainItem("aws", "work")


def use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Choose a backend."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


@pytest.mark.usefixtures("plaintext")
def test_a_real_backend_keeps_items_apart() -> None:
    """Guards each (service, username): nobody gets what another one stored."""
    keychain = Keychain()
    keychain.write(ITEM, "one")
    keychain.write(KeychainItem("aws", "home"), "two")
    keychain.write(KeychainItem("other", "work"), "three")
    assert keychain.read(ITEM) == "one"
    assert keychain.read(KeychainItem("other", "home")) is None
    assert keychain.delete(ITEM) is True
    assert keychain.read(ITEM) is None
    assert keychain.read(KeychainItem("aws", "home")) == "two"
    assert keychain.delete(ITEM) is False


@pytest.mark.parametrize("kind", [FailKeyring, NullKeyring])
def test_no_keychain_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """Guards that a null backend is not taken for an empty keychain, nor for one that stores."""
    use(monkeypatch, kind())
    keychain = Keychain()
    for call in (partial(keychain.read, ITEM), partial(keychain.write, ITEM, CANARY)):
        with pytest.raises(RecoverableError, match=r"keyring\.backends\.") as caught:
            call()
        assert "keyring diagnose" in str(caught.value)
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (KeyringLocked(CANARY), RecoverableError, "unlock the keychain"),
        (NoKeyringError(CANARY), RecoverableError, "has no backend"),
        (InitError("no collection"), RecoverableError, "no collection"),
        (PasswordSetError(CANARY), RecoverableError, "PasswordSetError"),
        (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY), RecoverableError, "Unicode"),
        (ConnectionRefusedError(CANARY), RecoverableError, "ConnectionRefusedError"),
        (RuntimeError(CANARY), RecoverableError, "RuntimeError"),
    ],
)
def test_what_a_backend_raises_is_worded_anew(
    kept: Any, fault: Exception, kind: type[Exception], said: str
) -> None:
    """Guards that its text and its traceback, which may hold an item, end here."""
    kept.fault = fault
    with pytest.raises(kind, match=said) as caught:
        Keychain().read(ITEM)
    assert caught.value.__context__ is None
    assert CANARY not in str(caught.value)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert all(Path(frame.filename).is_relative_to(OURS) for frame in list(shown.stack)[1:])


def test_ctrl_c_at_a_prompt_is_passed_on(kept: Any) -> None:
    """Guards a person who leaves an unlock prompt."""
    kept.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        Keychain().read(ITEM)


def test_a_backend_that_forgets_is_found_out(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards backends that ignore or shorten what they cannot store."""
    monkeypatch.setattr(type(kept), "set_password", lambda *_: None)
    with pytest.raises(RecoverableError, match="did not keep"):
        Keychain().write(ITEM, CANARY)


@pytest.mark.usefixtures("kept")
def test_a_broken_choice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a misconfigured keyring, which must not be taken for an empty one."""
    use(monkeypatch, None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "nowhere.Nothing")
    with pytest.raises(RecoverableError, match="ModuleNotFoundError"):
        Keychain().read(ITEM)


def test_no_password_is_among_what_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the cache key, which other programs and people see."""
    monkeypatch.setenv("KEYRING_PROPERTY_KEYRING_KEY", CANARY)
    monkeypatch.setenv("KEYRING_PROPERTY_FILE_PATH", "keys.cfg")
    assert chosen_outside() == {"KEYRING_PROPERTY_FILE_PATH": "keys.cfg"}


@pytest.fixture
def chain(plaintext: Any, kept: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the backends of a chain, the one in memory first."""
    backends = [kept, plaintext]
    use(monkeypatch, ChainerBackend())  # type: ignore[no-untyped-call]
    monkeypatch.setattr(ChainerBackend, "backends", backends)
    return backends


PLAINTEXT = "keyrings.alt.file.PlaintextKeyring"


def test_a_chain_of_backends_is_named_in_its_order(chain: list[Any]) -> None:
    """Guards what is shown, and that an item may be stored in the clear by any of them."""
    assert Keychain().name.endswith(f".Kept, {PLAINTEXT}")
    assert Keychain().plaintext == PLAINTEXT
    chain.reverse()
    assert Keychain().name.startswith(f"{PLAINTEXT}, ")
    assert Keychain().plaintext == PLAINTEXT
    chain.pop(0)
    assert Keychain().plaintext is None


def test_the_backend_that_has_stored_is_the_one_named(
    chain: list[Any], kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards what a person is told, against a first backend of a chain that stores nothing."""
    assert Keychain().write(ITEM, "one").endswith(".Kept")
    kept.items.clear()
    monkeypatch.setattr(type(kept), "set_password", not_implemented)
    assert Keychain().write(ITEM, "two") == PLAINTEXT
    assert chain[1].get_password("aws", "work") == "two"


def not_implemented(*_: object) -> None:
    """Fail as a backend that cannot store."""
    raise NotImplementedError


def test_an_older_item_that_would_come_first_is_found_out(
    chain: list[Any], kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards against the old key of a backend that cannot store the new one, but is read first."""
    kept.items["aws", "work"] = "old"
    monkeypatch.setattr(type(kept), "set_password", not_implemented)
    with pytest.raises(RecoverableError, match="did not keep"):
        Keychain().write(ITEM, "new")
    assert chain[1].get_password("aws", "work") == "new"


def test_delete_removes_it_from_each_backend(chain: list[Any], kept: Any) -> None:
    """Guards a key that would come back from behind the one that was removed."""
    for backend in chain:
        backend.set_password("aws", "work", CANARY)
    assert Keychain().delete(ITEM) is True
    assert kept.items == {}
    assert chain[1].get_password("aws", "work") is None


def test_a_keychain_stays_the_one_it_was(
    kept: Any, plaintext: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards one identity against a program that sets another backend meanwhile."""
    keychain = Keychain()
    assert "Plaintext" in keychain.name
    use(monkeypatch, kept)
    kept.items["aws", "work"] = CANARY
    assert keychain.read(ITEM) is None
    assert plaintext.get_password("aws", "work") is None
