"""What a plugin raises is its failure; what interrupts the program is raised in the program."""

import builtins
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import PluginError
from plugincreds._threads import handlers
from tests.unit.conftest import Install

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="there is no such signal")

GETTER = "def get_provider(): return Plugin()\n"
PLUGIN = """
import plugincreds, builtins
class Plugin(plugincreds.CredentialPlugin):
    def retrieve(self): {retrieve}return "AKIA", "secret"
    def is_expired(self): {is_expired}return False
    def cache_key(self): {cache_key}return "me"
"""
WHERE = ["import", "getter", "cache_key", "retrieve", "is_expired"]
RAISE = "builtins.acme_raise(); "


def source(where: str) -> str:
    """Return a plugin that calls what the test wants it to call."""
    calls = {name: RAISE if name == where else "" for name in WHERE}
    text = PLUGIN.format(**{name: calls[name] for name in WHERE[2:]})
    return text + GETTER.replace("return", calls["getter"] + "return") + calls["import"]


class OwnError(BaseException):
    """A class of a plugin, or of an extension in Rust that it needs."""


class SoftLimitError(Exception):
    """What a task queue raises in a task that takes too long."""


@pytest.fixture
def plugin(install: Install, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that installs a plugin which calls a function in one place."""

    def installed(where: str, raises: Callable[[], object]) -> None:
        monkeypatch.setattr(builtins, "acme_raise", raises, raising=False)
        install(source(where))

    return installed


def raising(kind: type[BaseException]) -> Callable[[], object]:
    """Return a function that raises."""

    def fail() -> None:
        raise kind("bye")

    return fail


def key() -> str:
    """Return the key that a new session signs with."""
    found = botocore.session.Session().get_credentials().get_frozen_credentials().access_key
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, OwnError])
def test_a_plugin_fails(
    plugin: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
    kind: type[BaseException],
) -> None:
    """Guards programs that select it: they get an error, and do not end."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    plugin(where, raising(kind))
    if where == "is_expired":  # it is asked when there are credentials, which are used then
        assert (key(), key()) == ("AKIA", "AKIA")
        assert f"its is_expired() raised {kind.__name__}: bye" in caplog.text
        return
    with pytest.raises(PluginError, match=f"{kind.__name__}: bye"):
        key()


@pytest.mark.parametrize("where", ["import", "getter", "cache_key"])
@pytest.mark.parametrize("kind", [SystemExit, OwnError])
def test_a_plugin_that_is_only_installed(
    plugin: Any, caplog: pytest.LogCaptureFixture, where: str, kind: type[BaseException]
) -> None:
    """Guards programs that do not need it: the chain goes on."""
    plugin(where, raising(kind))
    assert botocore.session.Session().get_credentials() is None
    assert f"{kind.__name__}: bye" in caplog.text


class Handler:
    """Signal handlers of several forms, which raise."""

    def __init__(self, kind: type[BaseException]) -> None:
        self.kind = kind

    def __call__(self, *_: object) -> None:
        raise self.kind("bye")

    def method(self, *_: object) -> None:
        """Raise."""
        self.raise_it()

    def raise_it(self) -> None:
        """Raise, called by the handler."""
        raise self.kind("bye")


def function(kind: type[BaseException], *_: object) -> None:
    """Raise."""
    raise kind("bye")


FORMS: dict[str, Callable[[type[BaseException]], Any]] = {
    "function": lambda kind: partial(function, kind),
    "lambda": lambda kind: lambda *_: function(kind),
    "method": lambda kind: Handler(kind).method,
    "object": Handler,
}


@pytest.fixture
def handled() -> Iterator[Callable[[Any], Any]]:
    """Return a function that sets a signal handler for the test."""
    before = signal.getsignal(signal.SIGUSR1)
    yield partial(signal.signal, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [SystemExit, SoftLimitError, KeyboardInterrupt])
def test_a_signal_handler_interrupts_the_program(
    plugin: Any, handled: Any, where: str, form: str, kind: type[BaseException]
) -> None:
    """Guards servers that end by SIGTERM, and tasks with a soft time limit."""
    plugin(where, partial(signal.raise_signal, signal.SIGUSR1))
    handled(FORMS[form](kind))

    def run() -> None:
        credentials = botocore.session.Session().get_credentials()
        credentials.get_frozen_credentials()
        credentials.get_frozen_credentials()

    with pytest.raises(kind, match="bye"):
        run()
    handled(signal.SIG_IGN)
    assert key() == "AKIA"  # the plugin is neither broken nor in a pause


def test_a_plugin_with_a_handler_of_its_own(plugin: Any, handled: Any) -> None:
    """Guards a plugin that limits its own time by a signal: that is its failure."""

    def limited() -> None:
        before = signal.signal(signal.SIGUSR1, FORMS["function"](TimeoutError))
        try:
            signal.raise_signal(signal.SIGUSR1)
        finally:
            signal.signal(signal.SIGUSR1, before)

    handled(signal.SIG_IGN)
    plugin("retrieve", limited)
    with pytest.raises(PluginError, match="raised TimeoutError"):
        key()


def test_a_timeout_of_gevent(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards greenlets: what ends them derives from BaseException, and is no signal."""
    module = ModuleType("gevent.timeout")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    timeout = type("Timeout", (BaseException,), {"__module__": module.__name__})
    of_program = type("SlowRequest", (timeout,), {"__module__": "program"})
    plugin("retrieve", raising(of_program))
    with pytest.raises(of_program):
        key()


def test_in_another_thread(plugin: Any) -> None:
    """Guards a thread whose program has handlers: its failures are the plugin's."""
    plugin("retrieve", raising(SystemExit))
    errors: list[BaseException] = []

    def run() -> None:
        try:
            plugincreds.new_credentials("vault").get_frozen_credentials()
        except PluginError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "raised SystemExit: bye" in str(errors[0])


@pytest.mark.parametrize("where", WHERE[:4])
def test_a_handler_that_removes_itself(plugin: Any, handled: Any, where: str) -> None:
    """Guards servers whose handler ignores further signals before it ends the program."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        raise SystemExit("bye")

    plugin(where, partial(signal.raise_signal, signal.SIGUSR1))
    handled(end)
    with pytest.raises(SystemExit, match="bye"):
        key()


def test_a_handler_that_a_plugin_leaves_behind(plugin: Any, handled: Any) -> None:
    """Guards a plugin that limits its own time, and forgets its handler: that is its failure."""

    def limited() -> None:
        signal.signal(signal.SIGUSR1, FORMS["function"](TimeoutError))
        signal.raise_signal(signal.SIGUSR1)

    handled(signal.SIG_IGN)
    plugin("retrieve", limited)
    with pytest.raises(PluginError, match="raised TimeoutError"):
        key()


def test_the_handlers_are_read_without_enums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the first signature: `signal` makes an enum of each of 64 answers."""
    monkeypatch.setattr(signal, "getsignal", pytest.fail)
    monkeypatch.setattr(signal, "valid_signals", pytest.fail)
    assert isinstance(handlers(), frozenset)
