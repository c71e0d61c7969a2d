"""When the plugin answers: installed alone, it leaves the keychain alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plugincreds import NonRecoverableError

from plugincreds_keyring import get_aws_sdk_credential_provider, get_provider
from plugincreds_keyring._keychain import Keychain, KeychainError
from plugincreds_keyring._notice import give_notice, notice_file, remove_notice
from plugincreds_keyring._options import Place

CONFIG = (
    "[profile work]\ncredential_plugin = keyring \n[profile other]\ncredential_plugin = vault\n"
)


@pytest.fixture(autouse=True)
def _config(home: Path) -> None:
    (home / ".aws" / "config").write_text(CONFIG + "[profile plain]\nregion = eu-west-1\n")


@pytest.mark.parametrize("profile", ["plain", "other", "nosuch", "default"])
def test_nobody_asks(new_context: Any, kept: Any, profile: str) -> None:
    """Guards servers, containers and laptops where it is just installed."""
    assert get_provider(new_context(profile)) is None
    assert kept.looks == 0


def test_options_are_no_request(new_context: Any) -> None:
    """Guards a profile whose options this plugin could read."""
    assert get_provider(new_context("plain", username="u", service="s")) is None


def notice(username: str, keychain: str | None = None) -> None:
    """Leave what the command leaves."""
    assert give_notice(Place("aws", username), keychain or Keychain().name)


@pytest.mark.parametrize(
    ("profile", "options", "username"),
    [
        ("default", {}, "default"),
        ("plain", {}, "plain"),
        ("plain", {"username": "me"}, "me"),
        ("plain", {"username": "me", "duration_seconds": "900"}, "me"),
    ],
)
def test_what_is_stored_is_a_request(
    new_context: Any, kept: Any, profile: str, options: dict[str, str], username: str
) -> None:
    """Guards that it answers for the item of this profile and its options, and not for others."""
    notice("somebody")
    assert get_provider(new_context(profile, **options)) is None
    notice(username)
    assert get_provider(new_context(profile, **options)) is not None
    assert get_provider(new_context(profile, **{**options, "service": "other"})) is None
    assert kept.looks == 0


@pytest.mark.parametrize(
    "options", [{"server": "s"}, {"username": ""}, {"role_arn": "arn"}, {"duration_seconds": "x"}]
)
def test_options_of_another_plugin_decline(new_context: Any, options: dict[str, str]) -> None:
    """Guards profiles of other plugins, which must not fail because of this one."""
    notice("plain")
    assert get_provider(new_context("plain", **options)) is None


def test_a_profile_of_another_plugin_declines(new_context: Any) -> None:
    """Guards options that both could read: they are meant for the plugin that is named."""
    notice("other")
    notice("me")
    assert get_provider(new_context("other")) is None
    assert get_provider(new_context("other", username="me")) is None


@pytest.mark.parametrize("profile", ["plain", "work"])
def test_a_notice_without_an_item_is_an_error(new_context: Any, profile: str) -> None:
    """Guards the moment in which `set` replaces the item; and says both ways out."""
    notice(profile)
    plugin = get_provider(new_context(profile))
    assert plugin is not None
    with pytest.raises(NonRecoverableError, match=r"keyring set .*keyring delete --service aws"):
        plugin.retrieve()


def test_an_item_without_its_notice_any_more_declines(new_context: Any) -> None:
    """Guards `delete` between the getter and the look into the keychain: it is not an error."""
    notice("plain")
    plugin = get_provider(new_context("plain"))
    assert plugin is not None
    remove_notice(Place("aws", "plain"))
    assert plugin.retrieve() is None


def test_an_empty_keychain_in_place_of_the_right_one_is_an_error(new_context: Any) -> None:
    """Guards a session over ssh, where the package keyring chooses another backend."""
    notice("plain", "keyring.backends.SecretService.Keyring")
    plugin = get_provider(new_context("plain"))
    assert plugin is not None
    with pytest.raises(NonRecoverableError, match=r"it was stored in keyring[.]backends"):
        plugin.retrieve()


@pytest.mark.parametrize("profile", ["plain", "work"])
def test_an_older_item_of_another_keychain_is_an_error(
    new_context: Any, kept: Any, profile: str
) -> None:
    """Guards against a key that was rotated elsewhere, be the plugin named or not."""
    kept.items["aws", profile] = '{"AccessKeyId": "AKIAOLD", "SecretAccessKey": "s"}'
    notice(profile, "elsewhere.\x1b[2JKeychain")
    plugin = get_provider(new_context(profile))
    assert plugin is not None
    with pytest.raises(NonRecoverableError, match=r"stored in elsewhere[.][?]\[2JKeychain"):
        plugin.retrieve()
    assert kept.looks == 0


def test_another_backend_beside_it_changes_nothing(
    new_context: Any, kept: Any, plaintext: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards `pip install` of a backend, after which the package keyring asks two."""
    kept.items["aws", "plain"] = '{"AccessKeyId": "AKIAKEPT", "SecretAccessKey": "s"}'
    monkeypatch.setattr("keyring.core._keyring_backend", kept)
    notice("plain")
    monkeypatch.setattr(kept, "backends", [plaintext, kept], raising=False)
    plugin = get_provider(new_context("plain"))
    assert plugin is not None
    value = plugin.retrieve()
    assert value is not None
    assert value.access_key == "AKIAKEPT"


