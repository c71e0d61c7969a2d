"""What a file of the cache between processes holds, and how it is read back."""

import json
from typing import Any, NamedTuple

from plugincreds._contract import Value
from plugincreds._lifecycle.validation import validated

_TYPE = "plugin"


class Entry(NamedTuple):
    """What one file holds.

    Attributes:
        value: The value.
        retrieved_at: When it was retrieved, in seconds since the epoch.
        plugin: The plugin's name.
        distribution: The name and version of its package.
        profile: The profile that it was retrieved for, or None for all.
    """

    value: Value
    retrieved_at: float
    plugin: str
    distribution: str
    profile: str | None = None

    def document(self) -> bytes:
        """Return it as the AWS CLI writes credentials into its own cache, and what is ours."""
        value = self.value
        expiry = value.expiry_time
        credentials = {
            "AccessKeyId": value.access_key,
            "SecretAccessKey": value.secret_key,
            "SessionToken": value.token,
            "Expiration": None if expiry is None else expiry.isoformat(timespec="seconds"),
            "AccountId": value.account_id,
        }
        document = {
            "ProviderType": _TYPE,
            "Credentials": {name: part for name, part in credentials.items() if part is not None},
            "RetrievedAt": self.retrieved_at,
            "Plugin": self.plugin,
            "Distribution": self.distribution,
            "Profile": self.profile,
        }
        return json.dumps(document).encode()


def entry_of(document: bytes | None, now: float) -> Entry | None:
    """Return what a file holds; None if it is not there, not whole, or has expired."""
    try:
        read: Any = json.loads(document or b"null")
        value, fault = validated(read["Credentials"], now)
        if value is None or fault or value.expiry_time is None or read["ProviderType"] != _TYPE:
            return None
        facts = (str(read["Plugin"]), str(read["Distribution"]), read.get("Profile"))
        retrieved_at = float(read["RetrievedAt"])
        if not 0 <= retrieved_at < value.expiry_time.timestamp() or not _is_name(facts[2]):
            return None
        return Entry(value, retrieved_at, *facts)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def note_of(failure: str | None, now: float) -> bytes:
    """Return what is left where a retrieval has left no entry: why, and when."""
    return json.dumps({"Failure": failure, "At": now}).encode()


def read_note(document: bytes | None, since: float) -> tuple[bool, str | None]:
    """Return whether a note was left since a moment, and the failure that it tells of, if any."""
    try:
        note: Any = json.loads(document or b"null")
        is_recent = float(note["At"]) >= since
        failure = note["Failure"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return False, None
    return is_recent, failure if isinstance(failure, str) else None


def _is_name(name: object) -> bool:
    return name is None or isinstance(name, str)
