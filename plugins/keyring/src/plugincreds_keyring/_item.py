"""What is stored: one keychain item -> one value, and back.

An item is a JSON object with AWS's own names, as `credential_process` prints them. Faults are
returned, not raised, and in words that show none of the content: an error of the decoder, or a
traceback with its variables, would carry all of it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any

from plugincreds import Value

_SENDABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_USER_KEY_ID = re.compile(r"AKIA[A-Z0-9]{12,124}", re.ASCII)
_ACCOUNT_ID = re.compile(r"[0-9]{12}", re.ASCII)
_KEYS = ("AccessKeyId", "SecretAccessKey")


def read_item(text: str, username: str) -> Value | str:
    """Return what an item holds, or what is wrong with it as a part of a sentence.

    An item whose username is an access key id may hold the bare secret: that is what boto 2
    stored for `keyring = service`.
    """
    if _USER_KEY_ID.fullmatch(username) and _SENDABLE.fullmatch(text) and text[0] != "{":
        return Value(username, text)
    return read_document(text)


def read_document(text: str) -> Value | str:
    """Return what a JSON document holds, or what is wrong with it."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(document, dict):
        return "is not a JSON object"
    return _fault(document) or _value(document)


def write_item(value: Value) -> str:
    """Return the text to store."""
    facts = {
        "AccessKeyId": value.access_key,
        "SecretAccessKey": value.secret_key,
        "SessionToken": value.token,
        "Expiration": value.expiry_time and value.expiry_time.isoformat(),
        "AccountId": value.account_id,
    }
    return json.dumps({name: fact for name, fact in facts.items() if fact})


def key_fault(key: object) -> str:
    """Return what is wrong with a key or a token, or nothing."""
    if not isinstance(key, str) or not key:
        return "is empty or no string"
    if not _SENDABLE.fullmatch(key):
        return "has a space or a character that is not printable ASCII"
    return ""


def _fault(document: dict[str, Any]) -> str:
    if document.get("Version", 1) != 1:
        return "has an entry 'Version' that is not 1"
    for name in (*_KEYS, "SessionToken"):
        key = document.get(name)
        if name in _KEYS or key:
            fault = key_fault(key)
            if fault:
                return f"has no {name!r}" if key is None else f"has an entry {name!r} that {fault}"
    if document.get("Expiration") and _moment(document["Expiration"]) is None:
        return "has an entry 'Expiration' that is no ISO 8601 time such as 2030-01-31T12:00:00Z"
    account = document.get("AccountId")
    if account and not (isinstance(account, str) and _ACCOUNT_ID.fullmatch(account)):
        return "has an entry 'AccountId' that is not a string of 12 digits"
    return ""


def _value(document: dict[str, Any]) -> Value:
    return Value(
        document["AccessKeyId"],
        document["SecretAccessKey"],
        document.get("SessionToken") or None,
        expiry_time=_moment(document.get("Expiration")),
        account_id=document.get("AccountId") or None,
    )


def _moment(text: object) -> datetime | None:
    """Read a time that has a timezone."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"[.]\d+", "", text).replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc) if moment.utcoffset() is not None else None
    except (ValueError, OverflowError):  # in UTC it may be before year 1 or after 9999
        return None
