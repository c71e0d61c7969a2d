"""Tells that an item is stored here, and that it has changed, without a look into the keychain.

The getter is called whenever a session loads its credentials, and `is_expired()` before each
request, where a keychain would block or prompt. So the command leaves a file for each item that
it stores: one that is there, a new one and one that is gone are the notice. Its name is a hash
of the item's place, and it holds the keychain's name; what is stored is never in it.

Only a file that is not there means that nothing is stored. One that cannot be looked at counts as
a notice: otherwise another identity would sign where a disk fails.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from plugincreds_keyring._keychain import KeychainError

if TYPE_CHECKING:
    from plugincreds_keyring._options import Place

Version = tuple[int, int]

_LONGEST = 500  # bytes; a keychain's name is that of a class
_UNSEEN = -1  # in place of a time
# A pipe in the place of the file must not hold the program up. Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


def notice_file(place: Place) -> Path | None:
    """Return the file that stands for an item; None where there is no home directory."""
    name = hashlib.sha256(json.dumps([place.service, place.username]).encode()).hexdigest()
    try:
        return Path.home() / ".aws" / "plugincreds" / "keyring" / name
    except RuntimeError:
        return None


def notice_version(file: Path | None) -> Version | None:
    """Return what is different after each notice; None where there is none. Never raises."""
    try:
        status = None if file is None else file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return _UNSEEN, error.errno or 0
    return status and (status.st_mtime_ns, status.st_ino)


def is_seen(version: Version | None) -> bool:
    """Tell whether the file could be looked at, be it that it was not there."""
    return version is None or version[0] != _UNSEEN


def is_changed(file: Path | None, since: Version | None) -> bool:
    """Tell whether there is another notice now; a disk that fails for a while gives none."""
    version = notice_version(file)
    return is_seen(version) and version != since


def has_notice(place: Place) -> bool:
    """Tell whether the command has stored an item here, or nobody can say: one look at a file."""
    return notice_version(notice_file(place)) is not None


def read_notice(place: Place) -> str | None:
    """Return the keychain that the command has stored the item in; None where there is no notice.

    Raises:
        KeychainError: The file cannot be read, or is not what the command leaves.
    """
    file = notice_file(place)
    try:
        content = b"" if file is None else _content(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise KeychainError(
            f"The notice of {place} cannot be read ({kind}). See that {file} is a file that you "
            f"can read, or remove it and store the item again: plugincreds-keyring set "
            f"{place.arguments}"
        ) from None
    name = content.decode("utf-8", "replace")
    # It is shown to people, and a terminal would obey control characters.
    return "".join(each if each.isprintable() else "?" for each in name) or None


def give_notice(place: Place, keychain: str) -> bool:
    """Replace the file by a new one, and tell whether that was possible."""
    file = notice_file(place)
    if file is None:
        return False
    try:
        for folder in reversed(file.parents[:3]):  # from ~/.aws on
            folder.mkdir(mode=0o700, exist_ok=True)
        _replace(file, keychain.encode("utf-8", "replace"))
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


def _content(file: Path) -> bytes:
    descriptor = os.open(file, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        content = os.read(descriptor, _LONGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > _LONGEST:
        raise OSError(errno.EFBIG, "too long")
    return content


def _replace(file: Path, content: bytes) -> None:
    descriptor, new = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(new).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(new).unlink()
        raise