def test_a_home_that_cannot_be_looked_into_is_an_error(
    home: Path, new_context: Any, kept: Any
) -> None:
    """Guards who signs where a disk fails: only a file that is not there means nothing stored."""
    for profile in ("plain", "work"):
        kept.items["aws", profile] = '{"AccessKeyId": "AKIA", "SecretAccessKey": "s"}'
    (home / ".aws" / "plugincreds").write_text("a file in the place of the folder")
    plugin = get_provider(new_context("plain"))
    assert plugin is not None
    assert plugin.cache_key()
    with pytest.raises(KeychainError, match="ENOTDIR"):
        plugin.retrieve()
    named = get_provider(new_context("work"))
    assert named is not None
    assert named.retrieve() is not None


@pytest.mark.parametrize(("kind", "said"), [("folder", "E"), ("pipe", "EINVAL"), ("long", "EFBIG")])
def test_what_is_no_notice_is_an_error(new_context: Any, kind: str, said: str) -> None:
    """Guards what a file may be that others can put there: nothing waits, or fills the memory."""
    notice("work")
    file = notice_file(Place("aws", "work"))
    assert file is not None
    file.unlink()
    if kind == "folder":
        file.mkdir()
        assert give_notice(Place("aws", "work"), "any") is False
        assert list(file.parent.iterdir()) == [file]
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.write_text("x" * 1000)
    plugin = get_provider(new_context("work"))
    assert plugin is not None
    assert plugin.cache_key()
    with pytest.raises(KeychainError, match=f"cannot be read [(]{said}"):
        plugin.retrieve()


@pytest.mark.parametrize("value", ["none", "", "vault", "Keyring"])
def test_the_variable_names_somebody_else(
    new_context: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Guards that only the exact name counts."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", value)
    assert get_provider(new_context("plain")) is None


def test_asked_for_it_still_waits_with_the_keychain(new_context: Any, kept: Any) -> None:
    """Guards the getter, which is called whenever a session loads its credentials."""
    plugin = get_provider(new_context("work"))
    assert plugin is not None
    assert plugin.cache_key()
    assert kept.looks == 0


@pytest.mark.parametrize("name", ["profile", "variable"])
def test_nothing_stored_is_an_error_where_it_is_selected(
    new_context: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Guards against somebody else's keys, and says which command stores them."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "keyring" if name == "variable" else "")
    plugin = get_provider(new_context("work" if name == "profile" else "plain"))
    assert plugin is not None
    with pytest.raises(NonRecoverableError, match="set --service aws --username"):
        plugin.retrieve()


def test_the_variable_does_not_count_with_a_profile_in_code(
    new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a profile in code, for which the contract skips it, and options of other plugins."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "keyring")
    assert get_provider(new_context("plain", in_code=True)) is None
    assert get_provider(new_context("plain", in_code=True, server="s")) is None
    assert get_provider(new_context("other", in_code=True, server="s")) is None
    named = get_provider(new_context("work", in_code=True))
    assert named is not None
    with pytest.raises(NonRecoverableError, match="Nothing is stored"):
        named.retrieve()


def test_the_variable_counts_for_a_credential_source(
    home: Path, new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards `credential_source = CustomPlugin`, also where the profile is given in code."""
    (home / ".aws" / "config").write_text("[profile role]\ncredential_source = CustomPlugin\n")
    assert get_provider(new_context("role", in_code=True)) is None
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "keyring")
    plugin = get_provider(new_context("role", in_code=True))
    assert plugin is not None
    with pytest.raises(NonRecoverableError, match="Nothing is stored"):
        plugin.retrieve()


def test_a_program_that_hands_the_module_over_has_asked(new_context: Any) -> None:
    """Guards `create_session(plugincreds_keyring)`, which needs no name anywhere."""
    with pytest.raises(NonRecoverableError, match="Nothing is stored"):
        get_aws_sdk_credential_provider(new_context("plain")).retrieve()


def test_the_getter_imports_no_keyring() -> None:
    """Guards the time that a chain takes which passes the plugin over, or has just asked it."""
    program = (
        "import sys, plugincreds, plugincreds_keyring, botocore.session\n"
        "for name in ('', 'keyring'):\n"
        "    import os; os.environ['AWS_CREDENTIAL_PLUGIN'] = name\n"
        "    context = plugincreds.PluginContext('keyring', profile='plain', region=None,\n"
        "        options={}, open_session=botocore.session.Session)\n"
        "    plugin = plugincreds_keyring.get_provider(context)\n"
        "    assert (plugin is None) == (not name), name\n"
        "    assert 'keyring' not in sys.modules, name\n"
    )
    path = str(Path(__file__).parents[1] / "src")
    code = f"import sys; sys.path.insert(0, {path!r})\n{program}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
