"""A plugin that starts a program which calls the same plugin, and so on."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import plugincreds
from plugincreds._lifecycle import processes
from tests.unit.conftest import Install

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it needs Linux's /proc")

LONGEST = 60.0  # seconds for a chain of some processes
ASK = "import botocore.session as s; print(s.Session().get_credentials().access_key)"
PLUGIN = """
    import botocore.session, os, plugincreds, subprocess, sys, threading
    PROGRAM = [sys.executable, "-c", {ask!r}]
    def start(arguments=PROGRAM, **settings):
        with open(os.environ["ACME_LOG"], "a") as log:
            log.write("1")
        if os.path.getsize(os.environ["ACME_LOG"]) > 12:
            raise RuntimeError("the chain has no end")
        done = subprocess.run(arguments, capture_output=True, text=True, **settings)
        with open(os.environ["ACME_LOG"] + ".errors", "a") as log:
            log.write(done.stderr)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        return done.stdout.strip(), "secret"
    {source}
"""
GOOD = "def get_provider(): return retrieve, lambda: False"
CHAINS = {
    "retrieve": f"retrieve = start\n    {GOOD}",
    "a coroutine": f"async def retrieve(): return start()\n    {GOOD}",
    "a shell": 'def retrieve(): return start(["sh", "-c", \'"$@"; exit $?\', "sh", *PROGRAM])\n    '
    + GOOD,
    "a thread": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "    def retrieve(): return ThreadPoolExecutor(1).submit(start).result()\n    " + GOOD
    ),
    "the getter": "def get_provider(): start()",
    "the import": "start()",
}


@pytest.fixture(autouse=True)
def unmarked() -> None:
    """Let interrupted calls of earlier tests end, whose tracebacks are in reference cycles."""
    gc.collect()


NESTED = """
import botocore.session, importlib.metadata, os, subprocess, sys, threading
def get():
    return botocore.session.Session().get_credentials().access_key
level = int(os.environ["ACME_LEVEL"])
if level == 0:
    print(get())
    sys.exit()
(plugin,) = importlib.metadata.entry_points(group="aws_sdk.credential_plugins")
module = sys.modules[plugin.load().__module__]
thread = threading.Thread(target=get)
thread.start()
assert module.entered.wait(60)
variables = {**os.environ, "ACME_LEVEL": str(level - 1)}
done = subprocess.run([sys.executable, *sys.argv], env=variables)
module.enough.set()
thread.join()
"""


def ask(
    site: Path, log: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Start a program that needs credentials."""
    return subprocess.run(
        [sys.executable, *(arguments or ["-c", ASK])],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(site), *sys.path]),
            "ACME_LOG": str(log),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )


SOON, LATE = "1" * 3, "1" * 6  # if another thread starts the programs, it may be any


@pytest.mark.parametrize("way", CHAINS)
def test_a_chain_ends(install: Install, tmp_path: Path, way: str) -> None:
    """Guards the machine; without a guard each process starts another one, without end."""
    site = install(PLUGIN.format(ask=ASK, source=CHAINS[way]))
    log = tmp_path / "log"
    done = ask(site, log, AWS_CREDENTIAL_PLUGIN="vault")
    is_late = way in {"a coroutine", "a thread"}
    assert log.read_text() == (LATE if is_late else SOON)
    assert done.returncode == 1
    # So many errors that quote each other are cut.
    errors = log.with_name("log.errors").read_text() if is_late else done.stderr
    assert "must pass env=plugincreds.base_environ() to programs that it starts" in errors


def test_an_automatic_plugin_hides_no_chain(install: Install, tmp_path: Path) -> None:
    """Guards that no other identity is used at the end of it."""
    site = install(PLUGIN.format(ask=ASK, source=CHAINS["retrieve"]))
    done = ask(site, tmp_path / "log")
    assert done.returncode == 1
    assert "must pass env=plugincreds.base_environ() to programs that it starts" in done.stderr


def test_a_chain_of_forks_ends(install: Install, tmp_path: Path) -> None:
    """Guards `multiprocessing` in a thread of the plugin, where no new program begins."""
    source = f"""
    import concurrent.futures as futures, multiprocessing, warnings
    warnings.simplefilter("ignore", DeprecationWarning)
    def ask():
        return botocore.session.Session().get_credentials().access_key
    def fork():
        start([sys.executable, "-c", ""])
        process = multiprocessing.get_context("fork").Process(target=ask)
        process.start()
        process.join()
        return "AKIA", "secret"
    def retrieve(): return futures.ThreadPoolExecutor(1).submit(fork).result()
    {GOOD}
    """
    site = install(PLUGIN.format(ask=ASK, source=source.strip()))
    done = ask(site, tmp_path / "log", AWS_CREDENTIAL_PLUGIN="vault")
    assert done.stdout == "AKIA\n"  # the plugin does not look at what came of its child
    assert "must pass env=plugincreds.base_environ() to programs that it starts" in done.stderr
    assert (tmp_path / "log").read_text() == LATE


