"""A mapping's Expiration is read as botocore reads that of a credential_process."""

import json
import time
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.credentials import RefreshableCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from plugincreds import CredentialsCache, PluginProviderRetrieveError, Value
from plugincreds._base_identity import digest
from plugincreds._sharing.entries import entry_of

LONG_AGO = -1e11  # a clock for which each time is in the future
WHEN = datetime(2030, 8, 13, 13, 3, 59, tzinfo=timezone.utc)
MINUTE = WHEN.replace(second=0)
ACCEPTED = {
    "2030-08-13T13:03:59Z": WHEN,
    "2030-08-13T13:03:59z": WHEN,
    "2030-08-13t13:03:59z": WHEN,
    "2030-08-13T13:03:59+00:00": WHEN,
    "2030-08-13T13:03:59-00:00": WHEN,
    "2030-08-13T13:03:59+0000": WHEN,
    "2030-08-13T13:03:59+00": WHEN,
    "2030-08-13T15:03:59+02": WHEN,
    "2030-08-13T15:03:59+0200": WHEN,
    "2030-08-13T15:03:59+02:00": WHEN,
    "2030-08-13T05:33:59-0730": WHEN,
    "2030-08-13 13:03:59 UTC": WHEN,
    "2030-08-13T13:03:59UTC": WHEN,
    "2030-08-13 13:03:59 GMT": WHEN,
    "2030-08-13 13:03:59 +0000": WHEN,
    " 2030-08-13 13:03:59Z\n": WHEN,
    "20300813T130359Z": WHEN,
    "20300813T130359+0000": WHEN,
    "20300813130359Z": WHEN,
    "2030-08-13T130359Z": WHEN,
    "2030-08-13T13:03:59.5Z": WHEN,
    "2030-08-13T13:03:59,5Z": WHEN,
    "2030-08-13T13:03:59.123456789Z": WHEN,
    "2030-08-13T13:03Z": MINUTE,
    "20300813T1303Z": MINUTE,
    "2030-08-13T13Z": MINUTE.replace(minute=0),
    "Thu Aug 13 13:03:59 UTC 2030": WHEN,
    "Tue, 13 Aug 2030 13:03:59 GMT": WHEN,
    "08/13/2030 13:03:59 UTC": WHEN,
    "0001-01-01T00:00:00Z": datetime(1, 1, 1, tzinfo=timezone.utc),
    "9999-12-31T23:59:59Z": datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc),
}
REJECTED = [
    "",
    " ",
    "Z",
    "never",
    "soon",
    "0",
    "1912856639",
    "12Z",
    "2030-08-13",
    "2030-08-13Z",
    "2030-08-13T13:03:59",
    "20300813T130359",
    "Thu Aug 13 13:03:59 2030",
    "2030-08-13T13:03:59 XST",
    "2030-08-13 13:03:59 +0000 UTC",
    "2030-08-13T13:03:59+00:00Z",
    "2030-08-13T13:03:59+25:00",
    "2030-08-13T15:03:59+02:00:30",
    "2030-08-13T24:00:00Z",
    "2030-08-13T13:03:60Z",
    "2030-13-13T13:03:59Z",
    "2030-02-30T13:03:59Z",
    "2030-W33-2T13:03:59Z",
    "2030-225T13:03:59Z",
    "99999-08-13T13:03:59Z",
    "99999999999999999999",
]


@pytest.fixture(autouse=True)
def no_local_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's zone be UTC, whose name is always known."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ours(text: str) -> datetime | None:
    """Return the expiry of credentials with such an Expiration; None if they are refused."""
    answer = {"AccessKeyId": "AKIA", "SecretAccessKey": "secret", "Expiration": text}
    try:
        value = CredentialsCache(lambda: answer, clock=lambda: LONG_AGO).get()
    except PluginProviderRetrieveError as error:
        assert "whose Expiration is no time with a timezone, such as 2030-01-31" in str(error)  # noqa: PT017
        assert error.__cause__ is None  # noqa: PT017 - it would show the text
        return None
    assert value.expiry_time is not None
    assert value.expiry_time.tzinfo is timezone.utc
    return value.expiry_time


