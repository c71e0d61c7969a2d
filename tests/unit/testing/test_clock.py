"""`ManualClock` in the fake installation: it decides when sessions refresh their credentials."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import PluginProviderRetrieveError, Value
from plugincreds.testing import FakePlugin, ManualClock, PluginsAsIfInstalled

pytest_plugins = ["plugincreds.testing"]

Plugins = PluginsAsIfInstalled
LIFETIME = 600.0  # their advisory window begins after 300 to 360 seconds, the mandatory after 540
ADVISORY, MANDATORY = 361.0, 541.0


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands far from the real time."""
    return ManualClock(datetime(2040, 1, 31, tzinfo=timezone.utc))


def key(number: int) -> str:
    """Return the access key that a plugin gives at that call."""
    return f"AKIAEXAMPLE00000000{number}"


def given(clock: ManualClock, number: int, after: float = 0.0) -> Value:
    """Return what a plugin gives that is called after so many seconds."""
    expiry = clock.datetime(in_seconds=after + LIFETIME)
    return Value(key(number), "made-up-secret", expiry_time=expiry)


def access_key(credentials: Any) -> str:
    """Return the key that signs now."""
    return str(credentials.get_frozen_credentials().access_key)


def loaded() -> Any:
    """Return the credentials of a new session, after a first signature."""
    credentials: Any = botocore.session.Session().get_credentials()
    assert access_key(credentials) == key(1)
    return credentials


