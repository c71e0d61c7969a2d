"""Entries and notes: what is damaged, or belongs to another file, counts as absent."""

import json
import random
from datetime import datetime, timezone
from typing import Any

import pytest

from plugincreds import Value
from plugincreds._base_identity import digest
from plugincreds._sharing.entries import Entry, Note, entry_of, note_in, plugin_in

NAME, OTHER = "a" * 64, "b" * 64
NOW = 1_700_000_000.0
EXPIRY = datetime(2100, 1, 31, 12, 30, tzinfo=timezone.utc)
VALUE = Value(
    "ASIAEXAMPLE7EXAMPLE7",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "IQoJb3JpZ2luX2VjEXAMPLETOKEN" * 20,
    expiry_time=EXPIRY,
    account_id="123456789012",
)
ENTRY = Entry(VALUE, NOW, "vault", "acme-creds 1.2", "dev")
# What no field may hold, or what no number can.
STRANGE = [
    '"soon"',
    "null",
    "true",
    "{}",
    "[]",
    "-1",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "9" * 400,
    "-" + "9" * 400,
    "9" * 5000,
    "[" * 500 + "]" * 500,
    "[" * 30_000,
    r'"\ud800"',
]


def sealed(facts: dict[str, Any], name: str = NAME) -> bytes:
    """Return a document whose checksum fits, whatever it holds."""
    return json.dumps({**facts, "Checksum": digest([name, facts])}).encode()


def facts_of(entry: Entry = ENTRY) -> dict[str, Any]:
    """Return what an entry's document holds, without its checksum."""
    facts: dict[str, Any] = json.loads(entry.document(NAME))
    del facts["Checksum"]
    return facts


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY,
        ENTRY._replace(profile=None),
        ENTRY._replace(profile="\udcff\x00\N{SNOWMAN}", retrieved_at=0.1 + 0.2),
        ENTRY._replace(value=Value("AKIA", "secret", expiry_time=EXPIRY), retrieved_at=0.0),
    ],
)
def test_what_is_written_is_read(entry: Entry) -> None:
    """Guards entries with odd names of profiles and fractions of a second."""
    assert entry_of(entry.document(NAME), NAME, NOW) == entry
    assert sealed(facts_of(entry)) == entry.document(NAME)


def test_a_changed_byte_is_never_served() -> None:
    """Guards against a disk or a program that changes a byte: of 1.0.0's, 93 flips were served."""
    whole = ENTRY.document(NAME)
    served = [
        (position, bit)
        for position in range(len(whole))
        for bit in range(8)
        if _read(whole, position, bit) not in {None, ENTRY}
    ]
    assert served == []


def _read(whole: bytes, position: int, bit: int) -> Entry | None:
    damaged = bytearray(whole)
    damaged[position] ^= 1 << bit
    return entry_of(bytes(damaged), NAME, NOW)


def test_larger_damage_is_never_served() -> None:
    """Guards against files that are cut, doubled, mixed with others or filled with zeros."""
    chance = random.Random(8)
    whole = ENTRY.document(NAME)
    other = ENTRY._replace(value=Value("ASIAOTHER", "other", "t", expiry_time=EXPIRY))
    foreign = other.document(OTHER)
    for _ in range(2000):
        start, end = sorted(chance.sample(range(len(whole)), 2))
        for damaged in (
            whole[:start],
            whole[start:],
            whole[:start] + whole[end:],
            whole[:start] + b"\0" * (end - start) + whole[end:],
            whole[:start] + whole[start:end] * 2 + whole[end:],
            whole[:start] + foreign[start:],
            foreign[:start] + whole[start:],
        ):
            assert entry_of(damaged, NAME, NOW) in {None, ENTRY}


def test_an_entry_belongs_to_its_file() -> None:
    """Guards against a file that was copied or renamed: another key, version or plugin."""
    assert entry_of(ENTRY.document(OTHER), NAME, NOW) is None
    assert entry_of(ENTRY.document(NAME), OTHER, NOW) is None


@pytest.mark.parametrize("field", ["Credentials", "Plugin", "Distribution", "Profile", "Checksum"])
def test_each_field_is_needed(field: str) -> None:
    """Guards the checksum over all of them, and an entry that 1.0.0 has written."""
    document = json.loads(ENTRY.document(NAME))
    del document[field]
    assert entry_of(json.dumps(document).encode(), NAME, NOW) is None
    document.pop("Checksum", None)
    if field != "Checksum":
        assert entry_of(sealed(document), NAME, NOW) is None


@pytest.mark.parametrize("strange", STRANGE, ids=lambda text: text[:12])
@pytest.mark.parametrize("field", ["Credentials", "RetrievedAt", "Plugin", "Distribution"])
def test_strange_content_is_absent(field: str, strange: str) -> None:
    """Guards every process, and the command, from a crash: 400 digits were an OverflowError."""
    text = json.dumps({**json.loads(ENTRY.document(NAME)), field: "HERE"})
    document = text.replace('"HERE"', strange).encode()
    assert entry_of(document, NAME, NOW) is None
    plugin_in(document)
    try:
        facts = json.loads(document)
        facts.pop("Checksum")
        document = sealed(facts)
    except (ValueError, RecursionError):
        return
    assert entry_of(document, NAME, NOW) is None or (field, strange[0]) in {
        ("Plugin", '"'),
        ("Distribution", '"'),
        ("RetrievedAt", "t"),  # true is 1: one second after the epoch
    }


@pytest.mark.parametrize(
    "document", [*(text.encode() for text in STRANGE), b"", b"\xff\xfe", b"\0" * 100, b"7", b'"x"']
)
def test_what_is_no_document_is_absent(document: bytes) -> None:
    """Guards against whatever is in a file with a name of the cache."""
    assert entry_of(document, NAME, NOW) is None
    assert note_in(document, NAME, 0.0) is None
    assert plugin_in(document) is None


@pytest.mark.parametrize("strange", STRANGE, ids=lambda text: text[:12])
@pytest.mark.parametrize("field", ["Failure", "Hint", "Terminal", "At", "Checksum"])
def test_a_strange_note_is_absent(field: str, strange: str) -> None:
    """Guards the processes that wait: a note of 400 digits ended them with an OverflowError."""
    note = Note("it failed", "log in", at_terminal=False).document(NOW, NAME)
    text = json.dumps({**json.loads(note), field: "HERE"})
    assert note_in(text.replace('"HERE"', strange).encode(), NAME, 0.0) is None


def test_a_note_belongs_to_its_file() -> None:
    """Guards against a failure that is told of another plugin."""
    note = Note("it failed", "log in", at_terminal=False).document(NOW, NAME)
    assert note_in(note, NAME, NOW) == Note("it failed", "log in", at_terminal=False)
    assert note_in(note, NAME, NOW + 1) is None
    assert note_in(note, OTHER, NOW) is None
    assert (
        note_in(sealed({"Failure": None, "Hint": None, "Terminal": True, "At": 10**400}), NAME, NOW)
        is None
    )


def test_a_plugin_is_named_by_entries_that_cannot_be_used() -> None:
    """Guards `plugincreds cache clear NAME` where entries have expired, or are of 1.0.0."""
    assert plugin_in(json.dumps(facts_of()).encode()) == "vault"
    assert plugin_in(ENTRY.document(OTHER)) == "vault"
    assert plugin_in(None) is None
