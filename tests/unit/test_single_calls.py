"""A plugin's import and its getter: one call at a time, whatever threads and signals do."""

import contextvars
import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import PluginError, Value
from plugincreds._lifecycle.single_calls import SingleCalls
from plugincreds._plugins.discovery import GROUP, _discovered, discovered
from plugincreds._plugins.references import GivenPlugin
from plugincreds._registry import registry
from plugincreds._resolution import automatic_source, selected_source
from tests.support.interruptions import functions_of, interrupted_at_each_line
from tests.unit.conftest import Install
from tests.unit.test_forks import Child
from tests.unit.test_resolution import SELECTED, Request, of_test, selected

DEADLINE = 15.0
GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), lambda: False\n"
# Each plugin starts a thread that asks for its credentials, and waits for that thread.
STARTING = "from tests.unit.test_single_calls import SCENE\n"
WAYS = {
    "import": f"{STARTING}{GOOD}SCENE.call()",
    "getter": f"{STARTING}{GOOD.replace(': return', ': SCENE.call(); return')}",
}
FROM = pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)


class Scene:
    """What plugins in these tests do, and what came of it."""

    def __init__(self) -> None:
        self.calls = 0
        self.running = 0
        self.most_running = 0
        self.helpers: list[threading.Thread] = []
        self.outcomes: list[Any] = []
        self.do: Callable[[], object] = lambda: None

    def call(self) -> None:
        """Count a call of the plugin, and do what the test wants it to do."""
        self.calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            self.do()
        finally:
            self.running -= 1

    def ask(self) -> None:
        """Ask for the credentials, and keep what came of it."""
        try:
            self.outcomes.append(selected().access_key)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.outcomes.append(error)

    def ask_in_thread(self, run: Callable[..., object] | None = None) -> threading.Thread:
        """Ask in a new thread, with an empty context if nothing else is given."""
        run = run or contextvars.Context().run  # on some Pythons a thread would inherit one
        thread = threading.Thread(target=run, args=[self.ask], daemon=True)
        self.helpers.append(thread)
        thread.start()
        return thread

    def end(self) -> None:
        """Return when all threads have ended."""
        for thread in self.helpers:
            thread.join(DEADLINE)
            assert not thread.is_alive()


SCENE = Scene()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Return a new scene, for the plugin as well."""
    scene = Scene()
    monkeypatch.setattr(sys.modules[__name__], "SCENE", scene)
    yield scene
    scene.end()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waiting threads warn at once."""
    monkeypatch.setattr("plugincreds._lifecycle.single_calls.PATIENCE", 0.01)


@FROM
@pytest.mark.usefixtures("impatient")
def test_a_thread_with_the_context_is_refused_in_the_end(
    install: Install, scene: Scene, source: str
) -> None:
    """Guards against one more call in each thread, and against a wait without end."""
    install(source)
    scene.do = lambda: scene.ask_in_thread(contextvars.copy_context().run).join(DEADLINE)
    assert selected() == Value("AKIA", "secret")
    (error,) = scene.outcomes
    assert isinstance(error, PluginError)
    assert "must use context.session or plugincreds.base_session()" in str(error)
    assert (scene.calls, error.plugin, error.distribution) == (1, "vault", "acme-creds 1.2")


