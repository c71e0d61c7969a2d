"""When the plugin answers: only where it is selected; else it leaves the keychain alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plugincreds import NonRecoverableError

from plugincreds_keyring import get_aws_sdk_credential_provider, get_provider
from plugincreds_keyring._item import write_item

CONFIG = (
    "[profile work]\ncredential_plugin = keyring \n[profile other]\ncredential_plugin = vault\n"
    "[profile block]\ncredential_plugin =\n  keyring = keyring\n"
)


@pytest.fixture(autouse=True)
def _config(home: Path) -> None:
    (home / ".aws" / "config").write_text(CONFIG + "[profile plain]\nregion = eu-west-1\n")


@pytest.mark.parametrize("profile", ["plain", "other", "block", "nosuch", "default"])
def test_it_declines_where_it_is_not_selected(new_context: Any, kept: Any, profile: str) -> None:
    """Guards servers, containers and laptops where it is just installed, and what is stored."""
    kept.items["aws", profile] = '{"AccessKeyId": "AKIA", "SecretAccessKey": "s"}'
    assert get_provider(new_context(profile)) is None
    assert kept.looks == 0


def test_what_1_0_has_left_does_not_select_it(new_context: Any, home: Path, kept: Any) -> None:
    """Guards the files by which version 1.0.0 answered without being selected."""
    folder = home / ".aws" / "plugincreds" / "keyring"
    folder.mkdir(parents=True)
    (folder / ("0" * 64)).write_text("keyring.backends.SecretService.Keyring")
    assert get_provider(new_context("plain")) is None
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
    for profile in ("plain", "other"):
        assert get_provider(new_context(profile, **options)) is None
    assert kept.looks == 0


@pytest.mark.parametrize("value", ["none", "", "vault", "Keyring"])
def test_the_variable_names_another_plugin(
    new_context: Any, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Guards that only the exact name counts."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", value)
    assert get_provider(new_context("plain")) is None


def test_the_variable_comes_before_another_plugin_of_the_profile(
    new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards rank 3 of the chain, and a space around the name."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", " keyring ")
    assert get_provider(new_context("other")) is not None


def test_selected_it_still_waits_with_the_keychain(new_context: Any, kept: Any) -> None:
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


def test_a_program_that_hands_the_module_over_has_selected_it(new_context: Any) -> None:
    """Guards `create_session(plugincreds_keyring)`, which needs no name anywhere."""
    with pytest.raises(NonRecoverableError, match="Nothing is stored"):
        get_aws_sdk_credential_provider(new_context("plain")).retrieve()


def test_no_home_directory_is_needed(
    new_context: Any, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards services whose user has none: they decline, or sign where the plugin is selected."""
    kept.items["aws", "work"] = '{"AccessKeyId": "AKIA", "SecretAccessKey": "s"}'
    monkeypatch.setattr(Path, "home", missing_home)
    assert get_provider(new_context("plain")) is None
    plugin = get_provider(new_context("work"))
    assert plugin is not None
    assert write_item(plugin.retrieve()) == kept.items["aws", "work"]
    assert plugin.is_expired() is False


def missing_home() -> Path:
    """Fail as `Path.home` does."""
    raise RuntimeError("no home")


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
