"""Items, whole and damaged."""

from __future__ import annotations

import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from plugincreds import RecoverableError, Value

import plugincreds_keyring
from plugincreds_keyring._item import read_item, write_item
from plugincreds_keyring._plugin import KeyringPlugin

OURS = Path(plugincreds_keyring.__file__).parent
CANARY = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7"
FULL = Value(
    "AKIAEXAMPLE",
    "secret",
    "token",
    expiry_time=datetime(2030, 1, 31, 12, tzinfo=timezone.utc),
    account_id="123456789012",
)
MALFORMED = [
    ("", "is not JSON"),
    (CANARY, "is not JSON"),
    (f'{{"AccessKeyId": "{CANARY}"', "is not JSON"),
    ("[" * 100_000 + CANARY, "is not JSON"),
    (f'["{CANARY}"]', "is not a JSON object"),
    (f'{{"AccessKeyId": "{CANARY}"}}', "has no 'SecretAccessKey'"),
    (f'{{"SecretAccessKey": "{CANARY}"}}', "has no 'AccessKeyId'"),
    (f'{{"AccessKeyId": "{CANARY}", "SecretAccessKey": null}}', "has no 'SecretAccessKey'"),
    (f'{{"AccessKeyId": "{CANARY}", "SecretAccessKey": ["{CANARY}"]}}', "no string"),
    (f'{{"AccessKeyId": "", "SecretAccessKey": "{CANARY}"}}', "is empty"),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "{CANARY} "}}', "has a space"),
    (f'{{"AccessKeyId": "{CANARY}\\n", "SecretAccessKey": "s"}}', "has a space"),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "{CANARY}é"}}', "printable ASCII"),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": ["{CANARY}"]}}', "Token"),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "{CANARY}"}}', "ISO 8601"),
    ('{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "2030-01-01T00:00:00"}', "ISO"),
    (
        '{"AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "9999-12-31T23:59:59-05:00"}',
        "ISO",
    ),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "s", "AccountId": "{CANARY}"}}', "12 digits"),
    (f'{{"AccessKeyId": "A", "SecretAccessKey": "{CANARY}", "Version": 2}}', "'Version'"),
]


def test_an_item_comes_back_as_it_was() -> None:
    """Guards all parts of a value, and those that are not there."""
    assert read_item(write_item(FULL), "work") == FULL
    assert read_item(write_item(Value("A", "s")), "work") == Value("A", "s")


def test_what_a_credential_process_prints_is_an_item() -> None:
    """Guards handing over another tool's output as it is."""
    text = (
        '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "",'
        ' "Expiration": "2030-01-31T12:00:00.123Z", "Other": 1}'
    )
    expiry = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
    assert read_item(text, "work") == Value("A", "s", expiry_time=expiry)


def test_the_bare_secret_of_boto_2() -> None:
    """Guards `keyring = name`: the key id is the username, and the item is the secret."""
    assert read_item("se/cret+", "AKIAEXAMPLE000001") == Value("AKIAEXAMPLE000001", "se/cret+")
    assert read_item("se/cret+", "work") == "is not JSON"
    assert read_item('{"broken"', "AKIAEXAMPLE000001") == "is not JSON"


@pytest.mark.parametrize(("text", "fault"), MALFORMED)
def test_a_damaged_item_is_described_and_not_shown(
    kept: Any, new_context: Any, text: str, fault: str
) -> None:
    """Guards messages, chained errors and the variables of our frames against the content."""
    kept.items["aws", "work"] = text
    with pytest.raises(RecoverableError, match="plugincreds-keyring set") as caught:
        KeyringPlugin(new_context()).retrieve()
    assert fault in str(caught.value)
    assert caught.value.__context__ is None
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if Path(frame.filename).is_relative_to(OURS)]
    assert ours
    assert CANARY not in str(caught.value) + "".join(str(frame.locals) for frame in ours)
