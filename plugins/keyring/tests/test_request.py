"""Who asks for the plugin: installed alone, it leaves the keychain alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plugincreds import NonRecoverableError

from plugincreds_keyring import get_aws_sdk_credential_provider, get_provider

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
    """Guards a profile whose options are those of another plugin."""
    assert get_provider(new_context("plain", username="u", server="s")) is None


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


def test_nothing_stored_declines_where_the_variable_may_not_count(
    new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a profile in code, for which the variable is skipped: the chain goes on."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "keyring")
    plugin = get_provider(new_context("plain", in_code=True))
    assert plugin is not None
    assert plugin.retrieve() is None
    named = get_provider(new_context("work", in_code=True))
    assert named is not None
    with pytest.raises(NonRecoverableError, match="Nothing is stored"):
        named.retrieve()


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
