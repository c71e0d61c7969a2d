"""The content of the cache's files: how entries and notes are written and read."""

import json
from typing import Any, NamedTuple

from plugincreds._contract import Value
from plugincreds._lifecycle.validation import validated

_TYPE = "plugin"


class Entry(NamedTuple):
    """Credentials in a file, and where they come from.

    Attributes:
        value: The credentials.
        retrieved_at: When they were retrieved, in seconds since the epoch.
        plugin: The plugin's name.
        distribution: The name and version of its package.
        profile: The profile that they were retrieved for, or None for all.
    """

    value: Value
    retrieved_at: float
    plugin: str
    distribution: str
    profile: str | None = None

    def document(self) -> bytes:
        """Return the entry in the format of the AWS CLI's own cache, with fields of ours added."""
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
    """Return the entry in a file; None if there is no file, or it is damaged or expired."""
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
    """Return the note about a retrieval that wrote no entry: its failure, if any, and the time."""
    return json.dumps({"Failure": failure, "At": now}).encode()


def read_note(document: bytes | None, since: float) -> tuple[bool, str | None]:
    """Return whether a note was written since a given time, and its failure, if any."""
    try:
        note: Any = json.loads(document or b"null")
        is_recent = float(note["At"]) >= since
        failure = note["Failure"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return False, None
    return is_recent, failure if isinstance(failure, str) else None


def _is_name(name: object) -> bool:
    return name is None or isinstance(name, str)
