"""Libraries use the private parts of botocore's and aiobotocore's refreshable credentials."""

import asyncio
import inspect
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.credentials
import pytest

from plugincreds import PluginProviderRetrieveError, Value
from plugincreds._bindings.credentials import credentials_class
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._source import Source

START = 1_700_000_000.0
NOW = datetime.fromtimestamp(START, timezone.utc)
HOUR = 3600.0
CANARY = "Canary0Canary1Canary2Canary3"
ACCOUNT = "123456789012"
PLUGIN = InstalledPlugin("vault", "acme:get_provider", "acme-creds", "1.2")
KEYS = ("access_key", "secret_key", "token", "account_id")


class Plugin:
    """Gives another key each time, and is asked for credentials at a time that the test sets."""

    def __init__(self) -> None:
        self.now = START
        self.calls = 0
        self.error: Exception | None = None
        self.fixed_key: str | None = None
        self.lifetime: float | None = HOUR

    def retrieve(self) -> Value:
        self.calls += 1
        if self.error:
            raise self.error
        expiry = None
        if self.lifetime is not None:
            expiry = datetime.fromtimestamp(self.now + self.lifetime, timezone.utc)
        key = self.fixed_key or f"KEY{self.calls}"
        return Value(key, CANARY, CANARY, expiry_time=expiry, account_id=ACCOUNT)


