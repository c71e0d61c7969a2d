"""Tells running programs that an item has changed, without a look into the keychain.

`is_expired()` is asked before each request, where a keychain would block or prompt. So the
command leaves an empty file for each item that it changes, and a new file there is the notice.
Its name is a hash of the item's place; what is stored is never in it.
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


def give_notice(place: Place) -> bool:
    """Replace the file by a new one, and tell whether that was possible."""
    file = notice_file(place)
    if file is None:
        return False
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, new = tempfile.mkstemp(dir=file.parent)
        os.close(descriptor)
        Path(new).replace(file)
    except OSError:
        return False
    return True
