"""The plugin itself: sessions that last, races; and in a chain of botocore."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import plugincreds
import pytest
from keyring.errors import KeyringLocked
from plugincreds import (
    Declined,
    NonRecoverableError,
    PluginProviderRetrieveError,
    RecoverableError,
    Value,
)

import plugincreds_keyring
from plugincreds_keyring import _sts, get_aws_sdk_credential_provider, get_provider
from plugincreds_keyring._item import write_item
from plugincreds_keyring._options import KeychainItem
from plugincreds_keyring._plugin import KeyringPlugin

ITEM = KeychainItem("aws", "work")
OLD, NEW = Value("AKIAOLD", "old"), Value("AKIANEW", "new")
NOON = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def clock() -> list[datetime]:
    """Return the time, which a test changes."""
    return [NOON]


def store(kept: Any, value: Value, item: KeychainItem = ITEM) -> None:
    """Store a value as the command does."""
    kept.set_password(item.service, item.username, write_item(value))


def test_long_term_keys_have_no_expiry(kept: Any, new_context: Any) -> None:
    """Guards against keys in a shared cache on the disk, where only expiring values go."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context())
    assert plugin.retrieve() == OLD
    assert plugin.is_expired() is False


def test_only_the_item_of_this_profile(kept: Any, new_context: Any) -> None:
    """Guards against the keys of another profile, user or service."""
    store(kept, OLD, KeychainItem("aws", "home"))
    store(kept, OLD, KeychainItem("other", "work"))
    with pytest.raises(RecoverableError, match="Nothing is stored"):
        KeyringPlugin(new_context()).retrieve()
    assert KeyringPlugin(new_context(service="other")).retrieve() == OLD
    assert KeyringPlugin(new_context("x", username="home")).retrieve() == OLD


def test_a_mistyped_option_reads_nothing(kept: Any, new_context: Any) -> None:
    """Guards `usrname = admin` against the keys of the profile's own name."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context(usrname="admin"))
    with pytest.raises(NonRecoverableError, match="'usrname'"):
        plugin.retrieve()
    assert kept.looks == 0
    assert "usrname" in plugin.cache_key()


def test_the_cache_key_tells_identities_apart(
    new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards all that decides whose credentials these are, and that no keychain is looked for."""
    monkeypatch.setattr("keyring.get_keyring", must_not_be_called)
    serial = {"mfa_serial": "arn:aws:iam::123456789012:mfa/alice"}
    kinds: list[dict[str, str]] = [
        {},
        {"service": "other"},
        {"username": "other"},
        {"duration_seconds": "900"},
        {"duration_seconds": "901"},
        serial,
        {"usrname": "other"},
    ]
    keys = [KeyringPlugin(new_context(**options)).cache_key() for options in kinds]
    assert len(set(keys)) == len(kinds)
    assert KeyringPlugin(new_context("x", username="work")).cache_key() == keys[0]
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "other.Keychain")
    keys.append(KeyringPlugin(new_context()).cache_key())
    assert len(set(keys)) == len(keys)
    assert "other.Keychain" in keys[-1]


def must_not_be_called() -> None:
    """Stand for a bus that greets and never answers."""
    raise AssertionError("it has looked for backends")


def test_a_running_program_asks_the_keychain_no_more(kept: Any, new_context: Any) -> None:
    """Guards a program against an unlock prompt in the middle of the night."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context())
    cache = plugincreds.CredentialsCache(plugin.retrieve, plugin.is_expired)
    assert cache.get() == OLD
    store(kept, NEW)
    kept.fault = KeyringLocked("x")
    assert cache.get() == OLD
    assert kept.looks == 1


def test_after_a_rejection_the_new_key_signs(kept: Any, new_context: Any) -> None:
    """Guards rotation without a restart: a service rejects the key that was deactivated."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context())
    cache = plugincreds.CredentialsCache(plugin.retrieve, plugin.is_expired)
    assert cache.get() == OLD
    store(kept, NEW)
    cache.invalidate(OLD.access_key)
    assert cache.get() == NEW


