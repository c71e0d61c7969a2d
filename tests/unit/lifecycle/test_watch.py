"""Each call into a plugin that takes long is reported once, also where one caller waits for it."""

import _thread
import threading
from collections.abc import Callable

import botocore.session
import pytest

import plugincreds
from plugincreds._lifecycle import watch
from plugincreds._lifecycle.watch import Watch
from tests.unit.conftest import Install
from tests.unit.lifecycle.test_single_flight import DEADLINE, until, warnings

PLUGIN = """
from tests.unit.lifecycle.test_watch import held
import plugincreds
class Plugin(plugincreds.CredentialPlugin):
    def retrieve(self):
        held("retrieve")
        return "AKIA", "secret"
    def cache_key(self):
        held("cache_key")
        return "me"
def get_provider():
    held("getter")
    return Plugin()
held("import")
"""
COROUTINE = PLUGIN.replace("def retrieve", "async def retrieve")
holds: dict[str, Callable[[], object]] = {}


def held(name: str) -> None:
    """Do what the test wants in one place of the plugin."""
    holds.pop(name, bool)()


@pytest.mark.parametrize("where", ["import", "getter", "cache_key", "retrieve"])
@pytest.mark.parametrize("source", [PLUGIN, COROUTINE], ids=["function", "coroutine"])
@pytest.mark.parametrize("limit", ["", "20"])
def test_one_caller_is_told(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
    source: str,
    limit: str,
) -> None:
    """Guards a person in front of a program that seems to hang."""
    install(source)
    monkeypatch.setattr(watch, "PATIENCE", 0.01)
    if limit:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_TIMEOUT", limit)
    doing = "retrieving credentials" if where == "retrieve" else "loading"
    words = f"has been {doing} for 0 s, and the program waits for it."

    def told() -> list[str]:
        # On a busy machine another call may take that long, too.
        return [message for message in warnings(caplog) if words in message]

    monkeypatch.setitem(holds, where, lambda: until(lambda: bool(told())))
    credentials = botocore.session.Session().get_credentials()
    assert credentials.get_frozen_credentials().access_key == "AKIA"
    assert len(told()) == 1


def test_a_short_call_is_not_reported(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Guards logs, and processes that fork: no thread is left when the call returns."""
    install(PLUGIN)
    before = _thread._count()
    credentials = botocore.session.Session().get_credentials()
    assert credentials.get_frozen_credentials().access_key == "AKIA"
    assert _thread._count() <= before
    assert warnings(caplog) == []


def test_an_interruption_ends_the_thread() -> None:
    """Guards a program that goes on after Ctrl-C."""
    before = _thread._count()

    def fail() -> tuple[str, str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plugincreds.CredentialsCache(fail).get()
    assert _thread._count() <= before


def test_a_log_handler_that_needs_the_credentials(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards against a wait in a circle: the caller waits for the thread that logs."""
    monkeypatch.setattr(watch, "PATIENCE", 0.01)
    monkeypatch.setattr(watch, "_LONGEST_END", 0.01)
    asked = threading.Event()

    def retrieve() -> tuple[str, str]:
        assert asked.wait(DEADLINE)
        return "AKIA", "secret"

    def emit(_: object) -> None:
        asked.set()
        keys.append(cache.get().access_key)

    keys: list[str] = []
    cache = plugincreds.CredentialsCache(retrieve)
    monkeypatch.setattr(caplog.handler, "emit", emit)
    assert cache.get().access_key == "AKIA"
    until(lambda: keys == ["AKIA"])


def test_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the end of the interpreter, where a call is not reported."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr("_thread.start_new_thread", refuse)
    one = Watch(lambda _: pytest.fail("it was called"))
    one.begin()
    one.end()
    one.leave()
