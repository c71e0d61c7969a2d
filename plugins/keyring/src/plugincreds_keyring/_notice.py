"""Tells that an item is stored here, and that it has changed, without a look into the keychain.

The getter is called whenever a session loads its credentials, and `is_expired()` before each
request, where a keychain would block or prompt. So the command leaves a file for each item that
it stores: one that is there, a new one and one that is gone are the notice. Its name is a hash
of the item's place, and it holds the keychain's name; what is stored is never in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugincreds_keyring._options import Place

Version = tuple[int, int]


def notice_file(place: Place) -> Path | None:
    """Return the file that stands for an item; None where there is no home directory."""
    name = hashlib.sha256(json.dumps([place.service, place.username]).encode()).hexdigest()
    try:
        return Path.home() / ".aws" / "plugincreds" / "keyring" / name
    except RuntimeError:
        return None


def notice_version(file: Path | None) -> Version | None:
    """Return what is different after each notice; None before the first."""
    try:
        status = None if file is None else file.stat()
    except OSError:
        return None
    return status and (status.st_mtime_ns, status.st_ino)


def has_notice(place: Place) -> bool:
    """Tell whether the command has stored an item here: one look at a file."""
    return notice_version(notice_file(place)) is not None


def other_keychain(place: Place, name: str) -> str | None:
    """Return the keychain that the command has stored the item in, where it is not this one."""
    file = notice_file(place)
    try:
        stored_in = "" if file is None else file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stored_in if stored_in not in {"", name} else None


def give_notice(place: Place, keychain: str) -> bool:
    """Replace the file by a new one, and tell whether that was possible."""
    file = notice_file(place)
    if file is None:
        return False
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, new = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            stream.write(keychain)
        Path(new).replace(file)
    except OSError:
        return False
    return True


def remove_notice(place: Place) -> bool:
    """Remove the file, and tell whether there was one that could be removed."""
    file = notice_file(place)
    try:
        if file is not None:
            file.unlink()
    except OSError:
        return False
    return file is not None
