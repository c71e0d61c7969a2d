"""A child process has the parent's values, and none of its locks and flights.

A fork copies only the thread that forks. What other threads hold or are about to do stays in
the child as it was at that moment, for ever.
"""

import ast
import importlib
import multiprocessing
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import Value
from plugincreds._lifecycle.forks import forks
from plugincreds._registry import registry
from tests.hook.programs import make_plugin, run
from tests.support.engines import new_engine, threads_that_wait
from tests.unit.conftest import Install

DEADLINE = 15.0  # seconds after which a test has failed
SOON = 1.0  # seconds within which a child that is not stuck has answered

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system"),
    # Python 3.12 and later say that it is dangerous, which is what is tested here.
    pytest.mark.filterwarnings(
        "ignore:This process .* is multi-threaded, use of fork.*:DeprecationWarning"
    ),
]


class Child:
    """A forked process that makes one call and sends what came of it, as text.

    It leaves through `os._exit`, so that nothing of the test run is done twice, and is killed
    where it does not answer.
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                answer = str(call())
            except BaseException as error:  # noqa: BLE001 - the parent looks at it
                answer = repr(error)
            finally:
                os.write(writer, answer.encode())
                os._exit(0)
        os.close(writer)

    def answer(self, within: float = SOON) -> str:
        """Return what the child sent, and fail if it is stuck."""
        try:
            readable, _, _ = select.select([self._reader], [], [], within)
            if not readable:
                os.kill(self.pid, 9)
            assert readable, "the child is stuck"
            return os.read(self._reader, 4096).decode()
        finally:
            os.waitpid(self.pid, 0)
            os.close(self._reader)


@contextmanager
def held(*locks: Any) -> Iterator[None]:
    """Let another thread hold these locks while the body runs."""
    taken, enough = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        taken.set()
        enough.wait(DEADLINE)
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    try:
        assert taken.wait(DEADLINE)
        yield
    finally:
        enough.set()
        thread.join(DEADLINE)


class Scene:
    """A cache whose plugin names the process that it runs in, and can be held in the parent."""

    def __init__(self, *, timeout: float | None = None) -> None:
        self.parent = os.getpid()
        self.now = datetime.now(timezone.utc).timestamp()
        self.gate = threading.Event()
        self.inside = threading.Event()
        self.calls = 0
        self.cache = new_engine(self._retrieve, clock=lambda: self.now, timeout=timeout)

    def _retrieve(self) -> Value:
        self.calls += 1
        self.inside.set()
        if os.getpid() == self.parent:
            assert self.gate.wait(DEADLINE)
        expiry = datetime.fromtimestamp(self.now, timezone.utc) + timedelta(hours=1)
        return Value(f"KEY{self.calls}", str(os.getpid()), expiry_time=expiry)

    def filled(self) -> "Scene":
        """Return this scene with a value."""
        self.gate.set()
        self.cache.get()
        self.gate.clear()
        self.inside.clear()
        return self

    def lead(self) -> threading.Thread:
        """Start a thread that calls `get()`, and return when it is inside the plugin."""
        thread = threading.Thread(target=self.cache.get, daemon=True)
        thread.start()
        assert self.inside.wait(DEADLINE)
        return thread

    def land(self, leader: threading.Thread) -> str:
        """Let the plugin return, and return the key that the parent has then."""
        self.gate.set()
        leader.join(DEADLINE)
        assert not leader.is_alive()
        return self.cache.get().access_key

    def process(self) -> str:
        """Return the number of the process that the plugin ran in; its secret key."""
        return self.cache.get().secret_key


@pytest.mark.parametrize("timeout", [None, DEADLINE], ids=["no limit", "with a limit"])
@pytest.mark.parametrize("age", [None, 3541, 3600], ids=["first", "mandatory", "expired"])
def test_fork_while_a_thread_is_inside_the_plugin(age: float | None, timeout: float | None) -> None:
    """The child calls the plugin itself, and the parent's flight lands as if nothing was."""
    scene = Scene(timeout=timeout)
    if age is not None:
        scene.filled().now += age
    leader = scene.lead()
    calls = scene.calls
    child = Child(scene.process)
    assert child.answer() == str(child.pid)
    assert scene.land(leader) == f"KEY{calls}"
    assert scene.process() == str(os.getpid())
    assert scene.calls == calls


def test_fork_while_a_thread_renews_ahead() -> None:
    """The child's first caller renews ahead; nobody waits for the parent's flight."""
    scene = Scene().filled()
    scene.now += 3000
    leader = scene.lead()
    child = Child(lambda: (scene.cache.get().access_key, scene.process() == str(os.getpid())))
    assert child.answer() == "('KEY3', True)"
    assert scene.land(leader) == "KEY2"