def test_with_the_environment_of_the_remedy(install: Install, tmp_path: Path) -> None:
    """Guards the remedy: the program has no plugins, and finds other credentials."""
    source = f"""
    def retrieve(): return start(env={{
        **plugincreds.base_environ(), "AWS_ACCESS_KEY_ID": "BASE", "AWS_SECRET_ACCESS_KEY": "x",
    }})
    {GOOD}"""
    site = install(PLUGIN.format(ask=ASK, source=source.strip()))
    done = ask(site, tmp_path / "log", AWS_CREDENTIAL_PLUGIN="vault")
    assert (done.stdout, done.stderr) == ("BASE\n", "")
    assert (tmp_path / "log").read_text() == "1"


def test_programs_of_other_threads_are_served(install: Install, tmp_path: Path) -> None:
    """A slow retrieval in one thread is no reason to refuse what another thread starts.

    Also not if that program does the same, and so on: here, five times.
    """
    source = f"""
    def retrieve():
        if os.environ["ACME_LEVEL"] == "0":
            return "AKIA", "x"
        entered.set()
        assert enough.wait({LONGEST})
        return "SLOW", "x"
    entered, enough = threading.Event(), threading.Event()
    {GOOD}"""
    site = install(PLUGIN.format(ask=ASK, source=source.strip()))
    program = tmp_path / "program.py"
    program.write_text(NESTED)
    done = ask(site, tmp_path / "log", str(program), AWS_CREDENTIAL_PLUGIN="vault", ACME_LEVEL="5")
    assert (done.stdout, done.stderr) == ("AKIA\n", "")


@contextmanager
def marked_call() -> Iterator[None]:
    """Run the body as a plugin's call."""
    mark = processes.CallMark()
    mark.begin()
    yield
    mark.end()


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_mark_is_there_as_long_as_the_call() -> None:
    """Guards the open files: they are closed afterwards, and threads have two each."""
    process = os.getpid()
    before = open_files()
    assert not list(processes._marks(process))
    with marked_call(), marked_call():
        assert len(list(processes._marks(process))) == 2
        assert open_files() == before + 4
        assert all(not os.get_inheritable(number) for number in (900, 901))
    assert not list(processes._marks(process))
    assert open_files() == before


def test_a_chain_ends_where_few_files_may_be_open(install: Install, tmp_path: Path) -> None:
    """Guards services with a low limit, which the programs below have, too."""
    start = """
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    retrieve = start
    """
    site = install(PLUGIN.format(ask=ASK, source=start.strip() + "\n    " + GOOD))
    done = ask(site, tmp_path / "log", AWS_CREDENTIAL_PLUGIN="vault")
    assert (tmp_path / "log").read_text() == SOON
    assert "must pass env=plugincreds.base_environ() to programs that it starts" in done.stderr


def test_a_call_survives_a_plugin_that_closes_all_files() -> None:
    """Guards plugins that become daemons."""
    with marked_call():
        os.close(900)


def test_without_room_for_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards processes with a low limit: they are not counted, and the plugin is called."""

    def refuse(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "open", refuse)
    assert plugincreds.CredentialsCache(lambda: ("AKIA", "secret")).get().access_key == "AKIA"


class TestBaseEnviron:
    """The environment for programs that a plugin starts."""

    def test_plugins_are_off_in_a_copy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Guards `os.environ`, which other threads read."""
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
        before = dict(os.environ)
        assert plugincreds.base_environ() == before | {"AWS_CREDENTIAL_PLUGIN": "none"}
        assert dict(os.environ) == before

    def test_a_variable_that_another_thread_removes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Guards against a KeyError in the middle of the copy."""

        class Changing(dict[str, str]):
            def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
                return None if name == "GONE" else super().get(name, default)

        monkeypatch.setattr(os, "environ", Changing(GONE="1", HOME="/root"))
        assert plugincreds.base_environ() == {"HOME": "/root", "AWS_CREDENTIAL_PLUGIN": "none"}

    def test_a_profile_that_selects_the_plugin(
        self, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Guards against another identity: the program gets an error, not the machine's role."""
        site = install(PLUGIN.format(ask=ASK, source=GOOD.replace("retrieve", "start")))
        config = tmp_path / "config"
        config.write_text("[default]\ncredential_plugin = vault\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        done = ask(site, tmp_path / "log", **plugincreds.base_environ())
        assert "switched off by AWS_CREDENTIAL_PLUGIN=none" in done.stderr


def test_a_process_without_calls_costs_no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the first signature: nearly all processes have none of these files open."""
    read: list[str] = []
    monkeypatch.setattr(os, "readlink", read.append)
    assert list(processes._marks(os.getpid())) == []
    assert read == []