class World:
    """One adapter, its plugin, and upstream's class."""

    def __init__(self, module: Any) -> None:
        self.plugin = Plugin()
        self.is_aio = module is not botocore.credentials
        self.base = (
            module.AioRefreshableCredentials if self.is_aio else module.RefreshableCredentials
        )
        self.credentials: Any = None

    def start(self, settings: RefreshSettings | None = None) -> Any:
        """Return the adapter, after the first retrieval."""
        functions = Functions(self.plugin.retrieve, lambda: False, None)
        settings = settings or RefreshSettings()
        source = Source(PLUGIN, functions, (PLUGIN, None), settings, lambda: self.plugin.now)
        if self.is_aio:
            from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415

            kind = aio_credentials_class(self.base)
        else:
            kind = credentials_class(self.base)
        self.credentials = kind(source, botocore.credentials.ReadOnlyCredentials, None)
        source.engine.get()
        return self.credentials

    def key(self) -> str:
        """Return the access key that the next signature uses."""
        return str(self.done(self.credentials.get_frozen_credentials).access_key)

    def done(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """Call a method, and await its result where it is awaited upstream."""
        if not self.is_aio:
            return call(**arguments)

        async def awaited() -> Any:
            return await call(**arguments)

        return asyncio.run(awaited())

    def upstream(self) -> Any:
        """Return credentials of upstream's own class."""

        def refresh() -> dict[str, str]:
            raise AssertionError

        async def refresh_later() -> dict[str, str]:
            raise AssertionError

        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        refresh_using = refresh_later if self.is_aio else refresh
        made = self.base(CANARY, CANARY, CANARY, expiry, refresh_using, "custom")
        if hasattr(made, "_account_id"):  # not in older ones
            made.account_id = ACCOUNT
        return made


@pytest.fixture(params=["botocore", "aiobotocore"])
def world(request: pytest.FixtureRequest) -> World:
    """Return the world of one of the two libraries."""
    return World(pytest.importorskip(f"{request.param}.credentials"))


def kind_of(credentials: Any, name: str) -> object:
    """Return what an attribute is: the error, the parameters of a function, or the type."""
    try:
        found = getattr(credentials, name)
    except NotImplementedError:
        return NotImplementedError
    if callable(found):
        return list(inspect.signature(found).parameters), inspect.iscoroutinefunction(found)
    return type(found)


def test_all_names_of_upstream_work(world: World) -> None:
    """Guards libraries: every attribute and method is there, and of the same kind."""
    theirs, ours = world.upstream(), world.start()
    names = {name for name in dir(theirs) if not name.startswith("__")}
    assert {"_seconds_remaining", "_protected_refresh", "_refresh_lock", "_token"} <= names
    assert {name: kind_of(ours, name) for name in names} == {
        name: kind_of(theirs, name) for name in names
    }
    assert (ours._account_id, ours._staged_expiry_time) == (ACCOUNT, None)
    deferred = getattr(ours, "get_deferred_property", None)  # not in older ones
    assert deferred is None or deferred("_account_id")() == ACCOUNT


def test_attributes_are_those_of_the_credentials(world: World) -> None:
    """Guards libraries that read the private attributes: no refresh, and no older credentials."""
    credentials = world.start()
    assert credentials._frozen_credentials == world.done(credentials.get_frozen_credentials)
    assert (credentials._access_key, credentials._secret_key) == ("KEY1", CANARY)
    assert credentials._token == CANARY
    assert credentials._expiry_time == NOW + timedelta(hours=1)
    assert credentials._time_fetcher() == NOW
    assert credentials._seconds_remaining() == HOUR
    assert not credentials._is_expired()
    assert not credentials.refresh_needed(credentials._mandatory_refresh_timeout)
    world.plugin.now += HOUR
    assert (credentials._access_key, credentials._seconds_remaining()) == ("KEY1", 0)
    assert credentials.refresh_needed()
    world.plugin.now += 1
    assert credentials._is_expired()
    assert world.plugin.calls == 1
    world.done(credentials._refresh)
    assert (credentials._access_key, world.plugin.calls) == ("KEY2", 2)


def test_credentials_without_an_expiry(world: World) -> None:
    """Guards callers that cap a lifetime with it, and that pass it on as a number of seconds."""
    world.plugin.lifetime = None
    credentials = world.start()
    assert credentials._expiry_time is None
    assert min(credentials._seconds_remaining(), 43_200) == 43_200
    assert timedelta(seconds=int(credentials._seconds_remaining())) > timedelta(days=366)
    assert not credentials._is_expired()
    assert not credentials.refresh_needed(HOUR)


@pytest.mark.parametrize("left", [-HOUR, 0, 1, 30, 899])
@pytest.mark.parametrize("lifetime", [HOUR, None])
def test_a_past_expiry_forces_a_refresh(
    world: World, left: float, lifetime: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards programs that set `_expiry_time`: to a past time, or one so near that it is due."""
    world.plugin.lifetime, world.plugin.fixed_key = lifetime, "SAME"  # which is no failure
    credentials = world.start()
    world.key()
    credentials._expiry_time = NOW + timedelta(seconds=left)
    assert credentials._expiry_time == NOW + timedelta(seconds=left)
    assert credentials._seconds_remaining() == left
    assert credentials.refresh_needed()
    assert credentials._is_expired() is (left < 0)
    assert world.plugin.calls == 1
    assert [world.key() for _ in range(3)] == ["SAME"] * 3
    assert world.plugin.calls == 2
    assert credentials._expiry_time == (lifetime and NOW + timedelta(seconds=HOUR))
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_a_forced_refresh_that_fails(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Guards running programs: valid credentials are used meanwhile, as after a rejection."""
    credentials = world.start()
    world.plugin.error = OSError("the broker is down")
    credentials._expiry_time = NOW
    assert [world.key() for _ in range(3)] == ["KEY1"] * 3
    assert (world.plugin.calls, "the broker is down" in caplog.text) == (2, True)
    credentials._expiry_time = NOW
    assert (world.key(), world.plugin.calls) == ("KEY1", 2)  # it does not end the backoff
    world.plugin.error = None
    world.plugin.now += 601
    assert (world.key(), world.plugin.calls) == ("KEY3", 3)


@pytest.mark.parametrize("left", [None, 900.0, 2 * HOUR])
def test_no_expiry_can_be_moved_away(world: World, left: float | None) -> None:
    """Guards against credentials that would be used for longer than their plugin says."""
    credentials = world.start()
    with pytest.raises(AttributeError, match="to force a refresh, set _expiry_time to a past time"):
        credentials._expiry_time = left and NOW + timedelta(seconds=left)
    assert credentials._expiry_time == NOW + timedelta(hours=1)
    assert (world.key(), world.plugin.calls) == ("KEY1", 1)


def test_an_expiry_can_be_put_back(world: World) -> None:
    """Guards a program that sets it, waits, and sets what it was."""
    credentials = world.start()
    before = credentials._expiry_time
    credentials._expiry_time = before
    assert (world.key(), world.plugin.calls) == ("KEY1", 1)
    credentials._expiry_time = NOW
    credentials._expiry_time = before
    assert credentials._expiry_time == before


def test_a_refresh_at_once(world: World) -> None:
    """Guards callers of `_protected_refresh()`, who hold the lock as botocore does."""
    credentials = world.start()

    def locked() -> None:
        with credentials._refresh_lock:
            credentials._protected_refresh(is_mandatory=True)

    async def locked_too() -> None:
        async with credentials._refresh_lock:
            await credentials._protected_refresh(is_mandatory=True)

    world.done(locked_too if world.is_aio else locked)
    assert (credentials._access_key, world.key(), world.plugin.calls) == ("KEY2", "KEY2", 2)
    world.done(credentials._protected_refresh, is_mandatory=False)
    assert (world.key(), world.plugin.calls) == ("KEY3", 3)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_refresh_at_once_that_fails(world: World, is_first: bool) -> None:
    """Guards callers that rely on an error, and all others, which keep valid credentials."""
    credentials = world.start()
    world.plugin.error = OSError("the broker is down")
    if not is_first:
        world.done(credentials._protected_refresh, is_mandatory=False)
    for _ in range(2):
        with pytest.raises(PluginProviderRetrieveError, match="the broker is down"):
            world.done(credentials._protected_refresh, is_mandatory=True)
    assert (world.key(), world.plugin.calls) == ("KEY1", 2)
    world.plugin.now += HOUR
    with pytest.raises(PluginProviderRetrieveError, match="the broker is down"):
        world.done(credentials._protected_refresh, is_mandatory=True)
    world.done(credentials._protected_refresh, is_mandatory=False)


def test_new_metadata(world: World) -> None:
    """Guards callers of `_refresh_using()`, and what they do with its result."""
    credentials = world.start()
    data = world.done(credentials._refresh_using)
    assert data == {
        "access_key": "KEY2",
        "secret_key": CANARY,
        "token": CANARY,
        "expiry_time": (NOW + timedelta(hours=1)).isoformat(),
        "account_id": ACCOUNT,
    }
    assert (world.key(), world.plugin.calls) == ("KEY2", 2)
    credentials._set_from_data(data)
    credentials._normalize()
    credentials._publish_refresh()
    made = world.base.create_from_metadata(data, credentials._refresh_using, "custom")
    world.plugin.now = datetime.now(timezone.utc).timestamp()
    assert world.done(made.get_frozen_credentials).access_key == "KEY3"
    with pytest.raises(AttributeError, match="cannot be set"):
        credentials._set_from_data({**data, "access_key": "OTHER"})


def test_other_keys_are_refused(world: World) -> None:
    """Guards against a key that is ignored, or that makes these credentials somebody else's."""
    credentials = world.start()
    names = [*KEYS, *(f"_{name}" for name in KEYS), "_frozen_credentials", "_refresh_using"]
    for name in names:
        if name == "account_id" and not hasattr(world.base, name):
            continue
        told = name.removeprefix("_") if name.removeprefix("_") in KEYS else name
        with pytest.raises(
            AttributeError, match=f" {told} of plugin:vault cannot be set"
        ) as caught:
            setattr(credentials, name, CANARY * 2)
        assert CANARY not in str(caught.value)
    for name in names[len(KEYS) :]:
        setattr(credentials, name, getattr(credentials, name))
    assert (world.key(), credentials._token) == ("KEY1", CANARY)


def test_credentials_from_metadata_are_upstreams(world: World) -> None:
    """Guards `type(credentials).create_from_metadata()`: the given keys, and not the plugin's."""
    expiry = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    data = {"access_key": "A", "secret_key": "s", "token": "t", "expiry_time": expiry}
    made = type(world.start()).create_from_metadata(data, dict, "custom")
    assert type(made) is world.base
    assert world.done(made.get_frozen_credentials).access_key == "A"
    assert made.method == "custom"


def test_a_forced_refresh_with_shared_credentials(world: World, tmp_path: Path) -> None:
    """Guards against the same credentials again, from the file that this process has written."""
    credentials = world.start(RefreshSettings(cache_folder=tmp_path / "cache"))
    credentials._expiry_time = NOW
    assert (world.key(), world.plugin.calls) == ("KEY2", 2)
    world.done(credentials._protected_refresh, is_mandatory=True)
    assert (world.key(), world.plugin.calls) == ("KEY3", 3)