def test_fork_while_threads_wait_for_a_flight() -> None:
    """The child may have many threads of its own; they share one call."""
    scene = Scene()
    leader = scene.lead()
    waiter = threading.Thread(target=scene.cache.get, daemon=True)
    waiter.start()
    deadline = time.monotonic() + DEADLINE
    while not threads_that_wait():
        assert time.monotonic() < deadline

    def use() -> int:
        before = scene.calls
        barrier = threading.Barrier(16)

        def get() -> None:
            barrier.wait(DEADLINE)
            scene.cache.get()

        threads = [threading.Thread(target=get) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        return scene.calls - before

    assert Child(use).answer(DEADLINE) == "1"
    assert scene.land(leader) == "KEY1"
    waiter.join(DEADLINE)


@contextmanager
def forked_by_a_signal(is_time: Callable[[], bool], children: list[int]) -> Iterator[None]:
    """Fork this thread, which runs the body, in a signal handler.

    The list then has the child's number, which is 0 in the child itself.
    """

    def send() -> None:
        until = time.monotonic() + DEADLINE
        while not is_time() and time.monotonic() < until:
            pass
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: children.append(os.fork()))
    try:
        threading.Thread(target=send, daemon=True).start()
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def forked_while(wait: Callable[[], object], is_time: Callable[[], bool], go_on: Any) -> str:
    """Return what a wait came to in a child that a signal handler forks meanwhile."""
    reader, writer = os.pipe()
    children: list[int] = []
    with os.fdopen(reader, "rb", 0) as answers, forked_by_a_signal(is_time, children):
        threading.Thread(target=_let_go, args=(children, go_on), daemon=True).start()
        try:
            answer = str(wait())
        except Exception as error:  # noqa: BLE001 - the parent looks at it
            answer = repr(error)
        if children == [0]:
            os.write(writer, answer.encode())
            os._exit(0)
        readable, _, _ = select.select([answers], [], [], DEADLINE)
        if not readable:
            os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)
        os.close(writer)
        return answers.read(4096).decode() if readable else "stuck"


def _let_go(children: list[int], go_on: Callable[[], object]) -> None:
    until = time.monotonic() + DEADLINE
    while not children and time.monotonic() < until:
        pass
    go_on()


def test_a_signal_handler_forks_a_thread_that_waits_for_a_flight() -> None:
    """The thread that retrieves does not run in the child, where the handler returns, too."""
    scene = Scene()
    leader = scene.lead()
    answer = forked_while(
        lambda: scene.cache.get().access_key,
        lambda: threads_that_wait() > 0,
        scene.gate.set,
    )
    assert answer == "KEY2"
    assert scene.land(leader) == "KEY1"


def test_a_signal_handler_forks_a_thread_that_waits_for_a_coroutine() -> None:
    """Its event loop does not run in the child: that is a failure, and not a wait for ever."""
    begun, go_on = threading.Event(), threading.Event()

    async def retrieve() -> tuple[str, str]:
        begun.set()
        assert go_on.wait(DEADLINE)
        return "KEY", "SECRET"

    answer = forked_while(plugincreds.CredentialsCache(retrieve).get, begun.is_set, go_on.set)
    assert "a signal handler has forked the process" in answer


def test_fork_while_a_thread_holds_each_of_our_locks(install: Install) -> None:
    """The cache's, the one of forks and the registry's; invalidating needs the first, too."""
    install("def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)")
    scene = Scene().filled()

    def use() -> tuple[str, str, str, str]:
        first = scene.process()
        scene.cache.invalidate("KEY1")
        credentials = botocore.session.Session().get_credentials()
        installed = [plugin.name for plugin in plugincreds.installed_plugins()]
        return first, scene.process(), credentials.get_frozen_credentials()[0], str(installed)

    locks = scene.cache.sync().lock, forks.lock, registry()._lock
    with held(*locks):
        child = Child(use)
    answer = str((str(os.getpid()), str(child.pid), "AKIA", "['vault']"))
    assert child.answer(DEADLINE) == answer
    for lock in locks:
        assert lock.acquire(blocking=False)
        lock.release()


def test_fork_while_a_thread_loads_a_plugin(install: Install) -> None:
    """What was loaded before the fork is used in the child, what was not is loaded there."""
    install(
        """
        import os, threading
        INSIDE, GATE, PARENT = threading.Event(), threading.Event(), os.getpid()
        def get_provider():
            INSIDE.set()
            if os.getpid() == PARENT:
                GATE.wait(15)
            return (lambda: (str(os.getpid()), "secret")), (lambda: False)
        """,
        module="acme_fork",
    )

    def key() -> str:
        frozen = botocore.session.Session().get_credentials().get_frozen_credentials()
        return str(frozen.access_key)

    names = vars(importlib.import_module("acme_fork"))
    loader = threading.Thread(target=key, daemon=True)
    loader.start()
    assert names["INSIDE"].wait(DEADLINE)
    child = Child(key)
    assert child.answer(DEADLINE) == str(child.pid)
    names["GATE"].set()
    loader.join(DEADLINE)
    assert key() == str(os.getpid())