def botocores(text: str) -> datetime | None:
    """Return the expiry that botocore uses; None if it refuses the text, or fails with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expiry: datetime = RefreshableCredentials._expiry_datetime(text)
        _ = expiry - datetime.now(timezone.utc)
    except Exception:  # noqa: BLE001 - of many kinds
        return None
    return expiry.replace(microsecond=0)


@pytest.mark.parametrize(("text", "expected"), ACCEPTED.items())
def test_forms_that_are_read(text: str, expected: datetime) -> None:
    """Guards programs that print times in other ways, and each version of Python."""
    assert ours(text) == botocores(text) == expected


@pytest.mark.parametrize("text", REJECTED)
def test_forms_that_are_refused(text: str) -> None:
    """Guards against a time that means something else to botocore, or nothing."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert ours(text) is None
    assert caught == []
    assert botocores(text) is None


def test_names_of_the_local_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards what `date` prints, which botocore reads."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0")
    time.tzset()
    for text in ("Thu Aug 13 15:03:59 CEST 2030", "2030-08-13 15:03:59 CEST"):
        assert ours(text) == botocores(text) == WHEN
    assert ours("2030-01-13 14:03:59 CET") == WHEN.replace(month=1)
    assert ours("2030-08-13 13:03:59 EST") is None


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59-0500"])
def test_the_end_of_time(text: str) -> None:
    """Guards credentials that never expire in another timezone: there is no such time in UTC."""
    assert botocores(text) is not None
    assert ours(text) == ACCEPTED["9999-12-31T23:59:59Z"]
    zone = timezone(timedelta(hours=-5))
    value = Value("A", "s", expiry_time=datetime(9999, 12, 31, 23, 59, 59, tzinfo=zone))
    assert CredentialsCache(lambda: value).get().expiry_time == ours(text)


PARTS = [
    *("2030", "08", "8", "13", "59", "00", "0200", "123456789", "20300813", "130359", "225"),
    *("-", "-", ":", ":", "/", ".", ",", " ", " ", "T", "t", "+", "+"),
    *("Z", "z", "UTC", "GMT", "XST", "Aug", "Thu", "AM", "PM", "W33", "1e5", "nan", "\u0662"),
]
FORMS = ["%Y-%m-%d", "%Y%m%d", "%d %b %Y", "%m/%d/%Y", "%a %d %B %Y"]
CLOCKS = ["%H:%M:%S", "%H%M%S", "%H:%M", "%I:%M:%S %p", "%H:%M:%S.%f", "%H:%M:%S,%f"]
ZONES = ["Z", "z", " UTC", "+00:00", "+0000", "+02", " -07:30", "-0730", "", "+24:00", " XST", "+1"]


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.lists(st.sampled_from(PARTS), max_size=14).map("".join),
        st.builds(
            lambda when, date, between, clock, zone: when.strftime(date + between + clock) + zone,
            st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)),  # noqa: DTZ001 - a zone follows
            st.sampled_from(FORMS),
            st.sampled_from(["T", "t", " ", ""]),
            st.sampled_from(CLOCKS),
            st.sampled_from(ZONES),
        ),
    )
)
def test_any_form_is_read_as_botocore_reads_it(text: str) -> None:
    """Guards the forms that the tables lack."""
    assert ours(text) == botocores(text)


@pytest.mark.parametrize("text", ["2030-08-13T13:03:59+0000", "20300813T130359Z", "2030-08-13T13"])
def test_the_files_that_processes_share_are_read_in_the_same_way(text: str) -> None:
    """Guards a file that another version has written."""
    keys = {"AccessKeyId": "AKIA", "SecretAccessKey": "secret", "Expiration": text}
    facts = {"ProviderType": "plugin", "RetrievedAt": 1, "Plugin": "vault", "Distribution": "a 1"}
    document: dict[str, Any] = {"Credentials": keys, "Profile": None, **facts}
    document["Checksum"] = digest(["name", document])
    entry = entry_of(json.dumps(document).encode(), "name", 1.0)
    assert (entry and entry.value.expiry_time) == ours(text)
