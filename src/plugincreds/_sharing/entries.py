"""The content of the cache's files: how entries and notes are written and read.

Each has a checksum of what it holds and of the file's name, which stands for the plugin, the
version of its package and its `cache_key()`. So a file that is damaged, that was copied from
another one, or that 1.0.0 has written, counts as absent. The checksum is no secret: it does not
protect from the user's own programs.
"""

import json
from typing import Any, NamedTuple

from plugincreds._base_identity import digest
from plugincreds._contract import Value
from plugincreds._lifecycle.validation import validated

_TYPE = "plugin"
_ORIGIN = ("Plugin", "Distribution", "Profile")
_TOLD = ("Failure", "Hint")
_CHECKSUM = "Checksum"
# What reading a document can raise that has the wrong form, as with numbers of 400 digits.
_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


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

    @property
    def origin(self) -> tuple[str, str, str | None]:
        """The plugin, its package and the profile."""
        return self.plugin, self.distribution, self.profile

    def document(self, name: str) -> bytes:
        """Return the entry for a file with this name.

        It is in the format of the AWS CLI's own cache, with fields of ours added.
        """
        value = self.value
        expiry = value.expiry_time
        credentials = {
            "AccessKeyId": value.access_key,
            "SecretAccessKey": value.secret_key,
            "SessionToken": value.token,
            "Expiration": None if expiry is None else expiry.isoformat(timespec="seconds"),
            "AccountId": value.account_id,
        }
        facts = {
            "ProviderType": _TYPE,
            "Credentials": {name: part for name, part in credentials.items() if part is not None},
            "RetrievedAt": self.retrieved_at,
            **dict(zip(_ORIGIN, self.origin, strict=True)),
        }
        return _sealed(facts, name)


def entry_of(document: bytes | None, name: str, now: float) -> Entry | None:
    """Return the entry in the file with this name; None if there is none that can be used.

    So it is where the file is missing or damaged, where it belongs to another name, and where the
    credentials have expired.
    """
    try:
        facts = _opened(document, name)
        del document  # nor does another variable here hold the keys while they are checked
        value = validated(facts.pop("Credentials"), now)
        if not isinstance(value, Value) or value.expiry_time is None:
            return None
        if facts["ProviderType"] != _TYPE:
            return None
        retrieved_at = float(facts["RetrievedAt"])
        if not 0 <= retrieved_at < value.expiry_time.timestamp():
            return None
        plugin, distribution, profile = (facts[key] for key in _ORIGIN)
        if not all(isinstance(name, str) for name in (plugin, distribution, profile or "")):
            return None
        return Entry(value, retrieved_at, plugin, distribution, profile)
    except _FAULTS:
        return None


def plugin_in(document: bytes | None) -> str | None:
    """Return the plugin that an entry names, also if it has expired or cannot be used."""
    try:
        name = json.loads(document or b"null")["Plugin"]
    except _FAULTS:
        return None
    return name if isinstance(name, str) else None


class Note(NamedTuple):
    """What is known of a retrieval that wrote no entry.

    Attributes:
        failure: What went wrong, as a part of a sentence; None if its credentials cannot be shared.
        hint: What a person must do, in the plugin's words.
        at_terminal: Whether that process has a terminal; else another one may be able to ask.
    """

    failure: str | None
    hint: str | None = None
    at_terminal: bool = True

    def document(self, now: float, name: str) -> bytes:
        """Return the note for a file with this name."""
        facts = {"Failure": self.failure, "Hint": self.hint, "Terminal": self.at_terminal}
        return _sealed({**facts, "At": now}, name)


def note_in(document: bytes | None, name: str, since: float) -> Note | None:
    """Return a note that was written since a given time, or None."""
    try:
        note = _opened(document, name)
        if float(note["At"]) < since:
            return None
        told = {name: note[name] if isinstance(note[name], str) else None for name in _TOLD}
        at_terminal = bool(note["Terminal"])
    except _FAULTS:
        return None
    return Note(told["Failure"], told["Hint"], at_terminal)


def _sealed(facts: dict[str, Any], name: str) -> bytes:
    return json.dumps({**facts, _CHECKSUM: digest([name, facts])}).encode()


def _opened(document: bytes | None, name: str) -> Any:
    """Return what a document holds.

    Raises:
        ValueError: The checksum is not that of the document and the name.
        Exception: It has another form; see `_FAULTS`.
    """
    facts = json.loads(document or b"null")
    if facts.pop(_CHECKSUM) != digest([name, facts]):
        raise ValueError(_CHECKSUM)
    return facts
