"""What a profile may ask for, and when the plugin declines."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugincreds import Declined, NonRecoverableError
from tests.support.credentials_files import NewContext

import plugincreds_shared_file
from plugincreds_shared_file._options import Options, read_options

HINT = "log in again with the tool that writes this file"


def test_defaults(home: Path, new_context: NewContext) -> None:
    """Guards a profile without options."""
    expected = Options(home / ".aws" / "credentials", "work", None, HINT)
    assert read_options(new_context("work")) == expected


def test_all_options(home: Path, new_context: NewContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards each of them, and variables in a path, as in the paths of botocore."""
    monkeypatch.setenv("TEAM", "blue")
    options = {"section": "saml", "expiry_key": "valid_until", "hint": "run acme login"}
    found = read_options(new_context("work", file="$HOME/$TEAM/../creds", **options))
    assert found == Options(home / "creds", "saml", "valid_until", "run acme login")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sektion", "saml", "has no option 'sektion'; it knows file, section, expiry_key, hint"),
        ("section", "", "'section' of the shared-file plugin is empty"),
        ("section", "a\x1b[0m", "'section' of the shared-file plugin is empty or not printable"),
        ("file", "creds", "no absolute path (begin it with / or ~"),
        ("file", "~nobody-of-this-name/creds", "no absolute path"),
    ],
)
def test_options_that_cannot_be_used(
    new_context: NewContext, name: str, text: str, expected: str
) -> None:
    """Guards against another section or file than the one that is meant."""
    with pytest.raises(NonRecoverableError) as caught:
        read_options(new_context("work", **{name: text}))
    assert expected in str(caught.value)
    assert "correct credential_plugin_options in the profile 'work'" in str(caught.value)


def test_it_declines_where_it_is_not_selected(new_context: NewContext) -> None:
    """Guards other credentials on a machine where the plugin is only installed."""
    declined = plugincreds_shared_file.get_provider(new_context(is_selected=False, section="saml"))
    assert isinstance(declined, Declined)
    assert declined.reason == "it answers only where it is selected"
    selected = plugincreds_shared_file.get_provider(new_context())
    assert not isinstance(selected, Declined)
    in_code = plugincreds_shared_file.get_aws_sdk_credential_provider
    assert in_code(new_context(is_selected=False)) is not None
