"""Reads one section of a file that has the format of `~/.aws/credentials`.

What is wrong with a file is returned as a part of a sentence, never raised: the errors of
configparser show lines of the file.
"""

from __future__ import annotations

import configparser
import errno
import os
import re
import stat
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from plugincreds import Value

# The keys by which tools say when their credentials expire. The README says which tool writes which.
EXPIRY_KEYS = (
    "x_security_token_expires",
    "aws_session_expiration",
    "aws_expiration",
    "expiration",
    "aws_session_token_expiration",
    "aws_credential_expiration",
    "token_expiration",
)
NO_EXPIRY_KEY = "none"
_ID, _SECRET, _TOKEN, _OLD_TOKEN = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
)
_OTHER_SOURCES = ("role_arn", "sso_session", "sso_start_url", "credential_process")
_TEMPORARY = "ASIA"  # access keys of STS begin so, and are useless without their token
_LONGEST = 1_048_576  # bytes
_SENDABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d.*", re.ASCII)
_EPOCH = re.compile(r"\d{10}(\d{3})?", re.ASCII)  # seconds or milliseconds


class Version(NamedTuple):
    """What tells one state of a file from another one without reading it."""

    device: int
    inode: int
    size: int
    modified: int  # nanoseconds since the epoch
    changed: int  # the same; a tool may set the other one back


class Reading(NamedTuple):
    """One look at the section.

    Attributes:
        version: The version of the file; None if there is no such file.
        value: The credentials, or None. They may have expired.
        fault: Why there are none, as a part of a sentence.
        is_whole: Whether the file ends with a line end.
    """

    version: Version | None
    value: Value | None = None
    fault: str = ""
    is_whole: bool = True


def version_of(file: Path) -> Version | None:
    """Return the version of a file, by one system call; None if it cannot be looked at."""
    try:
        return _version(file.stat())
    except OSError:
        return None


def read_section(file: Path, name: str, expiry_key: str | None = None) -> Reading:
    """Read one section.

    Args:
        file: The file.
        name: The name of the section.
        expiry_key: The key that says when the credentials expire: "none" for no such key; None
            for any of `EXPIRY_KEYS`.
    """
    try:
        # A pipe is not waited for, and is refused below.
        with os.fdopen(os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as stream:
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                return Reading(_version(before), fault="is not a regular file")
            content = stream.read(_LONGEST + 1)
            version = _version(os.fstat(stream.fileno()))
    except FileNotFoundError:
        return Reading(None, fault="does not exist")
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return Reading(version_of(file), fault=f"cannot be read ({kind})")
    if version != _version(before):
        return Reading(version, fault="was changed while it was read")
    if len(content) > _LONGEST:
        return Reading(version, fault=f"is larger than {_LONGEST} bytes")
    found = _credentials(content, name, expiry_key)
    if isinstance(found, str):
        return Reading(version, fault=found)
    return Reading(version, found, is_whole=content.endswith(b"\n"))


def _version(status: os.stat_result) -> Version:
    return Version(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _credentials(content: bytes, name: str, expiry_key: str | None) -> Value | str:
    # The keys of a section [DEFAULT] would be in every section; no section has an empty name.
    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_string(content.decode("utf-8-sig", "replace"))
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        twice = "a section" if isinstance(error, configparser.DuplicateSectionError) else "a key"
        return f"has {twice} twice, in line {error.lineno}"
    except configparser.MissingSectionHeaderError as error:
        return f"has no section header before line {error.lineno}"
    except configparser.ParsingError as error:
        return f"has no key and value in line {error.errors[0][0]}"
    if not parser.has_section(name):
        return f"has no section [{name}]"
    section = dict(parser.items(name))
    missing = [key for key in (_ID, _SECRET) if not section.get(key)]
    if missing:
        other = next((key for key in _OTHER_SOURCES if key in section), None)
        advice = f"; it has {other}, which this plugin does not follow" if other else ""
        return f"has no {' and no '.join(missing)} in the section [{name}]{advice}"
    # botocore takes the older key for the token if both are there, but most tools write only the
    # other one, and leave an old token in this one.
    token = section.get(_TOKEN, section.get(_OLD_TOKEN)) or None
    if token is None and section[_ID].startswith(_TEMPORARY):
        return f"has a temporary {_ID} without an {_TOKEN} in the section [{name}]"
    for key, text in ((_ID, section[_ID]), (_SECRET, section[_SECRET]), (_TOKEN, token)):
        if text is not None and not _SENDABLE.fullmatch(text):
            return (
                f"has an {key} in the section [{name}] that contains a space, a line end or a "
                "character that is not ASCII"
            )
    expiry = _expiry(section, expiry_key)
    if isinstance(expiry, str):
        return f"has {expiry} in the section [{name}]"
    account = section.get("aws_account_id", "")
    return Value(
        section[_ID],
        section[_SECRET],
        token,
        expiry_time=expiry,
        account_id=account if _ACCOUNT_ID.fullmatch(account) else None,
    )


def _expiry(section: Mapping[str, str], expiry_key: str | None) -> datetime | None | str:
    """Return the expiry, None if the section has none, or what is wrong with it.

    A tool that was used before may have left its own key, which is older, so the latest counts.
    """
    keys = EXPIRY_KEYS if expiry_key is None else (expiry_key.lower(),)
    found: list[datetime] = []
    for key in keys:
        text = section.get(key, "") if expiry_key != NO_EXPIRY_KEY else ""
        if text:
            time = _time(text, is_local=section.get("autoawsume") == "true")
            if time is None:
                return f"no date with a time, such as 2030-01-31T12:00:00Z, as {key}"
            found.append(time)
    return max(found, default=None)


def _time(text: str, *, is_local: bool) -> datetime | None:
    """Return the time that a tool has written, or None.

    Without a timezone it is UTC, as aws-mfa writes it; awsume writes local time.
    """
    from dateutil.parser import isoparse  # noqa: PLC0415 - it takes a while

    try:
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text[:10]), timezone.utc)
        if not _DATE_AND_TIME.fullmatch(text):
            return None
        # Go prints times as "2030-01-31 12:00:00 +0000 UTC".
        text = re.sub(r" (UTC|GMT)$", "", text)
        time: datetime = isoparse(re.sub(r" (?=[+-]\d)", "", text))
        if time.utcoffset() is None:
            time = time.astimezone() if is_local else time.replace(tzinfo=timezone.utc)
        return time.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
