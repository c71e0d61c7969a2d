"""What a signature needs is one record; it ends with its time, and when anything has changed."""

import asyncio
import inspect
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import count
from types import FrameType, SimpleNamespace
from typing import Any

import botocore.credentials
import pytest

from plugincreds import CredentialPlugin, Value
from plugincreds._bindings.credentials import NOT_READY, credentials_class
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._source import Source
from tests.support.interruptions import Stopped

START = 1_700_000_000.0
HOUR = 3600.0
CANARY = "Canary0Canary1Canary2Canary3"
PLUGIN = InstalledPlugin("vault", "acme:get_provider", "acme-creds", "1.2")


class Plugin:
    """Gives another key each time, for an hour of a clock that the tests move."""

    def __init__(self) -> None:
        self.now = START
        self.calls = 0
        self.questions = 0
        self.said: Any = False
        functions = Functions(self.retrieve, self.is_expired, None)
        self.source = Source(PLUGIN, functions, (PLUGIN, None), RefreshSettings(), lambda: self.now)

    def retrieve(self) -> Value:
        self.calls += 1
        expiry = datetime.fromtimestamp(self.now, timezone.utc) + timedelta(seconds=HOUR)
        return Value(f"KEY{self.calls}", CANARY, CANARY, expiry_time=expiry)

    def is_expired(self) -> Any:
        self.questions += 1
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said


def synchronous(source: Source) -> Callable[[], Any]:
    """Return what a signer of botocore calls."""
    kind = credentials_class(botocore.credentials.RefreshableCredentials)
    frozen = kind(source, botocore.credentials.ReadOnlyCredentials, None).get_frozen_credentials
    assert callable(frozen)
    return frozen  # type: ignore[no-any-return]


def awaited(source: Source) -> Callable[[], Any]:
    """Return the same of aiobotocore, awaited in a loop."""
    aio = pytest.importorskip("aiobotocore.credentials")
    from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415 - as above

    kind = aio_credentials_class(aio.AioRefreshableCredentials)
    credentials = kind(source, botocore.credentials.ReadOnlyCredentials, None)

    async def frozen() -> Any:
        return await credentials.get_frozen_credentials()

    return lambda: asyncio.run(frozen())


BOTH = pytest.mark.parametrize("adapter", [synchronous, awaited])
NewReader = Callable[[Source], Callable[[], Any]]


@pytest.fixture
def plugin() -> Plugin:
    """Return a plugin and its source."""
    return Plugin()


@BOTH
def test_the_same_object_as_long_as_nothing_changes(plugin: Plugin, adapter: NewReader) -> None:
    """Guards the point of it; is_expired() is asked before each use after the first."""
    frozen = adapter(plugin.source)
    first = frozen()
    assert [frozen() is first for _ in range(5)] == [True] * 5
    assert (plugin.calls, plugin.questions) == (1, 5)
    plugin.now += 1000  # of 2,700 s until the advisory window
    assert frozen() is first
    assert (plugin.calls, plugin.questions) == (1, 6)


@BOTH
def test_a_rejection_ends_it_at_once(plugin: Plugin, adapter: NewReader) -> None:
    """Guards the next request after one that a service has rejected."""
    frozen = adapter(plugin.source)
    assert frozen().access_key == "KEY1"
    plugin.source.reject("KEY1")
    assert frozen().access_key == frozen().access_key == "KEY2"


@BOTH
def test_what_another_session_has_refreshed_is_seen_at_once(
    plugin: Plugin, adapter: NewReader
) -> None:
    """Guards sessions that share a source: no one signs with what is replaced."""
    one, other = adapter(plugin.source), adapter(plugin.source)
    assert one() == other()
    plugin.said = True
    assert one().access_key == "KEY2"
    plugin.said = False
    assert other().access_key == "KEY2"
    assert plugin.calls == 2


@BOTH
@pytest.mark.parametrize("moment", [-1.0, HOUR - 700, HOUR])
def test_its_time_is_over(plugin: Plugin, adapter: NewReader, moment: float) -> None:
    """Guards the advisory window, the expiry, and a clock that is set back before the retrieval."""
    frozen = adapter(plugin.source)
    assert frozen().access_key == "KEY1"
    plugin.now = START + moment
    assert frozen().access_key == "KEY2"


