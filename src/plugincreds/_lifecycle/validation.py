"""Checks the answer of `retrieve()`: a valid `Value`, or what is wrong with the answer.

The description of a fault never shows any part of the answer.
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from plugincreds._contract import Declined, Value
from plugincreds._redaction import decline_in

_WANTED = (
    "; it must return a tuple (access_key, secret_key) or (access_key, secret_key, token), a "
    "plugincreds.Value, a mapping with AccessKeyId, SecretAccessKey, SessionToken, "
    "Expiration and AccountId, or a plugincreds.Declined or None to decline"
)
# AWS's names, the two required ones first, and other common spellings of them.
_SPELLINGS = {
    "AccessKeyId": {"accesskey"},
    "SecretAccessKey": {"secretaccesskey", "secretkey"},
    "SessionToken": {"sessiontoken", "token", "securitytoken"},
    "Expiration": {"expiration", "expirytime", "expiry"},
    "AccountId": {"account"},
}
_NAMES = tuple(_SPELLINGS)
_ACCOUNT_ID_LENGTH = 12
_SHORTEST_TUPLE, _LONGEST_TUPLE = 2, 3


def validated(answer: object, now: float) -> Value | Declined | str:
    """Return the answer of `retrieve()` as checked credentials or a decline; else what is wrong.

    `now` is in seconds since the epoch.
    """
    try:
        if (declined := decline_in(answer)) is not None:
            return declined
        value, fault = _shaped(answer)
        may_be_text = isinstance(answer, Mapping)
        # To parse a time may import a module. An exception that a signal handler raises meanwhile
        # must not find the raw keys in a variable; a Value shows none.
        del answer
        if value is not None and may_be_text:
            value, fault = _with_time(value)
        if value is not None:
            fault = _fault(value, now)
    except Exception as error:  # noqa: BLE001 - the plugin's own mapping or timezone class failed
        return f"an answer that cannot be read ({type(error).__name__})"
    return fault if fault or value is None else value


def _shaped(answer: object) -> tuple[Value | None, str]:
    if isinstance(answer, Value):
        return _normal(answer), ""
    if isinstance(answer, tuple):
        if not _SHORTEST_TUPLE <= len(answer) <= _LONGEST_TUPLE:
            return None, f"a tuple of {len(answer)} elements{_WANTED}"
        return _normal(Value(*answer)), ""
    if isinstance(answer, Mapping):
        return _from_mapping(answer)
    return None, f"an object of type {type(answer).__name__}{_WANTED}"


def _normal(value: Value) -> Value:
    """Return a copy that the plugin cannot change later: plain strings, and the expiry in UTC.

    An empty token becomes None, because services treat it so.
    """
    expiry = value.expiry_time
    if isinstance(expiry, datetime) and expiry.utcoffset() is not None:
        try:
            expiry = expiry.astimezone(timezone.utc)
        except OverflowError:  # it would be before the year 1 or after 9999
            expiry = expiry.replace(tzinfo=timezone.utc)
    return Value(
        _plain(value.access_key),
        _plain(value.secret_key),
        None if value.token == "" else _plain(value.token),
        expiry_time=expiry,
        account_id=_plain(value.account_id),
    )


def _plain(text: Any) -> Any:
    return str.__str__(text) if isinstance(text, str) else text


def _from_mapping(answer: Mapping[str, Any]) -> tuple[Value | None, str]:
    for name in _NAMES:
        if name not in answer and any(_is_like(key, name) for key in answer):
            return None, f"a mapping that spells {name} in another way; use that name"
    for name in _NAMES[:2]:
        if name not in answer:
            nested = " (it has Credentials: return the mapping under that key)"
            return None, f"a mapping without {name}{nested * ('Credentials' in answer)}{_WANTED}"
    value = Value(
        answer["AccessKeyId"],
        answer["SecretAccessKey"],
        answer.get("SessionToken"),
        expiry_time=answer.get("Expiration"),
        account_id=answer.get("AccountId"),
    )
    return _normal(value), ""


def _with_time(value: Value) -> tuple[Value | None, str]:
    """Return the value of a mapping, whose Expiration may be a text, with a time."""
    text: Any = value.expiry_time
    if not isinstance(text, str):
        return value, ""
    expiry = _parsed(text)
    if expiry is None:
        return None, (
            "a mapping whose Expiration is no time with a timezone, such as 2030-01-31T12:00:00Z"
        )
    dated = Value(
        value.access_key,
        value.secret_key,
        value.token,
        expiry_time=expiry,
        account_id=value.account_id,
    )
    return _normal(dated), ""


def _is_like(key: object, name: str) -> bool:
    """Tell whether a key is another spelling, as in "aws_access_key_id" or "Token"."""
    letters = re.sub(r"[^a-z]|aws|id$", "", key.lower()) if isinstance(key, str) else ""
    return letters in _SPELLINGS[name]


def _parsed(text: str) -> datetime | None:
    """Read a time as botocore does that of a credential_process, but without fractions of a second.

    It must have a timezone, which botocore finds out when it first uses the time.
    """
    # The parser of botocore. Python's own one reads other forms with each version.
    from dateutil.parser import parse  # noqa: PLC0415 - most plugins return a datetime
    from dateutil.tz import tzlocal  # noqa: PLC0415

    def zone(name: str | None, offset: int | None) -> Any:
        return tzlocal() if name in time.tzname else offset  # as without it, but never a warning

    try:
        expiry: datetime = parse(text, tzinfos=zone)
        return None if expiry.utcoffset() is None else expiry.replace(microsecond=0)
    except Exception:  # noqa: BLE001 - besides ValueError, it raises what arithmetic raises
        return None


def _fault(value: Value, now: float) -> str:
    return (
        _key_fault("access key", value.access_key)
        or _key_fault("secret key", value.secret_key)
        or ("" if value.token is None else _key_fault("token", value.token))
        or _expiry_fault(value.expiry_time, now)
        or _account_fault(value.account_id)
    )


def _key_fault(what: str, key: object) -> str:
    if not isinstance(key, str):
        return f"credentials whose {what} is of type {type(key).__name__}, not str"
    if not key:
        return f"credentials whose {what} is empty"
    if not (key.isascii() and key.isprintable()) or " " in key:
        # It is sent in an HTTP header.
        if key.strip() != key:
            return f"credentials whose {what} begins or ends with a space or a line end; strip() it"
        return (
            f"credentials whose {what} contains a space or a character that is not printable ASCII"
        )
    return ""


def _expiry_fault(expiry: object, now: float) -> str:
    if expiry is None:
        return ""
    if not isinstance(expiry, datetime):
        return f"credentials whose expiry time is of type {type(expiry).__name__}, not datetime"
    if expiry.utcoffset() is None:
        return "credentials whose expiry time has no timezone; datetime.now(timezone.utc) has one"
    if expiry.timestamp() <= now:
        return f"credentials that expired at {expiry.isoformat()}"
    return ""


def _account_fault(account_id: object) -> str:
    if account_id is None or (isinstance(account_id, str) and _is_account_id(account_id)):
        return ""
    return "credentials whose account id is not a str of 12 digits"


def _is_account_id(text: str) -> bool:
    return len(text) == _ACCOUNT_ID_LENGTH and text.isascii() and text.isdigit()