@FROM
@pytest.mark.usefixtures("impatient")
def test_a_thread_without_the_context_waits_and_is_told(
    install: Install, scene: Scene, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning names the cause; the plugin's call goes on when something ends its wait."""
    install(source)

    def wait() -> None:
        if scene.calls == 1:
            for _ in range(3):
                scene.ask_in_thread()
            while not of_test(caplog.records):
                os.sched_yield()

    scene.do = wait
    assert selected() == Value("AKIA", "secret")
    scene.end()
    assert scene.outcomes == ["AKIA"] * 3
    assert scene.most_running == 1
    (record,) = of_test(caplog.records)
    assert "has been loading for 0 s, and the program waits" in record.getMessage()
    assert "a thread of its own that asks for these credentials" in record.getMessage()


@FROM
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("with_context", [False, True])
def test_an_honest_decline_stays_one(
    install: Install, scene: Scene, source: str, *, with_context: bool
) -> None:
    """Guards automatic plugins that start a thread, such as one for telemetry."""
    install(source.replace("return (lambda: ('AKIA', 'secret')), lambda: False", "return None"))

    def start() -> None:
        if not scene.helpers:
            context = contextvars.copy_context() if with_context else contextvars.Context()
            thread = scene.ask_in_thread(context.run)
            if with_context:
                thread.join(DEADLINE)

    scene.do = start
    assert automatic_source(Request()) is None
    scene.end()
    assert isinstance(scene.outcomes[0], PluginError)


def test_threads_call_the_getter_one_after_the_other(install: Install, scene: Scene) -> None:
    """Each calls it, because what it returns may depend on the thread; all get one source."""
    install(WAYS["getter"])
    barrier = threading.Barrier(16)
    for _ in range(16):
        scene.ask_in_thread(lambda ask: (barrier.wait(DEADLINE), ask()))
    scene.end()
    assert scene.outcomes == ["AKIA"] * 16
    assert (scene.calls, scene.most_running) == (16, 1)


def test_other_identities_do_not_wait(install: Install, scene: Scene) -> None:
    """A getter that is told of the session is called for several sessions at once."""
    install(WAYS["getter"].replace("get_provider()", "get_provider(context)"))
    barrier = threading.Barrier(2)
    scene.do = lambda: barrier.wait(DEADLINE)

    def ask() -> None:
        scene.outcomes.append(selected_source(SELECTED, Request("us-east-1")).plugin.name)

    threads = [threading.Thread(target=call, daemon=True) for call in (scene.ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert sorted(scene.outcomes) == ["AKIA", "vault"]
    assert scene.most_running == 2


def test_create_session_waits_for_an_import_as_well(
    install: Install, scene: Scene, impatient: None
) -> None:
    """Guards its own way to the getter."""
    del impatient
    install(WAYS["import"])

    def create() -> None:
        try:
            plugincreds.create_session("vault")
        except PluginError as error:
            scene.outcomes.append(error)

    def start() -> None:
        thread = threading.Thread(target=contextvars.copy_context().run, args=[create])
        thread.start()
        thread.join(DEADLINE)

    scene.do = start
    plugincreds.create_session("vault")
    assert scene.calls == 1
    assert "asks for its own credentials" in str(scene.outcomes[0])


def test_getters_that_wait_for_each_other_are_refused(install: Install, scene: Scene) -> None:
    """Guards two getters that wait for each other, in two threads."""
    barrier = threading.Barrier(2)
    sources = {
        name: "import plugincreds\nfrom tests.unit.test_single_calls import SCENE\n"
        f"def get_provider(): return SCENE.meet({other!r})\n"
        for name, other in (("one", "two"), ("two", "one"))
    }
    for name, source in sources.items():
        install(source, name=name, distribution=name)

    def meet(other: str) -> None:
        scene.calls += 1
        if scene.calls <= 2:
            barrier.wait(DEADLINE)
        plugincreds.new_credentials(other)

    vars(scene)["meet"] = meet

    def ask(name: str) -> None:
        try:
            plugincreds.new_credentials(name)
        except PluginError as error:
            scene.outcomes.append(error)

    threads = [threading.Thread(target=ask, args=[name], daemon=True) for name in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    texts = ["".join(traceback.format_exception(error)) for error in scene.outcomes]
    assert len(texts) == 2
    assert any("a plugin that waits for it in turn" in text for text in texts)


# Needs a module of the program, whose own import asks for credentials in two threads.
NEEDING = {
    "import": f"import acme_program\n{GOOD}",
    "getter": GOOD.replace("return", "import acme_program; return"),
}


@pytest.mark.parametrize("selection", ["vault", ""])
@pytest.mark.parametrize("needs", NEEDING)
def test_a_thread_that_imports_a_module_does_not_wait(
    install: Install, scene: Scene, monkeypatch: pytest.MonkeyPatch, needs: str, selection: str
) -> None:
    """Guards a program that uses AWS in an import, for which another thread loads the plugin."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selection)
    site = install(NEEDING[needs])
    (site / "acme_program.py").write_text(
        "from tests.unit.test_single_calls import SCENE\nSCENE.do()\n"
    )

    def ask() -> None:
        try:
            scene.outcomes.append(botocore.session.Session().get_credentials().method)
        except PluginError as error:
            scene.outcomes.append(error)

    at = {"import": {"_symbol", "<module>", "acquire"}, "getter": {"get_provider", "acquire"}}[
        needs
    ]

    def import_program() -> None:
        thread = threading.Thread(target=ask, daemon=True)
        scene.helpers.append(thread)
        thread.start()
        while not at <= set(functions_of(thread)):  # it waits for this import
            assert thread.is_alive()
        ask()

    scene.do = import_program
    importlib.import_module("acme_program")
    scene.end()
    own, other = scene.outcomes
    assert other == "plugin:vault"
    if needs == "getter":
        assert own == "plugin:vault"
    else:  # the plugin's module is in the other thread's hands
        assert type(own) is PluginError
        says = "another thread, which loads the plugin, waits for that module"
        # A newer Python returns the module half imported, as where this thread imports it.
        assert says in str(own) or "asks for its own credentials" in str(own)
    assert automatic_source(Request()) is not None


@pytest.mark.parametrize("cause", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_getter_that_raises_leaves_its_turn_to_others(
    install: Install, scene: Scene, cause: type[BaseException]
) -> None:
    """Guards the next call, in this thread and in others."""
    install(WAYS["getter"])

    def fail() -> None:
        scene.do = lambda: None
        raise cause

    scene.do = fail
    with pytest.raises((PluginError, cause)):
        selected()
    assert selected() == Value("AKIA", "secret")
    scene.ask_in_thread()
    scene.end()
    assert scene.outcomes == ["AKIA"]


@FROM
def test_a_handler_before_each_line_of_a_load(install: Install, scene: Scene, source: str) -> None:
    """Guards against a signal handler, or a finalizer, that waits for its own thread."""
    install(source)
    found = discovered()

    def new_call() -> Callable[[], object]:
        plugincreds.reset()
        _discovered[GROUP] = found  # it has tests of its own, and takes long
        for name in [name for name in sys.modules if name.startswith("acme_")]:
            del sys.modules[name]
        scene.outcomes.clear()
        return scene.ask

    lines = 0
    for line in interrupted_at_each_line(new_call, scene.ask):
        lines += 1
        handlers, own = scene.outcomes
        assert own == "AKIA", line
        assert handlers == "AKIA" or "asks for its own" in str(handlers), line
    assert lines > 100


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no signals")
def test_a_handler_in_a_thread_that_waits_for_a_getter_waits_too(
    install: Install, scene: Scene
) -> None:
    """Guards signal handlers of a program whose other thread loads the plugin."""
    install(WAYS["getter"])
    entered, interrupted = threading.Event(), threading.Event()

    def handle(*_: object) -> None:
        interrupted.set()
        scene.ask()

    def hold() -> None:
        if scene.calls == 1:
            entered.set()
            while not any(len(each.done._locks) > 1 for each in registry()._calls._calls.values()):
                os.sched_yield()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            assert interrupted.wait(DEADLINE)

    scene.do = hold
    before = signal.signal(signal.SIGUSR1, handle)
    try:
        scene.ask_in_thread()
        assert entered.wait(DEADLINE)
        scene.ask()
    finally:
        signal.signal(signal.SIGUSR1, before)
    scene.end()
    assert scene.outcomes == ["AKIA"] * 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_thread_of_its_parent(
    install: Install, scene: Scene
) -> None:
    """Guards servers that fork while another thread calls the getter."""
    install(WAYS["getter"])
    entered, forked = threading.Event(), threading.Event()
    parent = os.getpid()

    def hold() -> None:
        if os.getpid() == parent:
            entered.set()
            assert forked.wait(DEADLINE)

    scene.do = hold
    scene.ask_in_thread()
    assert entered.wait(DEADLINE)
    child = Child(lambda: selected().access_key)
    forked.set()
    assert child.answer(DEADLINE) == "AKIA"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_of_the_getter_is_refused(install: Install, scene: Scene) -> None:
    """Guards against a process that forks, and a child that forks, and so on."""
    install(WAYS["getter"])
    answers: list[str] = []
    scene.do = lambda: answers.append(Child(lambda: selected().access_key).answer(DEADLINE))
    assert selected() == Value("AKIA", "secret")
    assert len(answers) == 1
    assert "asks for its own credentials" in answers[0]


def test_turns_are_forgotten() -> None:
    """Guards long-lived processes with many identities."""
    calls = SingleCalls()
    assert calls.call("key", GivenPlugin(threading), lambda: len(calls._calls)) == 1
    assert calls._calls == {}