@BOTH
def test_a_clock_that_is_set_back_within_a_second_is_seen(
    plugin: Plugin, adapter: NewReader
) -> None:
    """Guards against a record that would outlive the credentials: it began later than now."""
    frozen = adapter(plugin.source)
    plugin.now += 100
    frozen()
    plugin.now += 50
    frozen()
    plugin.now -= 120
    assert frozen().access_key == "KEY2"


@BOTH
@pytest.mark.parametrize("said", [None, 1, "yes", OSError("sealed"), asyncio.CancelledError()])
def test_an_answer_that_is_no_bool(
    plugin: Plugin, adapter: NewReader, said: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Counts as a failed refresh also here: the current credentials are used, with one warning."""
    frozen = adapter(plugin.source)
    frozen()
    plugin.said = said
    assert frozen().access_key == frozen().access_key == "KEY1"
    assert plugin.calls == 1
    assert len([each for each in caplog.records if each.levelno == logging.WARNING]) == 1


@pytest.mark.parametrize("said", [KeyboardInterrupt(), Stopped()])
def test_an_interruption_shows_no_secret(plugin: Plugin, said: BaseException) -> None:
    """Guards crash reporters, which show the variables of each frame."""
    frozen = synchronous(plugin.source)
    frozen()
    plugin.said = said
    with pytest.raises(type(said)) as caught:
        frozen()
    frames = [entry.frame for entry in caught.traceback]
    ours = [each for each in frames if "plugincreds" in str(each.code.path) and each.f_locals]
    assert ours
    assert not any(CANARY in repr(each.f_locals) for each in ours)


def test_a_slow_answer_is_noticed_within_two_seconds(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards programs against a plugin that becomes slow: one look a second costs nothing.

    One slow answer is no news: the machine may be busy.
    """
    frozen = synchronous(plugin.source)
    frozen()
    frozen()
    clock = SimpleNamespace(perf_counter=partial(next, count(0.0, 1.0)))
    monkeypatch.setattr("plugincreds._lifecycle.retrieval.time", clock)
    plugin.now += 0.9
    frozen()
    assert caplog.records == []
    for seconds in (1.0, 0.0, 1.0):
        clock.perf_counter = partial(next, count(0.0, seconds))
        plugin.now += 1.1
        frozen()
        assert caplog.records == []
    plugin.now += 1.1
    frozen()
    (record,) = caplog.records
    assert "its is_expired() has twice taken longer than 50 ms" in record.getMessage()


def test_the_base_classs_answer_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the fastest way: a plugin without an is_expired() of its own is asked nothing."""

    class Own(CredentialPlugin):
        def retrieve(self) -> tuple[str, str]:
            return "KEY", "secret"

    own = Own()
    functions = Functions(own.retrieve, own.is_expired, None)
    source = Source(PLUGIN, functions, (PLUGIN, None), RefreshSettings())
    monkeypatch.setattr(CredentialPlugin, "is_expired", lambda _: 1 / 0)
    frozen = synchronous(source)
    assert [frozen().access_key for _ in range(3)] == ["KEY"] * 3


def test_it_is_one_frame(plugin: Plugin) -> None:
    """Guards the cost of each signature."""
    frozen = synchronous(plugin.source)
    frozen()
    codes: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            codes.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        frozen()
    finally:
        sys.setprofile(before)
    assert codes == ["get_frozen_credentials", "<lambda>", "is_expired"]  # the clock is the test's


def test_frozen_credentials_are_never_those_of_another_value(plugin: Plugin) -> None:
    """Guards the moment in which a thread has credentials that another one has just replaced."""
    engine = plugin.source.engine
    old = engine.get()
    plugin.source.reject("KEY1")
    new = engine.get()
    late = NOT_READY.next(old, engine, lambda value: value.access_key)
    assert (late.frozen, late.until) == ("KEY1", float("-inf"))  # for this caller alone
    after = late.next(new, engine, lambda value: value.access_key)
    assert (after.frozen, after.state is engine.state) == ("KEY2", True)


@pytest.mark.parametrize("names", [("access_key", "secret_key", "token", "account_id")])
def test_attributes_follow(plugin: Plugin, names: tuple[str, ...]) -> None:
    """Guards libraries that read single attributes: each is refreshed as a signature is."""
    kind = credentials_class(botocore.credentials.RefreshableCredentials)
    credentials = kind(plugin.source, botocore.credentials.ReadOnlyCredentials, "123456789012")
    assert [getattr(credentials, name) for name in names] == [
        "KEY1", CANARY, CANARY, "123456789012"
    ]  # fmt: skip
    plugin.now += HOUR
    assert credentials.access_key == "KEY2"


@pytest.mark.parametrize("module", ["botocore", "aiobotocore"])
def test_threads_get_one_class(module: str) -> None:
    """Guards programs that compare the types of credentials, and sessions in many threads."""
    barrier = threading.Barrier(2)
    if module == "aiobotocore":
        real = pytest.importorskip("aiobotocore.credentials").AioRefreshableCredentials
        from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415 - above

        create = aio_credentials_class
    else:
        real, create = botocore.credentials.RefreshableCredentials, credentials_class

    class Base(real):  # type: ignore[misc, valid-type] # botocore has no type information
        def __init_subclass__(cls) -> None:
            if cls.__name__.endswith("PluginCredentials"):
                barrier.wait(20)  # both threads create a class before one is kept

    with ThreadPoolExecutor(2) as pool:
        first, second = [pool.submit(create, Base) for _ in range(2)]
    assert first.result() is second.result() is create(Base)
    assert issubclass(create(Base), Base)


def test_a_coroutine_function_is_what_aiobotocore_gets(plugin: Plugin) -> None:
    """Guards callers that look whether they must await it."""
    aio = pytest.importorskip("aiobotocore.credentials")
    from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415 - as above

    kind = aio_credentials_class(aio.AioRefreshableCredentials)
    credentials = kind(plugin.source, botocore.credentials.ReadOnlyCredentials, None)
    found: Callable[[], Awaitable[Any]] = credentials.get_frozen_credentials
    assert inspect.iscoroutinefunction(found)


class Stalled:
    """A function that stalls one call of one thread, until the test lets it go on."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._marked = threading.local()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> Any:
        left = getattr(self._marked, "calls_left", 0)
        self._marked.calls_left = left - 1
        found = self._function()
        if left == 1:
            self.reached.set()
            assert self.go_on.wait(20)
        return found

    def in_thread(
        self, call: Callable[[], Any], number: int = 1
    ) -> tuple[threading.Thread, list[Any]]:
        """Start a thread that makes a call, and return when its so-many-th call of this stalls."""
        found: list[Any] = []

        def run() -> None:
            self._marked.calls_left = number
            found.append(call())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert self.reached.wait(20)
        return thread, found


def test_a_late_thread_does_not_bring_rejected_credentials_back(plugin: Plugin) -> None:
    """Guards a thread that is between its checks, while another one keeps an older record."""
    engine = plugin.source.engine
    engine.get()
    engine.clock = late = Stalled(lambda: plugin.now)
    engine.is_expired = asked = Stalled(plugin.is_expired)
    frozen = synchronous(plugin.source)
    first, of_first = late.in_thread(frozen, 2)  # it has KEY1, and has not kept it yet
    plugin.source.reject("KEY1")
    assert [frozen().access_key for _ in range(2)] == ["KEY2"] * 2
    second, of_second = asked.in_thread(frozen)
    late.go_on.set()
    first.join(20)
    asked.go_on.set()
    second.join(20)
    assert [found[0].access_key for found in (of_first, of_second)] == ["KEY1", "KEY2"]
    assert frozen().access_key == "KEY2"


def test_a_report_counts_only_for_the_credentials_it_was_about(plugin: Plugin) -> None:
    """Guards good credentials: a slow thread hears that those before them have expired."""
    plugin.source.engine.is_expired = asked = Stalled(plugin.is_expired)
    frozen = synchronous(plugin.source)
    frozen()
    plugin.said = True
    thread, found = asked.in_thread(frozen)
    assert frozen().access_key == "KEY2"
    plugin.said = False
    assert frozen().access_key == "KEY2"
    asked.go_on.set()
    thread.join(20)
    assert (found[0].access_key, plugin.calls) == ("KEY2", 2)


def test_the_function_of_the_class(plugin: Plugin) -> None:
    """Guards callers that take it from the class, as some wrappers do."""
    kind = credentials_class(botocore.credentials.RefreshableCredentials)
    credentials = kind(plugin.source, botocore.credentials.ReadOnlyCredentials, None)
    assert kind.get_frozen_credentials(credentials) is credentials.get_frozen_credentials()
