"""When the plugin answers: only where it is selected; else it leaves the keychain alone."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import plugincreds
import pytest
from plugincreds import Declined, PluginError, RecoverableError
from plugins.keyring.tests.conftest import Leave
from tests.support.commands import main

import plugincreds_keyring
from plugincreds_keyring import get_aws_sdk_credential_provider, get_provider
from plugincreds_keyring._item import write_item

CONFIG = (
    "[profile work]\ncredential_plugin = keyring \n[profile other]\ncredential_plugin = vault\n"
    "[profile off]\ncredential_plugin = none\n[profile plain]\nregion = eu-west-1\n"
    "[profile source]\ncredential_source = CustomPlugin\nrole_arn = arn:aws:iam::1:role/r\n"
)
KEYS = '{"AccessKeyId": "AKIASTORED", "SecretAccessKey": "s"}'


@pytest.fixture(autouse=True)
def _stored(home: Path, kept: Any) -> None:
    """Store an item for each profile."""
    (home / ".aws" / "config").write_text(CONFIG)
    for profile in ("default", "work", "other", "off", "plain", "source"):
        kept.items["aws", profile] = KEYS


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("variable", "active", "in_code", "is_selected"),
    [
        ("", None, None, False),
        ("", "plain", None, False),
        ("", None, "plain", False),
        ("", "off", None, False),
        ("", "work", None, True),
        ("", None, "work", True),
        ("keyring", None, None, True),
        (" keyring ", "plain", None, True),
        ("keyring", "other", None, True),
        ("keyring", None, "plain", False),
        ("keyring", None, "work", True),
        ("none", None, "plain", False),
        ("none", None, None, False),
    ],
)
def test_a_chain_of_botocore(
    kept: Any,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    active: str | None,
    in_code: str | None,
    *,
    is_selected: bool,
) -> None:
    """Guards programs that are not changed: all that selects it, and what only looks like that."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    if active is not None:
        monkeypatch.setenv("AWS_PROFILE", active)
    credentials = botocore.session.Session(profile=in_code).get_credentials()
    found = None if credentials is None else (credentials.access_key, credentials.method)
    assert found == (("AKIASTORED", "plugin:keyring") if is_selected else None)
    assert kept.looks == int(is_selected)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("variable", ["vault", "Keyring"])
def test_another_name_is_an_error_of_its_own(
    kept: Any, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Guards that only the exact name counts."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    with pytest.raises(plugincreds.PluginNotFoundError):
        botocore.session.Session().get_credentials()
    assert kept.looks == 0


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("in_code", [False, True])
def test_the_source_of_a_role(kept: Any, monkeypatch: pytest.MonkeyPatch, *, in_code: bool) -> None:
    """Guards `credential_source = CustomPlugin`, also where the profile is given in code."""
    if not in_code:
        monkeypatch.setenv("AWS_PROFILE", "source")

    def credentials() -> Any:
        profile = "source" if in_code else None
        session = botocore.session.Session(profile=profile)
        resolver = session.get_component("credential_provider")
        (role,) = [each for each in resolver.providers if each.METHOD == "assume-role"]
        return role._credential_sourcer.source_credentials("CustomPlugin")

    with pytest.raises(PluginError, match="none of those installed is configured here: keyring"):
        credentials()
    assert kept.looks == 0
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "keyring")
    assert credentials().access_key == "AKIASTORED"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "given",
    [
        lambda: plugincreds.create_session("keyring").get_credentials().access_key,
        lambda: plugincreds.create_session(plugincreds_keyring).get_credentials().access_key,
        lambda: (
            plugincreds.create_session("keyring", profile_name="plain").get_credentials().access_key
        ),
        lambda: plugincreds.new_credentials("keyring").get_frozen_credentials().access_key,
        lambda: (
            plugincreds.new_credentials(plugincreds_keyring).get_frozen_credentials().access_key
        ),
        lambda: plugincreds.get_plugin_provider_fns("keyring")[0]().access_key,
        lambda: (
            plugincreds.get_plugin_provider_fns_by_name("keyring", "get_provider")[0]().access_key
        ),
    ],
)
def test_a_program_that_asks_for_it(given: Callable[[], str]) -> None:
    """Guards code that names the plugin, which needs no setting."""
    assert given() == "AKIASTORED"
    assert boto3.Session().get_credentials() is None


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("arguments", "is_selected"),
    [
        (("keyring",), True),
        (("keyring", "--profile", "plain"), True),
        (("--profile", "work"), True),
        ((), False),
        (("--profile", "plain"), False),
    ],
)
def test_the_command_export(
    kept: Any, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], *, is_selected: bool
) -> None:
    """Guards other SDKs, and that without a name only what is selected is exported."""
    assert main(["export", *arguments]) == int(not is_selected)
    printed = capfd.readouterr().out
    assert (json.loads(printed)["AccessKeyId"] if printed else None) == (
        "AKIASTORED" if is_selected else None
    )
    assert kept.looks == int(is_selected)


def test_what_1_0_has_left_does_not_select_it(new_context: Any, home: Path, kept: Any) -> None:
    """Guards the files by which version 1.0.0 answered without being selected."""
    folder = home / ".aws" / "plugincreds" / "keyring"
    folder.mkdir(parents=True)
    (folder / ("0" * 64)).write_text("keyring.backends.SecretService.Keyring")
    assert isinstance(get_provider(new_context("plain", is_selected=False)), Declined)
    assert kept.looks == 0


