"""What stands in a section, and what is wrong with a file; no text shows any of it."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from plugincreds import Value

from plugincreds_shared_file._section import EXPIRY_KEYS, read_section

SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"
KEYS = f"aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = {SECRET}\n"
NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file is."""
    return tmp_path / "credentials"


def read(path: Path, text: str, name: str = "work", expiry_key: str | None = None) -> Value | str:
    """Return the credentials in a text, or what is wrong with it."""
    path.write_bytes(text.encode())
    reading = read_section(path, name, expiry_key)
    assert SECRET not in repr(reading)
    assert (reading.value is None) == bool(reading.fault)
    return reading.value or reading.fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[work]\n{KEYS}", Value("AKIAEXAMPLE", SECRET)),
        (f"[work]\r\n{KEYS}".replace("\n", "\r\n"), Value("AKIAEXAMPLE", SECRET)),
        (f"\ufeff[work]\n{KEYS}", Value("AKIAEXAMPLE", SECRET)),
        (f"# by a tool\n[work]\n; really\n{KEYS.upper()}", Value("AKIAEXAMPLE", SECRET.upper())),
        (f"[work]\n{KEYS.replace(' = ', ':')}", Value("AKIAEXAMPLE", SECRET)),
        (f"[work]\n{KEYS}aws_session_token=t", Value("AKIAEXAMPLE", SECRET, "t")),
        (f"[work]\n{KEYS}aws_session_token =\n", Value("AKIAEXAMPLE", SECRET)),
        (f"[work]\n{KEYS}aws_security_token=old", Value("AKIAEXAMPLE", SECRET, "old")),
        (
            f"[work]\n{KEYS}aws_security_token=old\naws_session_token=new\n",
            Value("AKIAEXAMPLE", SECRET, "new"),
        ),
        (
            f"[work]\n{KEYS}aws_account_id=123456789012\n",
            Value("AKIAEXAMPLE", SECRET, account_id="123456789012"),
        ),
        (f"[work]\n{KEYS}aws_account_id=mine\n", Value("AKIAEXAMPLE", SECRET)),
        (f"[other]\naws_session_token=x\n[work]\n{KEYS}", Value("AKIAEXAMPLE", SECRET)),
        (f"[DEFAULT]\naws_session_token=x\n[work]\n{KEYS}", Value("AKIAEXAMPLE", SECRET)),
    ],
)
def test_credentials_in_a_section(path: Path, text: str, expected: Value) -> None:
    """Guards the forms in which tools write a section, and keys that belong to another one."""
    assert read(path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "has no such section"),
        (f"[Work]\n{KEYS}", "has no such section"),
        (f"[profile work]\n{KEYS}", "has no such section"),
        (f"[DEFAULT]\n{KEYS}", "has no such section"),
        ("[work]\n", "has no aws_access_key_id and no aws_secret_access_key there"),
        (f"[DEFAULT]\n{KEYS}[work]\nregion=x\n", "has no aws_access_key_id and no aws_secret_acc"),
        (f"[default]\n{KEYS}[work]\nregion=x\n", "has no aws_access_key_id and no aws_secret_acc"),
        ("[work]\naws_access_key_id = AKIAEXAMPLE\n", "has no aws_secret_access_key there"),
        ("[work]\naws_access_key_id=A\naws_secret_access_key=\n", "has no aws_secret_access_key"),
        ("[work]\nrole_arn = arn\n", "this plugin does not follow its role_arn"),
        (f"[work]\n{KEYS}[work]\n{KEYS}", "has a section for the second time in line 4"),
        (f"[a]\n[a]\n[work]\n{KEYS}", "has a section for the second time in line 2"),
        (f"[work]\n{KEYS}{KEYS}", "has a key for the second time in line 4"),
        (f"[work]\n{KEYS}aws_ses", "has no `key = value` in line 4"),
        (f"{KEYS}", "has no section header before line 1"),
        ("\0\0\0\0", "has no section header before line 1"),
        (f"[work]\n{KEYS.replace('AKIA', 'ASIA')}", "has no aws_session_token there, which a temp"),
        (f"[work]\n{KEYS.replace('AKIA', 'AK A')}", "that is not ASCII in its aws_access_key_id"),
        (f"[work]\n{KEYS}  more\n", "that is not ASCII in its aws_secret_access_key"),
        (f"[work]\n{KEYS}aws_session_token = \u00e4\n", "that is not ASCII in its aws_session_tok"),
        (f"[work]\n{KEYS}{'#' * 1_048_576}", "is larger than 1048576 bytes"),
    ],
)
def test_faults(path: Path, text: str, expected: str) -> None:
    """Guards against credentials of another section, half of them, or none."""
    found = read(path, text)
    assert isinstance(found, str)
    assert expected in found