def test_a_failed_look_does_not_count(kept: Any, new_context: Any) -> None:
    """Guards that the keychain is looked into again."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context())
    plugin.retrieve()
    store(kept, NEW)
    kept.fault = RuntimeError("D-Bus")
    with pytest.raises(RecoverableError):
        plugin.retrieve()
    kept.fault = None
    assert plugin.retrieve() == NEW


def test_a_deleted_item_is_an_error(kept: Any, new_context: Any) -> None:
    """Guards who signs after `delete` where the plugin is still selected."""
    store(kept, OLD)
    plugin = KeyringPlugin(new_context())
    assert plugin.retrieve() == OLD
    kept.delete_password("aws", "work")
    with pytest.raises(RecoverableError, match="Nothing is stored"):
        plugin.retrieve()


def test_readers_beside_writers_see_one_item_or_the_other(kept: Any, new_context: Any) -> None:
    """Guards key and secret that belong together, with 8 readers and 2 writers."""
    store(kept, OLD)
    start = threading.Barrier(10)
    seen: list[Any] = []

    def read() -> None:
        plugin = KeyringPlugin(new_context())
        start.wait(10)
        seen.extend(plugin.retrieve() for _ in range(50))

    def write(value: Value) -> None:
        start.wait(10)
        for _ in range(50):
            store(kept, value)

    threads = [threading.Thread(target=read) for _ in range(8)]
    threads += [threading.Thread(target=write, args=(value,)) for value in (OLD, NEW)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(seen) == 400
    assert all(value in {OLD, NEW} for value in seen)


def test_stored_temporary_keys_keep_their_expiry(
    kept: Any, new_context: Any, clock: list[datetime]
) -> None:
    """Guards an item with a session token, before its end and after it."""
    value = Value("ASIA", "s", "t", expiry_time=NOON + timedelta(hours=1))
    store(kept, value)
    plugin = KeyringPlugin(new_context(), now=lambda: clock[0])
    assert plugin.retrieve() == value
    clock[0] += timedelta(hours=1)
    with pytest.raises(RecoverableError, match="expired at 2030-01-01T13:00:00"):
        plugin.retrieve()


def test_a_session_is_used_to_its_end(
    kept: Any,
    new_context: Any,
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards a program whose terminal is gone when its session would be renewed ahead."""
    store(kept, OLD)
    session = Value("ASIA", "s", "t", expiry_time=NOON + timedelta(hours=1))
    monkeypatch.setattr(_sts, "session_value", lambda *_: session)
    plugin = KeyringPlugin(new_context(duration_seconds="3600"), now=lambda: clock[0])

    def now() -> float:
        return clock[0].timestamp()

    cache = plugincreds.CredentialsCache(plugin.retrieve, clock=now)
    assert cache.get() == session
    monkeypatch.setattr(_sts, "session_value", no_terminal)
    clock[0] += timedelta(minutes=59, seconds=30)
    assert cache.get() == session
    assert "no terminal" in caplog.text
    assert "What to do: use a terminal." in caplog.text
    clock[0] += timedelta(seconds=30)
    with pytest.raises(PluginProviderRetrieveError, match=r"What to do: use a terminal\."):
        cache.get()


def no_terminal(*_: object) -> Value:
    """Fail as the question for a code does."""
    raise RecoverableError("no terminal", hint="use a terminal")


