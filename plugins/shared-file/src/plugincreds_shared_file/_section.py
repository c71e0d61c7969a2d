"""Reads one section of a file that has the format of `~/.aws/credentials`.

What is wrong with a file is returned as a part of a sentence: the errors of configparser show
lines of the file.
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

# The keys by which tools say when their credentials expire; the README has the tools.
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
MISSING = "does not exist"
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
        version: The version of the file; None if there is none, or it changed meanwhile.
        value: The credentials, or None. They may have expired.
        fault: Why there are none, as a part of a sentence.
        is_whole: Whether the file ends with a line end.
    """

    version: Version | None
    value: Value | None = None
    fault: str = ""
    is_whole: bool = True


class _UnusableError(Exception):
    """What is wrong with a file, as a part of a sentence. It is caught here."""


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
    version = None
    try:
        version, content = _content(file)
        value = _credentials(_parsed(content, name), expiry_key)
        return Reading(version, value, is_whole=content.endswith(b"\n"))
    except _UnusableError as error:
        return Reading(version, fault=str(error))
    except FileNotFoundError:
        return Reading(None, fault=MISSING)
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return Reading(version_of(file), fault=f"cannot be read ({kind})")


def _version(status: os.stat_result) -> Version:
    return Version(
        status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    )


def _content(file: Path) -> tuple[Version, bytes]:
    """Return what is in a file that does not change meanwhile."""
    # A pipe is not waited for, and is refused. Windows has only the other flag.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(file, flags), "rb") as stream:
        before = os.fstat(stream.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise _UnusableError("is not a regular file")
        content = stream.read(_LONGEST + 1)
        version = _version(os.fstat(stream.fileno()))
    if version != _version(before):
        raise _UnusableError("was changed while it was read")
    if len(content) > _LONGEST:
        raise _UnusableError(f"is larger than {_LONGEST} bytes")
    return version, content


def _parsed(content: bytes, name: str) -> dict[str, str]:
    """Return the keys of one section, as botocore reads them, but none of a section [DEFAULT].

    configparser would add those to each section.
    """
    parser = configparser.RawConfigParser(default_section="")  # no section has an empty name
    try:
        parser.read_string(content.decode("utf-8-sig", "replace"))
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        twice = "a section" if isinstance(error, configparser.DuplicateSectionError) else "a key"
        raise _UnusableError(f"has {twice} for the second time in line {error.lineno}") from None
    except configparser.MissingSectionHeaderError as error:
        raise _UnusableError(f"has no section header before line {error.lineno}") from None
    except configparser.ParsingError as error:
        raise _UnusableError(f"has no `key = value` in line {error.errors[0][0]}") from None
    if not parser.has_section(name):
        raise _UnusableError("has no such section")
    return dict(parser.items(name))


def _credentials(section: Mapping[str, str], expiry_key: str | None) -> Value:
    missing = [key for key in (_ID, _SECRET) if not section.get(key)]
    if missing:
        other = next((key for key in _OTHER_SOURCES if key in section), None)
        advice = f"; this plugin does not follow its {other}" if other else ""
        raise _UnusableError(f"has no {' and no '.join(missing)} there{advice}")
    # botocore prefers the older key for the token. But some tools write only the other one, and
    # leave an old token in this one.
    token = section.get(_TOKEN) or section.get(_OLD_TOKEN) or None
    if token is None and section[_ID].startswith(_TEMPORARY):
        raise _UnusableError(f"has no {_TOKEN} there, which a temporary access key needs")
    for key in (_ID, _SECRET, _TOKEN):
        text = token if key == _TOKEN else section[key]
        if text is not None and not _SENDABLE.fullmatch(text):
            raise _UnusableError(f"has a space or a character that is not ASCII in its {key}")
    account = section.get("aws_account_id", "")
    return Value(
        section[_ID],
        section[_SECRET],
        token,
        expiry_time=_expiry(section, expiry_key),
        account_id=account if _ACCOUNT_ID.fullmatch(account) else None,
    )


def _expiry(section: Mapping[str, str], expiry_key: str | None) -> datetime | None:
    """Return when the credentials expire; None if the section does not say it.

    A tool that was used before may have left its own key, so the latest time counts.
    """
    keys = EXPIRY_KEYS if expiry_key is None else (expiry_key.lower(),)
    found = []
    for key in keys:
        if key != NO_EXPIRY_KEY and section.get(key):
            time = _time(section[key], is_local=section.get("autoawsume") == "true")
            if time is None:
                example = "2030-01-31T12:00:00Z"
                raise _UnusableError(f"has no date with a time, such as {example}, as its {key}")
            found.append(time)
    return max(found, default=None)


def _time(text: str, *, is_local: bool) -> datetime | None:
    """Return the time that a tool has written, or None.

    Without a timezone it is UTC, as aws-mfa writes it; awsume writes local time.
    """
    from dateutil.parser import isoparse  # noqa: PLC0415 - some files have no expiry

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
