"""Backends that are absent, locked or broken, and what tells two keychains apart."""

from __future__ import annotations

import copy
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
from plugincreds import NonRecoverableError

import plugincreds_keyring
from plugincreds_keyring._keychain import Keychain, KeychainError
from plugincreds_keyring._options import Place

OURS = Path(plugincreds_keyring.__file__).parent
CANARY = "kAnArY7"
PLACE = Place("aws", "work")


def use(monkeypatch: pytest.MonkeyPatch, backend: object) -> None:
    """Choose a backend."""
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


@pytest.mark.usefixtures("plaintext")
def test_a_real_backend_keeps_items_apart() -> None:
    """Guards each (service, username): nobody gets what another one stored."""
    keychain = Keychain()
    keychain.write(PLACE, "one")
    keychain.write(Place("aws", "home"), "two")
    keychain.write(Place("other", "work"), "three")
    assert keychain.read(PLACE) == "one"
    assert keychain.read(Place("other", "home")) is None
    assert keychain.delete(PLACE) is True
    assert keychain.read(PLACE) is None
    assert keychain.read(Place("aws", "home")) == "two"
    assert keychain.delete(PLACE) is False


@pytest.mark.parametrize("kind", [FailKeyring, NullKeyring])
def test_no_keychain_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """Guards that a null backend is not taken for an empty keychain, nor for one that stores."""
    use(monkeypatch, kind())
    keychain = Keychain()
    for call in (partial(keychain.read, PLACE), partial(keychain.write, PLACE, CANARY)):
        with pytest.raises(NonRecoverableError, match=r"keyring\.backends\.") as caught:
            call()
        assert "keyring diagnose" in str(caught.value)
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (KeyringLocked(CANARY), NonRecoverableError, "unlock the keychain"),
        (NoKeyringError(CANARY), NonRecoverableError, "has no backend"),
        (InitError("no collection"), KeychainError, "no collection"),
        (PasswordSetError(CANARY), KeychainError, "PasswordSetError"),
        (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY), KeychainError, "Unicode"),
        (ConnectionRefusedError(CANARY), KeychainError, "ConnectionRefusedError"),
        (RuntimeError(CANARY), KeychainError, "RuntimeError"),
    ],
)
def test_what_a_backend_raises_is_worded_anew(
    kept: Any, fault: Exception, kind: type[Exception], said: str
) -> None:
    """Guards that its text and its traceback, which may hold an item, end here."""
    kept.fault = fault
    with pytest.raises(kind, match=said) as caught:
        Keychain().read(PLACE)
    assert caught.value.__context__ is None
    assert CANARY not in str(caught.value)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert all(Path(frame.filename).is_relative_to(OURS) for frame in list(shown.stack)[1:])


def test_ctrl_c_at_a_prompt_is_passed_on(kept: Any) -> None:
    """Guards a person who leaves an unlock prompt."""
    kept.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        Keychain().read(PLACE)


def test_a_backend_that_forgets_is_found_out(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards backends that ignore or shorten what they cannot store."""
    monkeypatch.setattr(type(kept), "set_password", lambda *_: None)
    with pytest.raises(NonRecoverableError, match="did not keep"):
        Keychain().write(PLACE, CANARY)


def test_the_identity_tells_keychains_apart(
    plaintext: Any, kept: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards two files of one backend, and another backend, and that no password is in it."""
    other = copy.copy(plaintext)
    other.file_path = str(tmp_path / "other.cfg")
    other.keyring_key = CANARY
    identities = []
    no_backend: Any = FailKeyring()  # type: ignore[no-untyped-call]
    for backend in (plaintext, other, kept, no_backend):
        use(monkeypatch, backend)
        identities.append(Keychain().identity)
    assert len(set(identities)) == 4
    assert not any(CANARY in identity for identity in identities)
    use(monkeypatch, plaintext)
    assert Keychain().identity == identities[0]


def test_the_identity_survives_a_broken_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards cache_key(): a misconfigured keyring is for retrieve() to tell of, not for it."""
    use(monkeypatch, None)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "nowhere.Nothing")
    assert Keychain().identity == "no keychain"
    with pytest.raises(KeychainError, match="ModuleNotFoundError"):
        Keychain().read(PLACE)


def test_a_chain_of_backends_is_named_in_its_order(
    plaintext: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards what is shown, and what tells whether an item would be stored in the clear."""
    chainer = ChainerBackend()  # type: ignore[no-untyped-call]
    use(monkeypatch, chainer)
    for backends, is_plaintext in (([kept, plaintext], False), ([plaintext, kept], True)):
        monkeypatch.setattr(ChainerBackend, "backends", backends)
        keychain = Keychain()
        assert keychain.is_plaintext is is_plaintext
        assert keychain.name.count(", ") == 1
    assert keychain.name.startswith("keyrings.alt.file.PlaintextKeyring, ")


def test_a_keychain_stays_the_one_it_was(
    kept: Any, plaintext: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards an identity against a program that sets another backend meanwhile."""
    keychain = Keychain()
    assert "Plaintext" in keychain.identity
    use(monkeypatch, kept)
    kept.items["aws", "work"] = CANARY
    assert keychain.read(PLACE) is None
    assert plaintext.get_password("aws", "work") is None