def test_early_refresh(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards what 1.0.0 could not test: the clock moved, and the sessions did not see it."""
    fake = FakePlugin(given(clock, 1), given(clock, 2, after=ADVISORY))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    credentials = loaded()
    clock.advance(299)
    assert (access_key(credentials), fake.retrieve_calls) == (key(1), 1)
    clock.advance(ADVISORY - 299)
    assert (access_key(credentials), fake.retrieve_calls) == (key(2), 2)


@pytest.mark.parametrize(("after", "other"), [(ADVISORY, 1), (MANDATORY, 2)])
def test_who_waits(
    plugins_as_if_installed: Plugins, clock: ManualClock, after: float, other: int
) -> None:
    """Guards the two windows: in the first, others sign meanwhile; in the second, they wait."""
    fake = FakePlugin(given(clock, 1), given(clock, 2, after))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    credentials = loaded()
    clock.advance(after)
    fake.hold()
    with ThreadPoolExecutor() as threads:
        first = threads.submit(access_key, credentials)
        fake.wait_until_held()
        second = threads.submit(access_key, credentials)
        if other == 1:
            assert second.result(timeout=30) == key(1)
        fake.release()
        assert (first.result(), second.result()) == (key(2), key(other))
    assert fake.retrieve_calls == 2


def test_backoff_after_a_failure(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards tests of an outage: the credentials are used, and the plugin is left alone."""
    fake = FakePlugin(given(clock, 1), OSError("down"), given(clock, 3, after=500))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    credentials = loaded()
    clock.advance(ADVISORY)
    for _ in range(2):
        assert (access_key(credentials), fake.retrieve_calls) == (key(1), 2)
    clock.advance((LIFETIME - ADVISORY) / 2)  # no backoff is longer than half of the time left
    assert (access_key(credentials), fake.retrieve_calls) == (key(3), 3)


def test_expiry(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards tests of the error that a program sees, and of its recovery."""
    fake = FakePlugin(given(clock, 1), OSError("down"), given(clock, 3, after=LIFETIME))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    credentials = loaded()
    clock.advance(LIFETIME)
    for _ in range(2):
        with pytest.raises(PluginProviderRetrieveError, match="down"):
            access_key(credentials)
    assert fake.retrieve_calls == 2  # the same error is raised again for a moment
    clock.advance(6)
    assert (access_key(credentials), fake.retrieve_calls) == (key(3), 3)


def test_an_expiry_is_compared_with_the_clock(
    plugins_as_if_installed: Plugins, clock: ManualClock
) -> None:
    """Guards the check of what `retrieve()` returns: the real time has no part in it."""
    real = datetime.now(timezone.utc) + timedelta(hours=1)
    fake = FakePlugin(Value(key(1), "made-up-secret", expiry_time=real))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    with pytest.raises(PluginProviderRetrieveError, match="that expired at"):
        botocore.session.Session().get_credentials()


def test_what_botocore_asks_sees_the_clock(
    plugins_as_if_installed: Plugins, clock: ManualClock
) -> None:
    """Guards libraries that ask botocore's class how long credentials are good."""
    plugins_as_if_installed({"vault": FakePlugin(given(clock, 1))}, clock=clock)
    credentials = loaded()
    clock.advance(100)
    assert credentials._time_fetcher() == clock.datetime()
    assert credentials._seconds_remaining() == LIFETIME - 100
    assert not credentials.refresh_needed(400)
    clock.advance(101)
    assert credentials.refresh_needed(400)


@pytest.mark.parametrize("open_session", [botocore.session.Session, plugincreds.create_session])
def test_all_sessions_see_it(
    plugins_as_if_installed: Plugins, clock: ManualClock, open_session: Callable[..., Any]
) -> None:
    """Guards each way to a source, with the variable and in code."""
    pytest.importorskip("boto3")
    fake = FakePlugin(given(clock, 1), given(clock, 2, after=ADVISORY))
    plugins_as_if_installed({"vault": fake}, clock=clock)
    in_code = ["vault"] if open_session is plugincreds.create_session else []
    credentials = open_session(*in_code).get_credentials()
    assert access_key(credentials) == key(1)
    clock.advance(ADVISORY)
    assert access_key(credentials) == key(2)


def test_aiobotocore_sees_it(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards the tests of programs with s3fs or aioboto3."""
    session = pytest.importorskip("aiobotocore.session")
    fake = FakePlugin(given(clock, 1), given(clock, 2, after=ADVISORY))
    plugins_as_if_installed({"vault": fake}, clock=clock)

    async def keys() -> list[str]:
        credentials = await session.AioSession().get_credentials()
        before = await credentials.get_frozen_credentials()
        clock.advance(ADVISORY)
        return [before.access_key, (await credentials.get_frozen_credentials()).access_key]

    assert asyncio.run(keys()) == [key(1), key(2)]


def test_shared_credentials_see_it(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards tests of programs that share credentials: the file's age is by the clock, too."""
    pytest.importorskip("filelock")
    text = "[default]\ncredential_plugin_cache = true\n"
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")
    answers = given(clock, 1), given(clock, 2, after=ADVISORY)
    fake = FakePlugin(*answers, cache_key="acme")
    plugins_as_if_installed({"vault": fake}, clock=clock)
    loaded()
    plugincreds.reset()  # as another process, which takes the credentials from the file
    credentials = loaded()
    assert fake.retrieve_calls == 1
    clock.advance(ADVISORY)
    assert (access_key(credentials), fake.retrieve_calls) == (key(2), 2)


def test_a_role_keeps_the_real_time(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards what the page says: a role over the plugin is botocore's, and sees another time."""
    moto = pytest.importorskip("moto")
    role = "role_arn = arn:aws:iam::123456789012:role/build\ncredential_source = CustomPlugin\n"
    text = f"[default]\nregion = eu-north-1\n{role}"
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")
    plugins_as_if_installed({"vault": FakePlugin(given(clock, 1))}, clock=clock)
    with moto.mock_aws():
        os.environ["AWS_ACCESS_KEY_ID"] = ""  # moto's, which would come before the role
        credentials: Any = botocore.session.Session().get_credentials()
        assert credentials.method == "assume-role"
        assert credentials._time_fetcher().year == datetime.now(timezone.utc).year


def test_a_plugin_with_a_clock_of_its_own(
    plugins_as_if_installed: Plugins, clock: ManualClock
) -> None:
    """Guards what the page says: `clock.datetime` replaces the function that a plugin asks."""
    calls = []

    def retrieve() -> Value:
        calls.append(1)
        expiry = now() + timedelta(seconds=LIFETIME)
        return Value(key(len(calls)), "made-up-secret", expiry_time=expiry)

    now = clock.datetime
    plugins_as_if_installed({"vault": lambda: (retrieve, lambda: False)}, clock=clock)
    credentials = loaded()
    for number in (2, 3):
        clock.advance(ADVISORY)
        assert access_key(credentials) == key(number)


def test_each_call_has_its_clock(plugins_as_if_installed: Plugins, clock: ManualClock) -> None:
    """Guards that a clock goes with its plugins, and that without one the real time counts."""

    def year() -> int:
        credentials: Any = botocore.session.Session().get_credentials()
        return int(credentials._time_fetcher().year)

    plugins_as_if_installed({"vault": FakePlugin()}, clock=clock)
    assert year() == 2040
    with plugins_as_if_installed({"vault": FakePlugin()}):
        assert year() == datetime.now(timezone.utc).year
    assert year() == 2040


def test_the_time_of_the_expiry_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards tests that advance the clock to the expiry: a datetime rounds to microseconds."""
    monkeypatch.setattr(time, "time", lambda: 1_764_166_379.1234567)
    clock = ManualClock()
    expiry = clock.datetime(600)
    clock.advance(361)
    clock.advance(239)
    assert clock() >= expiry.timestamp()