@pytest.mark.parametrize(
    "options",
    [
        {"username": "u", "service": "s"},
        {"username": "me", "duration_seconds": "900"},
        {"server": "s"},
        {"username": ""},
        {"role_arn": "arn"},
        {"duration_seconds": "x"},
    ],
)
def test_options_do_not_select_it(new_context: Any, kept: Any, options: dict[str, str]) -> None:
    """Guards profiles of other plugins, whose options this one could read or not."""
    for profile in ("plain", "other", "work"):
        context = new_context(profile, is_selected=False, **options)
        assert isinstance(get_provider(context), Declined)
    assert kept.looks == 0


def test_selected_it_still_waits_with_the_keychain(new_context: Any, kept: Any) -> None:
    """Guards the getter, which is called whenever a session loads its credentials."""
    plugin = get_provider(new_context())
    assert not isinstance(plugin, Declined)
    assert plugin.cache_key()
    assert kept.looks == 0


@pytest.mark.parametrize("getter", [get_provider, get_aws_sdk_credential_provider])
def test_nothing_stored_is_an_error_where_it_is_selected(
    new_context: Any, kept: Any, getter: Callable[[Any], Any]
) -> None:
    """Guards against another identity's keys, and says which command stores them."""
    kept.items.clear()
    plugin = getter(new_context())
    with pytest.raises(RecoverableError, match=r"Nothing .*set --service aws --username work"):
        plugin.retrieve()


def test_the_module_needs_no_selection(new_context: Any) -> None:
    """Guards `create_session(plugincreds_keyring)`, which needs no name anywhere."""
    plugin = get_aws_sdk_credential_provider(new_context("plain", is_selected=False))
    assert write_item(plugin.retrieve()) == KEYS


def test_no_home_directory_is_needed(new_context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards services whose user has none: they decline, or sign where the plugin is selected."""
    monkeypatch.setattr(Path, "home", missing_home)
    assert isinstance(get_provider(new_context("plain", is_selected=False)), Declined)
    plugin = get_provider(new_context("work"))
    assert not isinstance(plugin, Declined)
    assert write_item(plugin.retrieve()) == KEYS
    assert plugin.is_expired() is False


def missing_home() -> Path:
    """Fail as `Path.home` does."""
    raise RuntimeError("no home")


def test_a_decline_opens_no_session_and_no_getter_imports_keyring() -> None:
    """Guards the time that a chain takes which passes the plugin over, or has just asked it."""
    program = (
        "import sys, plugincreds, plugincreds_keyring\n"
        "for is_selected in (False, True):\n"
        "    context = plugincreds.PluginContext('keyring', profile='plain', region=None,\n"
        "        options={}, open_session=None, is_selected=is_selected)\n"
        "    plugin = plugincreds_keyring.get_provider(context)\n"
        "    assert isinstance(plugin, plugincreds.Declined) != is_selected\n"
        "    assert 'keyring' not in sys.modules\n"
        "    assert 'botocore.session' not in sys.modules\n"
    )
    path = str(Path(__file__).parents[1] / "src")
    code = f"import sys; sys.path.insert(0, {path!r})\n{program}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("profile", "service", "username"),
    [("plain", "aws", "plain"), ("named", "company", "alice"), (None, "aws", "default")],
)
def test_a_key_that_1_0_0_would_have_used(
    home: Path,
    kept: Any,
    caplog: pytest.LogCaptureFixture,
    leave: Leave,
    profile: str | None,
    service: str,
    username: str,
) -> None:
    """Guards against an upgrade that silently changes who signs."""
    with (home / ".aws" / "config").open("a") as config:
        config.write("[profile named]\ncredential_plugin_options =\n")
        config.write("  service = company\n  username = alice\n")
    file = leave(service, username)
    for _ in range(2):
        assert botocore.session.Session(profile=profile).get_credentials() is None
    (warning,) = (each for each in caplog.records if "1.0.0" in each.getMessage())
    assert warning.levelno == logging.WARNING
    said = warning.getMessage()
    assert f"the service {service!r} and the username {username!r}" in said
    assert f"for the profile {profile or 'default'!r}" in said
    assert repr(str(file)) in said
    assert kept.looks == 0


@pytest.mark.usefixtures("installed")
def test_the_warning_has_no_control_characters(
    tmp_path: Path,
    leave: Leave,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards terminals and logs against a home folder with an odd name."""
    odd = tmp_path / "\x1b[31m\nhome"
    (odd / ".aws").mkdir(parents=True)
    file = leave("aws", "plain")
    copy = odd / ".aws" / "plugincreds" / "keyring" / file.name
    copy.parent.mkdir(parents=True)
    copy.touch()
    monkeypatch.setenv("HOME", str(odd))
    botocore.session.Session(profile="plain").get_credentials()
    (warning,) = (each for each in caplog.records if "1.0.0" in each.getMessage())
    assert warning.getMessage().isprintable()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("profile", ["work", "off", "plain"])
def test_no_other_key_is_warned_of(
    leave: Leave, caplog: pytest.LogCaptureFixture, profile: str
) -> None:
    """Guards those who have selected it, have switched it off, or use another profile."""
    leave("aws", "default" if profile == "plain" else profile)
    botocore.session.Session(profile=profile).get_credentials()
    assert caplog.records == []