def test_what_the_interpreter_keeps_leads_to_no_other_module(tmp_path: Path) -> None:
    """Guards the end of each program: modules that are kept until then take long to free.

    Of `typing`, too: it keeps the classes that it has been used with.
    """
    program = """
import os
kept, register = [], os.register_at_fork
os.register_at_fork = lambda **calls: (kept.extend(calls.values()), register(**calls))
import botocore.session
assert botocore.session.Session().get_credentials().method == "plugin:acme"
own = [each.__func__ for each in kept if "plugincreds" in str(each.__module__)]
print({name for each in own for name in each.__globals__ if not name.startswith("__")})
"""
    make_plugin(tmp_path)
    variables = {"AWS_CREDENTIAL_PLUGIN": "acme"}
    found = run(
        f"import sys; sys.path.insert(0, sys.argv[1]){program}", tmp_path, variables=variables
    )
    assert ast.literal_eval(found) == {
        "TYPE_CHECKING",
        "WeakSet",
        "_Forks",
        "forks",
        "os",
        "threading",
    }


def test_a_valid_value_stays_usable() -> None:
    """A pool of workers that are forked from a warm parent does not call the plugin at all."""
    scene = Scene().filled()
    children = [Child(lambda: (scene.process(), scene.calls)) for _ in range(8)]
    assert {child.answer(DEADLINE) for child in children} == {str((str(os.getpid()), 1))}


def test_a_grandchild() -> None:
    """Each generation starts anew, also where the one before has already done so."""
    scene = Scene()
    leader = scene.lead()

    def use() -> tuple[bool, bool, str]:
        mine = scene.process() == str(os.getpid())  # the child has its own lock by now
        with held(scene.cache.sync().lock, forks.lock):
            grandchild = Child(lambda: scene.process() == str(os.getppid()))
            scene.now += 3600
            younger = Child(lambda: scene.process() == str(os.getpid()))
        return mine, grandchild.answer() == "True", younger.answer()

    assert Child(use).answer(DEADLINE) == "(True, True, 'True')"
    assert scene.land(leader) == "KEY1"


def test_a_failure_stays_known_in_the_child() -> None:
    """A hundred workers that are forked while the source is down do not all call it at once."""
    calls: list[int] = []

    def retrieve() -> tuple[str, str]:
        calls.append(os.getpid())
        raise plugincreds.NonRecoverableError("Logged out.")

    cache = plugincreds.CredentialsCache(retrieve, clock=lambda: 0.0)

    def use() -> int:
        with pytest.raises(plugincreds.PluginProviderRetrieveError, match="Logged out"):
            cache.get()
        return len(calls)

    assert use() == 1
    assert Child(use).answer() == "1"


PLUGIN = """
import os
def get_provider():
    return (lambda: (f"AKIA{os.getpid()}", "secret")), (lambda: False)
"""


def key_and_process() -> tuple[str, int]:
    """Return what an unmodified program signs with in this process."""
    credentials = botocore.session.Session().get_credentials()
    return credentials.get_frozen_credentials().access_key, os.getpid()


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(
    method: str, warm: bool, install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A forked worker has the parent's value; one that starts anew has its own."""
    site = install(PLUGIN)
    # A new interpreter must be able to import the function that it is to run.
    worker = f"worker_{method}_{warm}".lower()
    source = (
        "import os\n"
        "import plugincreds_startup\n"
        "plugincreds_startup.install()\n"
        "def say(connection):\n"
        "    import botocore.session\n"
        "    credentials = botocore.session.Session().get_credentials()\n"
        "    connection.send((credentials.get_frozen_credentials().access_key, os.getpid()))\n"
        "    connection.close()\n"
    )
    (site / f"{worker}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.chdir(tmp_path)
    module = __import__(worker)
    mine = key_and_process()[0] if warm else None
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=module.say, args=(sender,), daemon=True)
    process.start()
    try:
        sender.close()
        assert receiver.poll(2 * DEADLINE), "the worker is stuck"
        key, pid = receiver.recv()
    finally:
        process.join(DEADLINE)
        process.kill()
    assert process.exitcode == 0
    assert pid == process.pid != os.getpid()
    assert key == (mine if warm and method == "fork" else f"AKIA{pid}")