@pytest.mark.parametrize("length", range(len(f"[work]\n{KEYS}") - 1))
def test_no_beginning_of_a_file_gives_credentials_unless_its_secret_is_cut(
    path: Path, length: int
) -> None:
    """Guards against what a writer has written so far; a cut secret still looks like one."""
    text = f"[work]\n{KEYS}"[:length]
    found = read(path, text)
    is_secret_begun = text.partition("aws_secret_access_key = ")[2] != ""
    assert isinstance(found, Value) == is_secret_begun
    assert is_secret_begun <= (not read_section(path, "work").is_whole)


@pytest.mark.parametrize("key", EXPIRY_KEYS)
@pytest.mark.parametrize(
    "text",
    [
        "2030-01-31T12:00:00Z",  # Go, in UTC
        "2030-01-31T14:00:00+02:00",  # Go, in local time: saml2aws
        "2030-01-31T12:00:00.000Z",  # JavaScript: aws-azure-login
        "2030-01-31T12:00:00+00:00",  # Python: gimme-aws-creds
        "2030-01-31T12:00:00+0000",  # Python: aws-google-auth, yawsso
        "2030-01-31 12:00:00+00:00",
        "2030-01-31 12:00:00",  # aws-mfa
        "2030-01-31 12:00:00 UTC",
        "2030-01-31 12:00:00 +0000 UTC",
        "20300131T120000Z",
        "1896091200",
        "1896091200000",
    ],
)
def test_expiry(path: Path, key: str, text: str) -> None:
    """Guards each key that tools write, and each form of a time."""
    value = read(path, f"[work]\n{KEYS}{key} = {text}\n")
    assert isinstance(value, Value)
    assert value.expiry_time == NOON


@pytest.mark.parametrize("text", ["soon", "3600", "2030-01-31", "12:00", "2030-13-31T12:00:00Z"])
def test_expiry_that_cannot_be_read(path: Path, text: str) -> None:
    """Guards against using credentials for ever, because their expiry is not understood."""
    found = read(path, f"[work]\n{KEYS}expiration = {text}\n")
    assert found == "has no date with a time, such as 2030-01-31T12:00:00Z, as its expiration"
    assert isinstance(read(path, f"[work]\n{KEYS}expiration = {text}\n", "work", "none"), Value)


def test_awsume_writes_local_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the one tool that writes a time without its zone that is not UTC."""
    text = f"[work]\n{KEYS}autoawsume = true\nexpiration = 2030-01-31 17:30:00\n"
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        value = read(path, text)
    time.tzset()
    assert isinstance(value, Value)
    assert value.expiry_time == NOON


def test_the_latest_of_several_expiries_counts(path: Path) -> None:
    """Guards against the key of a tool that was used before; an option names one key."""
    old, new = NOON - timedelta(days=9), NOON
    text = f"[work]\n{KEYS}expiration = {old.isoformat()}\naws_expiration = {new.isoformat()}\n"
    for expiry_key, expected in ((None, new), ("Expiration", old), ("none", None), ("x", None)):
        value = read(path, f"{text}mine = {old.isoformat()}\n", "work", expiry_key)
        assert isinstance(value, Value)
        assert value.expiry_time == expected
    value = read(path, f"{text}mine = {old.isoformat()}\n", "work", "mine")
    assert isinstance(value, Value)
    assert value.expiry_time == old


def test_files_that_are_none(path: Path) -> None:
    """Guards against waiting for a pipe, and against errors that show a file."""
    assert read_section(path, "work").fault == "does not exist"
    os.mkfifo(path)
    assert read_section(path, "work").fault == "is not a regular file"
    path.unlink()
    path.mkdir()
    assert read_section(path, "work").fault in {"is not a regular file", "cannot be read (EISDIR)"}
    path.rmdir()
    path.symlink_to(path)
    assert read_section(path, "work").fault == "cannot be read (ELOOP)"


def test_a_file_that_changes_while_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against the end of one state behind the beginning of another."""
    path.write_text(f"[work]\n{KEYS}")
    fstat = os.fstat

    def changing(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        with path.open("a") as stream:
            stream.write("#")
        return status

    monkeypatch.setattr(os, "fstat", changing)
    reading = read_section(path, "work")
    assert (reading.value, reading.fault) == (None, "was changed while it was read")