@pytest.mark.usefixtures("installed")
def test_a_chain_goes_on_where_it_is_not_selected(
    kept: Any, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards a machine where nothing is stored: no look, no prompt, no error, no warning."""
    kept.fault = AssertionError("it looked")
    (home / ".aws" / "config").write_text("[default]\nregion = eu-west-1\n")
    assert botocore.session.Session().get_credentials() is None
    assert kept.looks == 0
    assert "WARNING" not in [record.levelname for record in caplog.records]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("profile", [None, "work"])
def test_what_is_stored_is_not_used_where_nothing_selects_it(
    kept: Any, home: Path, caplog: pytest.LogCaptureFixture, profile: str | None
) -> None:
    """Guards that storing a key changes no program: the chain goes on, and nothing is looked at."""
    (home / ".aws" / "config").write_text("[profile work]\nregion = eu-west-1\n")
    store(kept, OLD, KeychainItem("aws", profile or "default"))
    assert botocore.session.Session(profile=profile).get_credentials() is None
    assert kept.looks == 0
    assert "WARNING" not in [record.levelname for record in caplog.records]


@pytest.mark.usefixtures("installed")
def test_its_name_in_code_needs_no_setting(kept: Any) -> None:
    """Guards `create_session("keyring")`, and that another identity never signs in it."""
    store(kept, OLD, KeychainItem("aws", "default"))
    assert plugincreds.create_session("keyring").get_credentials().access_key == "AKIAOLD"
    kept.delete_password("aws", "default")
    plugincreds.reset()
    with pytest.raises(plugincreds.PluginError, match="Nothing is stored"):
        plugincreds.create_session("keyring").get_credentials()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("with_options", [False, True])
def test_a_profile_selects_it(kept: Any, home: Path, *, with_options: bool) -> None:
    """Guards one line in the configuration, and the options below it."""
    options = "credential_plugin_options =\n  username = someone\n" if with_options else ""
    (home / ".aws" / "config").write_text(f"[profile work]\ncredential_plugin=keyring\n{options}")
    store(kept, OLD, KeychainItem("aws", "someone" if with_options else "work"))
    credentials = botocore.session.Session(profile="work").get_credentials()
    assert credentials is not None
    assert (credentials.access_key, credentials.method) == ("AKIAOLD", "plugin:keyring")
    assert credentials.get_frozen_credentials().secret_key == "old"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "options",
    [
        "credential_plugin_options =\nusername = someone\n",
        "credential_plugin_options =\nservice = aws\nusername = someone\n",
        "output = json\n  credential_plugin_options =\n    username = someone\n",
    ],
)
def test_options_that_are_not_read_sign_with_no_other_key(
    kept: Any, home: Path, options: str
) -> None:
    """Guards against the key of the profile's own name, which the plugin reads by default."""
    (home / ".aws" / "config").write_text(f"[profile work]\ncredential_plugin=keyring\n{options}")
    for name in ("work", "someone"):
        store(kept, OLD, KeychainItem("aws", name))
    with pytest.raises(plugincreds.PluginError, match="'work' has credential_plugin_options in "):
        botocore.session.Session(profile="work").get_credentials()
    assert kept.looks == 0


@pytest.mark.usefixtures("installed")
def test_options_of_both_files_sign(kept: Any, home: Path) -> None:
    """Guards the username that stands in one file, where the other has options, too."""
    line, block = "credential_plugin = keyring\n", "credential_plugin_options =\n  "
    (home / ".aws" / "config").write_text(f"[profile work]\n{line}{block}username = someone\n")
    (home / ".aws" / "credentials").write_text(f"[work]\n{block}service = aws\n")
    store(kept, NEW)
    store(kept, OLD, KeychainItem("aws", "someone"))
    assert botocore.session.Session(profile="work").get_credentials().access_key == "AKIAOLD"


@pytest.mark.usefixtures("installed")
def test_a_locked_keychain_is_an_error_where_it_is_selected(kept: Any, home: Path) -> None:
    """Guards that nobody else signs in its place, and that a person is told what to do."""
    (home / ".aws" / "credentials").write_text(
        "[default]\ncredential_plugin = keyring\n"
        "aws_access_key_id = AKIASTATIC\naws_secret_access_key = s\n"
    )
    kept.fault = KeyringLocked("x")
    with pytest.raises(PluginProviderRetrieveError, match="What to do: unlock the keychain"):
        botocore.session.Session().get_credentials()


def test_a_program_can_choose_it_in_code(kept: Any) -> None:
    """Guards the second getter, by the way in which programs reach it."""
    store(kept, OLD, KeychainItem("aws", "default"))
    session = plugincreds.create_session(plugincreds_keyring)
    assert session.get_credentials().access_key == "AKIAOLD"


def test_both_getters_are_of_the_contract(new_context: Any) -> None:
    """Guards what the entry point and the module's own name give."""
    assert isinstance(get_provider(new_context(is_selected=False)), Declined)
    assert isinstance(get_provider(new_context()), KeyringPlugin)
    assert set(json.loads(get_aws_sdk_credential_provider(new_context()).cache_key())) == {
        "keychain",
        "item",
        "duration_seconds",
        "mfa_serial",
    }
