"""Stores and removes an item together with its notice, in the order that leaves no gap.

An item without a notice would let another identity sign, so the notice is there before the item
and goes after it, whatever fails in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugincreds_keyring._keychain import Keychain, KeychainError
from plugincreds_keyring._notice import give_notice, read_notice, remove_notice

if TYPE_CHECKING:
    from plugincreds_keyring._options import Place


def store(keychain: Keychain, place: Place, text: str) -> tuple[str, bool]:
    """Store an item; return the backend that has it, and whether notice of it could be given.

    Raises:
        NonRecoverableError: There is no keychain, it is locked, or it did not store it.
        KeychainError: It failed in another way.
    """
    stored_in = _noticed(place) or keychain.first
    give_notice(place, stored_in)
    try:
        stored_in = keychain.write(place, text)
    finally:
        # Again: a program may have read the old item since. After a failure, too: nobody knows
        # what is there now.
        is_given = give_notice(place, stored_in)
    return stored_in, is_given


def forget(keychain: Keychain, place: Place) -> bool:
    """Remove the notice of an item that is gone; tell whether there was one to remove.

    Raises:
        NonRecoverableError: The keychain is locked.
        KeychainError: It failed in another way.
    """
    is_removed = remove_notice(place)
    holder = keychain.holder(place) if is_removed else None
    if holder is not None:  # another command has stored one meanwhile, and that was its notice
        give_notice(place, holder)
    return is_removed


def other_keychain(keychain: Keychain, place: Place) -> str | None:
    """Return the keychain that the notice names, where it is not this one.

    Raises:
        KeychainError: The notice cannot be read.
    """
    stored_in = read_notice(place)
    return None if stored_in is None or keychain.has(stored_in) else stored_in


def _noticed(place: Place) -> str | None:
    try:
        return read_notice(place)
    except KeychainError:  # it is replaced
        return None
