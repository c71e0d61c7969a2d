"""A profile's options, and what a mistyped one leads to."""

from __future__ import annotations

import pytest
from plugincreds import NonRecoverableError

from plugincreds_keyring._options import KeychainItem, Options, read_options

SERIAL = "arn:aws:iam::123456789012:mfa/alice"


def test_the_profile_is_the_username() -> None:
    """Guards the item that is meant where a profile says nothing of it."""
    assert read_options({}, "work") == Options(KeychainItem("aws", "work"))


def test_all_options_together() -> None:
    """Guards that each option arrives where it belongs."""
    options = {"service": "s", "username": "u", "duration_seconds": "900", "mfa_serial": SERIAL}
    assert read_options(options, "work") == Options(KeychainItem("s", "u"), 900, SERIAL)


@pytest.mark.parametrize(("text", "seconds"), [("900", 900), ("129600", 129_600)])
def test_the_limits_of_sts_are_within(text: str, seconds: int) -> None:
    """Guards the two ends of what STS accepts."""
    assert read_options({"duration_seconds": text}, "p").duration_seconds == seconds


def test_a_device_alone_asks_for_a_session() -> None:
    """Guards that mfa_serial without a duration is not ignored."""
    assert read_options({"mfa_serial": "GAHT12345678"}, "p").duration_seconds == 43_200


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"usrname": "u"}, "no option 'usrname'; it knows service, username, duration_seconds"),
        ({"Service": "s"}, "no option 'Service'"),
        ({"role_arn": "arn:aws:iam::123456789012:role/r"}, "source_profile"),
        ({"service": ""}, "'service' of the keyring plugin is empty"),
        ({"username": "u\x07"}, "'username'"),
        ({"mfa_serial": "alice"}, "'mfa_serial'"),
        ({"mfa_serial": ""}, "'mfa_serial'"),
        *(
            ({"duration_seconds": text}, "'duration_seconds'")
            for text in ("", "899", "129601", "1h", "-900", "9e3", "٩٠٠", "9" * 5000)
        ),
    ],
)
def test_what_cannot_be_used_is_said(options: dict[str, str], fault: str) -> None:
    """Guards that no option is skipped, whereby another item would be read."""
    with pytest.raises(NonRecoverableError) as caught:
        read_options(options, "work")
    assert fault in str(caught.value)
    assert caught.value.hint


def test_a_value_is_not_repeated() -> None:
    """Guards a secret that somebody puts where an option belongs."""
    for options in ({"secret": "kAnArY7"}, {"duration_seconds": "kAnArY7"}, {"mfa_serial": "kA 7"}):
        with pytest.raises(NonRecoverableError) as caught:
            read_options(options, "work")
        assert "kA" not in str(caught.value)


def test_a_place_is_quoted_for_the_shell() -> None:
    """Guards the command that a person is told to run."""
    assert (
        KeychainItem("my keys", "a'b").arguments == """--service 'my keys' --username 'a'"'"'b'"""
    )
