"""The keys that a person types, or that another program hands over at stdin.

They never come from the command line, which other users of the machine can read.
"""

from __future__ import annotations

import getpass
import sys
from typing import TextIO

from plugincreds import NonRecoverableError, Value

from plugincreds_keyring._item import key_fault, read_document

_LONGEST = 65_536  # characters; a session token has about a thousand
_WANTED = (
    "give two lines, the access key id and the secret access key, or a JSON object with "
    "AccessKeyId and SecretAccessKey"
)


def entered_value() -> Value:
    """Return the keys from the terminal where stdin is one, else from stdin.

    Raises:
        NonRecoverableError: They are malformed, or there are none.
    """
    if sys.stdin is None:
        raise NonRecoverableError("There is no stdin to read keys from", hint=_WANTED)
    found = _typed() if sys.stdin.isatty() else _read(sys.stdin)
    if isinstance(found, str):
        raise NonRecoverableError(f"What was entered {found}", hint=_WANTED)
    return found


def _typed() -> Value | str:
    print("Access key id: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - stdout is not it
    access_key = sys.stdin.readline().strip()
    return _value(access_key, _secret())


def _secret() -> str:
    try:
        return getpass.getpass("Secret access key (not shown): ", sys.stderr).strip()
    except EOFError:
        return ""


def _read(stream: TextIO) -> Value | str:
    try:
        text = stream.read(_LONGEST + 1).strip()
    except UnicodeDecodeError:
        text = ""
    if len(text) > _LONGEST:
        return "is too long"
    if text.startswith("{"):
        return read_document(text)
    lines = [line.strip() for line in text.splitlines()]
    wanted = 2
    if len(lines) != wanted:
        return "is neither two lines nor JSON"
    return _value(*lines)


def _value(access_key: str, secret_key: str) -> Value | str:
    for name, key in (("access key id", access_key), ("secret access key", secret_key)):
        fault = key_fault(key)
        if fault:
            return f"has a line for the {name} that {fault}"
    return Value(access_key, secret_key)
