"""What the processes of one user share: one retrieves, the others read; never anybody else's."""

import asyncio
import json
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import filelock
import pytest

import plugincreds
from plugincreds import (
    InstalledPlugin,
    NonRecoverableError,
    PluginError,
    RecoverableError,
    Value,
)
from plugincreds import PluginProviderRetrieveError as RetrieveError
from plugincreds._base_identity import BaseIdentity, digest, recorders
from plugincreds._sharing import cache as _cache
from plugincreds._sharing import source_files
from plugincreds._sharing.cache import SharedCredentials
from plugincreds._sharing.files import MARK, CacheFiles
from plugincreds._threads import as_failure
from tests.support.engines import RefreshEngine, Reporter, Retrieval
from tests.unit.conftest import Install

START = 1_700_000_000.0
HOUR = 3600.0
CANARY = "Canary0Canary1Canary2Canary3"
PLUGIN = InstalledPlugin("vault", "acme:get_provider", "acme-creds", "1.2")


class Broker:
    """What all processes ask; each call gives another key for an hour."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.calls = 0
        self.error: Exception | None = None
        self.given_up = False
        self.lifetime: float | None = HOUR

    def retrieve(self) -> Value:
        self.calls += 1
        if self.error:
            raise self.error
        moment = datetime.fromtimestamp(self.now, timezone.utc)
        expiry = None if self.lifetime is None else moment + timedelta(seconds=self.lifetime)
        return Value(f"KEY{self.calls}", CANARY, CANARY, expiry_time=expiry)

    def shared(
        self,
        *,
        key: str = "me",
        identity: Any = None,
        retrieve: Callable[[], Any] | None = None,
        is_same: Callable[[], bool] = lambda: True,
    ) -> SharedCredentials:
        """Return what one process has."""
        reporter = Reporter(PLUGIN.label, PLUGIN.name, PLUGIN.origin)
        clock = lambda: self.now  # noqa: E731
        base = BaseIdentity()
        return SharedCredentials(
            PLUGIN,
            Retrieval(retrieve or self.retrieve, reporter, clock, is_same, base),
            reporter,
            identity=(key, identity),
            base=base,
            folder=self.folder,
            is_expired=lambda: self.given_up,
            clock=clock,
        )

    def process(self, **changes: Any) -> "Process":
        """Return the engine of one process."""
        return Process(self, self.shared(**changes))

    def files(self) -> list[Path]:
        """Return the entries."""
        return sorted(self.folder.glob("*.json"))

    def document(self) -> dict[str, Any]:
        """Return what the one entry holds."""
        (file,) = self.files()
        found: dict[str, Any] = json.loads(file.read_text())
        return found


class Process:
    """The engine of one process over the shared files."""

    def __init__(self, broker: Broker, shared: SharedCredentials) -> None:
        self.shared = shared
        self.cache = RefreshEngine(
            shared,
            shared.is_expired,
            Reporter(PLUGIN.label, PLUGIN.name, PLUGIN.origin),
            clock=lambda: broker.now,
            uniform=lambda low, _: low,
        )

    def key(self) -> str:
        return self.cache.get().access_key

    def reject(self, key: str) -> None:
        self.shared.reject(key)
        self.cache.invalidate(key)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path / "home" / "plugincreds" / "cache")


def test_one_process_retrieves_and_the_others_read(broker: Broker) -> None:
    """Guards the point of it, and the shape that the AWS CLI has in its own cache."""
    assert [broker.process().key() for _ in range(5)] == ["KEY1"] * 5
    assert broker.calls == 1
    document = broker.document()
    assert len(document.pop("Checksum")) == 64
    assert document == {
        "ProviderType": "plugin",
        "Credentials": {
            "AccessKeyId": "KEY1",
            "SecretAccessKey": CANARY,
            "SessionToken": CANARY,
            "Expiration": "2023-11-14T23:13:20+00:00",
        },
        "RetrievedAt": START,
        "Plugin": "vault",
        "Distribution": "acme-creds 1.2",
        "Profile": None,
    }


def test_nobody_else_may_read_it(broker: Broker) -> None:
    """Guards the modes of folder, file and lock, and that no name holds anything of a value."""
    broker.process(key="a server").key()
    (file,) = broker.files()
    assert stat.S_IMODE(broker.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(broker.folder.parent.stat().st_mode) == 0o700
    for path in broker.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.suffix in {".json", ".lock"}
        assert len(path.stem) == 64
        assert "server" not in path.name
        assert path == file or not path.read_bytes()


@pytest.mark.parametrize(
    "other",
    [
        {"key": "you"},
        {"identity": ("dev", None, ())},
        {"identity": ("dev", None, (("role", "admin"),))},
    ],
)
def test_another_identity_is_another_file(broker: Broker, other: dict[str, Any]) -> None:
    """Guards that tenants, profiles and options never get each other's credentials."""
    assert (broker.process().key(), broker.process(**other).key()) == ("KEY1", "KEY2")
    assert len(broker.files()) == 2


def test_the_windows_are_those_of_the_retrieval(broker: Broker) -> None:
    """Guards that a value which is read late is renewed when the first process renews it."""
    first = broker.process()
    first.key()
    broker.now += HOUR - 1000
    late = broker.process()
    assert late.key() == "KEY1"
    assert late.cache.state.retrieved_at == START
    assert late.cache.state.advisory_at == first.cache.state.advisory_at == START + HOUR - 900
    broker.now += 100
    assert (late.key(), first.key(), broker.calls) == ("KEY2", "KEY2", 2)


def test_one_process_renews_ahead(broker: Broker) -> None:
    """Guards that others take the value at hand while one holds the lock."""
    processes = [broker.process() for _ in range(3)]
    assert [process.key() for process in processes] == ["KEY1"] * 3
    broker.now += HOUR - 800
    assert [process.key() for process in processes] == ["KEY2"] * 3
    broker.now += HOUR - 800
    lock = processes[0].shared._files.lock()
    lock.acquire()
    assert broker.process().key() == "KEY2"  # a new process, which has nothing to replace
    lock.release()
    assert (broker.process().key(), broker.calls) == ("KEY3", 3)


def test_an_expired_or_damaged_entry_is_none(broker: Broker) -> None:
    """Guards whatever a crash, another version or a person left there."""
    broker.process().key()
    (file,) = broker.files()
    whole = file.read_text()
    damaged = [
        "",
        whole[:-1],
        "[]",
        "null",
        "7",
        "{}",
        "[" * 100_000,
        '{"ProviderType": "plugin", "Credentials": null}',
        whole.replace('"plugin"', '"sso"', 1),
        whole.replace('"KEY1"', '"KEY 1"'),
        whole.replace("2023-", "2003-"),
        whole.replace(f'"RetrievedAt": {START}', '"RetrievedAt": "soon"'),
        whole.replace(f'"RetrievedAt": {START}', '"RetrievedAt": 1e300'),
        whole.replace(f'"RetrievedAt": {START}', f'"RetrievedAt": {"9" * 400}'),
        whole.replace(f'"{CANARY}"', f'"{CANARY[:-1]}5"', 1),
        whole + " " * 100_000,
    ]
    for number, text in enumerate(damaged, start=2):
        file.write_text(text)
        assert broker.process().key() == f"KEY{number}", text[:80]
    file.write_bytes(b"\xff\xfe")
    assert broker.process().key() == f"KEY{len(damaged) + 2}"
    broker.now += HOUR
    assert broker.process().key() == f"KEY{len(damaged) + 3}"


@pytest.mark.parametrize(
    ("field", "other"),
    [("Plugin", "other"), ("Distribution", "acme-creds 1.3"), ("Profile", "prod")],
)
def test_an_entry_of_another_plugin_is_none(broker: Broker, field: str, other: str) -> None:
    """Guards the name in the file, also where its checksum fits."""
    broker.process().key()
    (file,) = broker.files()
    document = broker.document()
    del document["Checksum"]
    document[field] = other
    document["Checksum"] = digest([file.stem, document])
    file.write_text(json.dumps(document))
    assert broker.process().key() == "KEY2"
    assert broker.document()[field] != other


def test_an_entry_of_another_file_is_none(broker: Broker) -> None:
    """Guards tenants whose files were mixed up, as by a backup that was put back."""
    assert broker.process(key="me").key() == "KEY1"
    (mine,) = broker.files()
    assert broker.process(key="you").key() == "KEY2"
    (other,) = set(broker.files()) - {mine}
    other.write_bytes(mine.read_bytes())
    assert broker.process(key="you").key() == "KEY3"
    assert broker.process(key="me").key() == "KEY1"


def test_a_damaged_note_is_none(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards those that wait for another process: 400 digits ended them with an OverflowError."""
    shared = broker.shared()
    acquired, calls = source_files.acquired, iter([False])

    def slow(lock: Any) -> bool:
        if next(calls, True):
            return acquired(lock)
        note = Path(lock.lock_file).with_suffix(".note")
        note.touch(mode=0o600)
        note.write_text(f'{{"Failure": "it failed", "At": {"9" * 400}}}')
        return False

    monkeypatch.setattr(_cache, "acquired", slow)
    retrieved = shared(is_first=True)
    assert isinstance(retrieved, tuple)
    assert retrieved[0].access_key == "KEY1"


def test_a_rejected_key_is_removed(broker: Broker) -> None:
    """Guards the next process, and that the key of another one is left alone."""
    process, other = broker.process(), broker.process()
    assert (process.key(), other.key()) == ("KEY1", "KEY1")
    process.reject("OLD")
    assert len(broker.files()) == 1
    process.reject("KEY1")
    assert broker.files() == []
    assert process.key() == "KEY2"
    other.reject("KEY1")
    assert len(broker.files()) == 1
    assert (other.key(), broker.process().key(), broker.calls) == ("KEY2", "KEY2", 2)


def test_a_rejection_in_a_loop_without_threads(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the request that was rejected: its own error is what the program must see."""

    def start(_: object) -> None:
        raise RuntimeError("can't start new thread")

    process = broker.process()
    process.key()
    monkeypatch.setattr(threading.Thread, "start", start)

    async def reject() -> None:
        process.reject("KEY1")

    asyncio.run(reject())
    assert process.key() == "KEY2"


def test_a_rejected_key_that_comes_back_is_not_taken(broker: Broker) -> None:
    """Guards a slow process that writes the old value once more."""
    process = broker.process()
    process.key()
    (file,) = broker.files()
    old = file.read_bytes()
    process.reject("KEY1")
    file.write_bytes(old)
    file.chmod(0o600)
    assert process.key() == "KEY2"


def test_what_the_plugin_gives_up_is_retrieved_anew(broker: Broker) -> None:
    """Guards that is_expired() is asked of own values only, and that the file does not undo it."""
    own = broker.process()
    own.key()
    reader = broker.process()
    reader.key()
    broker.given_up = True
    assert reader.key() == "KEY1"
    assert own.key() == "KEY2"


def test_values_without_an_expiry_are_not_written(broker: Broker) -> None:
    """Guards keys for ever on a disk."""
    broker.lifetime = None
    assert (broker.process().key(), broker.process().key()) == ("KEY1", "KEY2")
    assert broker.files() == []


def test_a_value_of_another_identity_is_not_written(broker: Broker) -> None:
    """Guards a plugin whose setting changed while it retrieved."""
    process = broker.process(is_same=lambda: False)
    with pytest.raises(RetrieveError, match="belong to another identity"):
        process.key()
    assert broker.files() == []


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), asyncio.CancelledError()])
def test_credentials_of_an_unknown_identity_are_not_used(
    broker: Broker, error: BaseException
) -> None:
    """Guards a cache_key() that raises after retrieve(): a SystemExit there ended the program."""

    def raises() -> bool:
        raise error

    process = broker.process(is_same=raises)
    kind = type(as_failure(error)).__name__
    found = f"its cache_key\\(\\) raised {kind}.* so it is not known whose cred"
    with pytest.raises(RetrieveError, match=found):
        process.key()
    assert (broker.files(), broker.calls) == ([], 1)


def test_a_failure_leaves_the_entry_and_the_lock(broker: Broker) -> None:
    """Guards the other processes when the plugin of one fails."""
    process = broker.process()
    process.key()
    broker.now += HOUR - 800
    broker.error = OSError("sealed")
    assert process.key() == "KEY1"
    broker.error = None
    assert broker.process().key() == "KEY3"
    broker.now += HOUR
    broker.error = OSError("sealed")
    with pytest.raises(RetrieveError, match="sealed"):
        broker.process().key()


def test_a_new_process_takes_what_is_left_while_the_plugin_fails(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards the outage of a broker: a value in its advisory window is good until it expires."""
    broker.process().key()
    broker.now += HOUR - 800
    broker.error = OSError("sealed")
    calls = broker.calls
    for _ in range(3):
        process = broker.process()
        assert [process.key() for _ in range(5)] == ["KEY1"] * 5
    assert broker.calls <= calls + 6  # once for the new process, once before its engine backs off
    assert "could not refresh its credentials: its retrieve() raised OSError: sealed" in caplog.text
    process = broker.process(retrieve=lambda: None)
    assert process.key() == "KEY1"
    broker.error = NonRecoverableError("Logged out.")
    with pytest.raises(RetrieveError, match="Logged out"):
        broker.process().key()


def test_a_login_that_ended_leaves_what_another_process_retrieved(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards shared credentials: an error of the plugin ended them, which it knew nothing of."""
    broker.process().key()
    broker.error = RecoverableError("Logged out.", hint="run `acme login`")
    process = broker.process()
    broker.now += HOUR - 800
    for _ in range(8):
        assert process.key() == "KEY1"
        broker.now += 99
    assert "The current ones are used" in caplog.text or "another process retrieved" in caplog.text
    assert all("What to do: run `acme login`" in each.getMessage() for each in caplog.records)
    broker.now += 99
    with pytest.raises(RetrieveError) as caught:
        process.key()
    assert caught.value.hint == "run `acme login`"


def test_a_decline_does_not_make_a_value_its_own(broker: Broker) -> None:
    """Guards that is_expired() is still not asked of what another process retrieved."""
    broker.process().key()
    reader = broker.process(retrieve=lambda: None)
    assert reader.key() == "KEY1"
    broker.now += HOUR - 800
    broker.given_up = True
    assert reader.key() == "KEY1"
    broker.now += 2
    assert reader.key() == "KEY1"


def test_a_rejected_key_that_the_plugin_gives_again_is_not_written(broker: Broker) -> None:
    """Guards the other processes from it."""
    process = broker.process(retrieve=lambda: Value("KEY0", CANARY, expiry_time=_expiry(broker)))
    process.key()
    process.reject("KEY0")
    assert process.key() == "KEY0"
    assert broker.files() == []


def _expiry(broker: Broker) -> datetime:
    return datetime.fromtimestamp(broker.now + HOUR, timezone.utc)


def test_a_key_that_stays_the_same_is_shared_when_it_is_renewed(broker: Broker) -> None:
    """Guards services whose access key is the name of a role."""
    calls: list[int] = []

    def retrieve() -> Value:
        calls.append(1)
        return Value("SAME", CANARY, f"token{len(calls)}", expiry_time=_expiry(broker))

    processes = [broker.process(retrieve=retrieve) for _ in range(4)]
    assert {process.cache.get().token for process in processes} == {"token1"}
    broker.now += HOUR - 800
    assert {process.cache.get().token for process in processes} == {"token2"}
    assert len(calls) == 2


def _counted(read: Callable[[], Any], counter: threading.Semaphore) -> Callable[[], Any]:
    def counted() -> Any:
        counter.release()
        return read()

    return counted


@pytest.mark.parametrize("lifetime", [None, HOUR])
def test_those_who_wait_do_not_all_try_in_turn(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, lifetime: float | None
) -> None:
    """Guards a plugin that fails, or whose values cannot be shared, and is slow."""
    broker.lifetime = lifetime
    broker.error = RecoverableError("sealed", hint="log in") if lifetime else None
    entered, gate = threading.Event(), threading.Event()
    original = broker.retrieve

    def retrieve() -> Value:
        entered.set()
        assert gate.wait(20)
        return original()

    outcomes: list[str] = []

    def work(shared: SharedCredentials) -> None:
        retrieved = shared(is_first=True)
        outcomes.append(
            retrieved[0].access_key if isinstance(retrieved, tuple) else retrieved.message
        )

    first = threading.Thread(target=work, args=[broker.shared(retrieve=retrieve)])
    first.start()
    assert entered.wait(20)
    others = [broker.shared(retrieve=retrieve) for _ in range(4)]
    polled = threading.Semaphore(0)
    for shared in others:
        monkeypatch.setattr(shared, "_read", _counted(shared._read, polled))
    threads = [threading.Thread(target=work, args=[shared]) for shared in others]
    for thread in threads:
        thread.start()
    for _ in range(12):  # each of them has begun to wait
        assert polled.acquire(timeout=20)
    gate.set()
    for thread in (first, *threads):
        thread.join(20)
    if lifetime:
        assert (len(outcomes), broker.calls) == (5, 1)
        assert sum("just tried: its retrieve() raised Recov" in each for each in outcomes) == 4
        assert all("sealed. What to do: log in. No other" in each for each in outcomes)
    else:
        assert sorted(outcomes) == [f"KEY{number}" for number in range(1, 6)]
    assert broker.files() == []


def test_a_process_at_a_terminal_asks_after_one_without(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a person who was told that there is no terminal, because a daemon had none."""
    entered, gate, polled = threading.Event(), threading.Event(), threading.Semaphore(0)
    original = broker.retrieve

    def at_terminal() -> bool:
        return threading.current_thread() is person

    def retrieve() -> Value:
        entered.set()
        assert gate.wait(20)
        if not at_terminal():
            raise RecoverableError("There is no terminal.", hint="log in")
        return original()

    outcomes: dict[str, Any] = {}

    def work(name: str, shared: SharedCredentials) -> None:
        outcomes[name] = shared(is_first=True)

    asking = broker.shared(retrieve=retrieve)
    daemon = threading.Thread(target=work, args=["daemon", broker.shared(retrieve=retrieve)])
    person = threading.Thread(target=work, args=["person", asking])
    monkeypatch.setattr(_cache, "_is_at_terminal", at_terminal)
    monkeypatch.setattr(asking, "_read", _counted(asking._read, polled))
    daemon.start()
    assert entered.wait(20)
    person.start()
    for _ in range(3):  # it has begun to wait
        assert polled.acquire(timeout=20)
    gate.set()
    for thread in (daemon, person):
        thread.join(20)
    assert "no terminal" in outcomes["daemon"].message
    assert outcomes["person"][0].access_key == "KEY1"


def test_a_holder_that_hangs_while_a_value_is_good(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards one login for all: nobody takes over as long as the value lasts."""
    process = broker.process()
    process.key()
    broker.now += HOUR - 800
    monkeypatch.setattr(_cache, "_LONGEST_WAIT", 0.0)
    lock = broker.shared()._files.lock()
    lock.acquire()
    assert process.key() == "KEY1"
    assert broker.calls == 1
    broker.now += 800
    assert process.key() == "KEY2"
    lock.release()
    assert broker.process().key() == "KEY2"


def test_the_environments_identity_counts_where_it_may_be_exchanged(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards two users of a server who exchange keys of their own, in one home directory."""
    keys = []
    for name in ("ALICE", "BOB"):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
        keys.append(broker.process(identity=("dev", None, ())).key())
    assert keys == ["KEY1", "KEY2"]


def test_no_home(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a user that the system does not know: an error that says what to set."""
    install(KEYED)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", "~nobody-of-this-name/cache")
    with pytest.raises(PluginError, match=r"there is no such home directory\. Set AWS_CREDENTIAL"):
        key_of()


def test_a_place_that_differs_with_the_current_folder(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards keys that would lie in a repository, and be shared with nobody."""
    install(KEYED)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", "somewhere")
    with pytest.raises(
        PluginError, match=r"AWS_CREDENTIAL_PLUGIN_CACHE_DIR=somewhere is no absolute path"
    ):
        key_of()


def test_folders_on_the_way_are_private(broker: Broker) -> None:
    """Guards ~/.aws, where the program has a mask that hides nothing."""
    before = os.umask(0)
    try:
        broker.process().key()
    finally:
        os.umask(before)
    for folder in (broker.folder, broker.folder.parent, broker.folder.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_coroutine_function(broker: Broker) -> None:
    """Guards that the lock is held until it is done, and that its value is written."""
    locks: list[bool] = []

    async def retrieve() -> Value:
        locks.append(source_files.acquired(broker.shared()._files.lock()))
        return broker.retrieve()

    assert broker.process(retrieve=retrieve).key() == "KEY1"
    assert (locks, len(broker.files())) == ([False], 1)


def _open_to_others(broker: Broker) -> None:
    broker.folder.mkdir(parents=True)
    broker.folder.chmod(0o755)


def _with_other_files(broker: Broker) -> None:
    _open_to_others(broker)
    (broker.folder / "package.json").touch()


def _parent_of_a_group(broker: Broker) -> None:
    broker.folder.mkdir(parents=True, mode=0o700)
    broker.folder.parent.chmod(0o770)


def _for_all_users(broker: Broker) -> None:
    broker.folder.mkdir(parents=True)
    broker.folder.chmod(0o1777)


def _a_link(broker: Broker) -> None:
    target = broker.folder.parent / "target"
    target.mkdir(parents=True)
    target.chmod(0o700)
    broker.folder.symlink_to(target)


def _a_file(broker: Broker) -> None:
    broker.folder.parent.mkdir(parents=True)
    broker.folder.write_text("")


def _file_open_to_others(broker: Broker) -> None:
    broker.process().key()
    broker.files()[0].chmod(0o640)


def _file_is_a_link(broker: Broker) -> None:
    broker.process().key()
    (file,) = broker.files()
    file.rename(broker.folder / "target")
    file.symlink_to(broker.folder / "target")


def _file_is_a_folder(broker: Broker) -> None:
    broker.process().key()
    (file,) = broker.files()
    file.unlink()
    file.mkdir(mode=0o700)


REFUSED = {
    "folder open to others": (_open_to_others, "is open to other users (mode 755); chmod 700 it"),
    "folder for all users": (_for_all_users, "(mode 1777); choose a folder of your own"),
    "folder is a link": (_a_link, "is a symbolic link; choose a folder of your own"),
    "folder is a file": (_a_file, "is no folder; choose a folder of your own"),
    "folder with other files": (
        _with_other_files,
        "(mode 755) and has other files in it; choose a folder for the cache alone",
    ),
    "parent open to a group": (_parent_of_a_group, "(mode 770), who can replace what is in it"),
    "file open to others": (_file_open_to_others, "(mode 640); chmod 600 it"),
    "file is a link": (_file_is_a_link, "is a symbolic link; remove it"),
    "file is a folder": (_file_is_a_folder, "is no file; remove it"),
}


@pytest.mark.parametrize(("prepare", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_safe_is_refused(
    broker: Broker, caplog: pytest.LogCaptureFixture, prepare: Any, words: str
) -> None:
    """Guards against credentials that another user put there, or could read."""
    prepare(broker)
    calls, before = broker.calls, sorted(broker.folder.parent.rglob("*"))
    process = broker.process()
    assert process.key() == f"KEY{calls + 1}"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert words in record.getMessage()
    assert str(broker.folder) in record.getMessage()
    assert sorted(broker.folder.parent.rglob("*")) == before
    assert broker.process().key() == f"KEY{calls + 2}"


def test_what_belongs_to_somebody_else_is_refused(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a folder that another user has made first, in /tmp or /dev/shm."""
    broker.process().key()
    somebody = os.geteuid() + 1
    monkeypatch.setattr("os.geteuid", lambda: somebody)
    assert broker.process().key() == "KEY2"
    assert "belongs to another user" in caplog.text


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Guards that there are credentials all the same, and never half a file."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    process = broker.process()
    process.key()
    whole = broker.files()[0].read_bytes()
    monkeypatch.setattr(f"os.{call}", full)
    broker.now += HOUR - 800
    assert process.key() == "KEY2"
    assert "No space left on device" in caplog.text
    assert [path.suffix for path in broker.folder.iterdir() if path.suffix != ".lock"] == [".json"]
    assert broker.files()[0].read_bytes() == whole


@pytest.mark.parametrize(("other", "calls"), [("ALICE", 1), ("BOB", 2)])
def test_those_who_wait_for_the_first_that_uses_base_credentials(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, other: str, calls: int
) -> None:
    """Guards the processes that are in line when it comes out that base credentials count."""
    entered, gate, keys = threading.Event(), threading.Event(), []
    original = broker.retrieve

    def retrieve() -> Value:
        entered.set()
        assert gate.wait(20)
        for base in recorders():
            base.note(by_environment=True)
        return original()

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ALICE")
    first = threading.Thread(target=broker.process(retrieve=retrieve).key)
    first.start()
    assert entered.wait(20)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", other)
    waiting = broker.process(retrieve=retrieve)
    polled = threading.Semaphore(0)
    monkeypatch.setattr(waiting.shared, "_read", _counted(waiting.shared._read, polled))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ALICE")
    second = threading.Thread(target=lambda: keys.append(waiting.key()))
    second.start()
    for _ in range(3):
        assert polled.acquire(timeout=20)
    publish = CacheFiles.write

    def write(files: CacheFiles, *arguments: Any) -> None:
        publish(files, *arguments)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", other)  # its retrieval is over

    monkeypatch.setattr(CacheFiles, "write", write)
    gate.set()
    first.join(20)
    second.join(20)
    assert (keys, broker.calls) == ([f"KEY{calls}"], calls)
    assert len(broker.files()) == calls


def test_another_s_credentials_are_not_taken_while_the_exchange_fails(broker: Broker) -> None:
    """Guards what was written before it came out that base credentials count."""
    broker.process().key()
    broker.now += HOUR - 100  # it is due for a refresh

    def retrieve() -> Value:
        for base in recorders():
            base.note(by_environment=True)
        raise OSError("sealed")

    with pytest.raises(RetrieveError, match="sealed"):
        broker.process(retrieve=retrieve).key()


def test_a_mark_that_cannot_be_written(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards BOB: what ALICE's base credentials gave is not in the file that both would read."""
    write = CacheFiles.write

    def full(files: CacheFiles, name: str, document: Callable[[str], bytes], ending: str) -> None:
        if ending == MARK:
            raise OSError(28, "No space left on device")
        write(files, name, document, ending)

    def retrieve() -> Value:
        for base in recorders():
            base.note(by_environment=True)
        return broker.retrieve()

    monkeypatch.setattr(CacheFiles, "write", full)
    for number, person in enumerate(("ALICE", "BOB"), 1):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", person)
        assert broker.process(retrieve=retrieve).key() == f"KEY{number}"
    assert "No space left on device" in caplog.text


def test_a_holder_that_hangs(
    broker: Broker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that it is waited for no longer than the limit, and that a person is told."""
    monkeypatch.setattr(_cache, "_LONGEST_WAIT", 0.0)
    lock = broker.shared()._files.lock()
    lock.acquire()
    assert broker.process().key() == "KEY1"
    assert "another process has been retrieving" in caplog.text
    lock.release()


@pytest.mark.parametrize("method", ["acquire", "release"])
def test_a_lock_that_fails(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    """Guards good credentials against a file system whose locks do not work; it is said once."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no locks here")

    process = broker.process()
    monkeypatch.setattr(filelock.BaseFileLock, method, fail)
    assert [process.key() for _ in range(3)] == ["KEY1"] * 3
    broker.now += HOUR - 800
    assert process.key() == "KEY2"
    assert caplog.text.count("does not share its credentials between processes") == 1
    assert "no locks here" in caplog.text


def test_those_who_wait_read_what_comes(broker: Broker) -> None:
    """Guards that a process in line does not retrieve, once the first one has written."""
    lock = broker.shared()._files.lock()
    lock.acquire()
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(broker.process().key())) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    broker.shared()._retrieved(None, is_first=True)
    for thread in threads:
        thread.join(20)
    lock.release()
    assert (keys, broker.calls) == (["KEY1"] * 5, 1)


def test_clearing_meanwhile(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Guards that whoever clears the folder never costs anybody the credentials."""
    files = CacheFiles(broker.folder)
    keys: list[str] = []
    failures: list[OSError] = []
    barrier = threading.Barrier(5)

    def work() -> None:
        barrier.wait(20)
        keys.extend(broker.process().key() for _ in range(50))

    def clear() -> None:
        barrier.wait(20)
        for _ in range(200):
            try:
                for name in files.names():
                    files.remove(name)
                files.remove_leftovers()
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=each) for each in (work, work, work, work, clear)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(keys) == 200
    assert set(keys) <= {f"KEY{number}" for number in range(1, broker.calls + 1)}
    assert failures == []
    assert caplog.records == []


def test_no_secret_is_logged(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """Guards logs at every level, filelock's own as well."""
    caplog.set_level(logging.DEBUG)
    process = broker.process()
    process.key()
    process.reject("KEY1")
    process.key()
    assert CANARY not in caplog.text


KEYED = """
    from datetime import datetime, timedelta, timezone
    import plugincreds
    calls = []
    class get_provider:
        def retrieve(self):
            calls.append(1)
            expiry = datetime.now(timezone.utc) + timedelta(hours=1)
            return plugincreds.Value(f"KEY{len(calls)}", "secret", expiry_time=expiry)
        def is_expired(self): return False
        def cache_key(self): return "me"
"""


def key_of(profile: str | None = None) -> str:
    """Return the key of a session in a process that knows nothing yet."""
    plugincreds.reset()
    return str(botocore.session.Session(profile=profile).get_credentials().access_key)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the cache is told to be."""
    found = tmp_path / "elsewhere"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(found))
    return found


@pytest.mark.parametrize(
    ("variable", "line", "shared"),
    [
        ("", "", False),
        ("true", "", True),
        (" TRUE ", "false", True),
        ("false", "true", False),
        ("", "true", True),
        ("", "false", False),
    ],
)
def test_it_must_be_asked_for(
    install: Install,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    line: str,
    *,
    shared: bool,
) -> None:
    """Guards that nothing is written unasked, and that the variable has the last word."""
    install(KEYED)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", variable)
    (tmp_path / "config").write_text(f"[profile dev]\ncredential_plugin_cache = {line}\n")
    keys = [key_of("dev"), key_of("dev")]
    assert keys == (["KEY1", "KEY1"] if shared else ["KEY1", "KEY2"])
    assert folder.exists() is shared


def test_the_default_place(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that it is below ~/.aws."""
    install(KEYED)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    key_of()
    assert (tmp_path / "me/.aws/plugincreds/cache").is_dir()


@pytest.mark.usefixtures("folder")
def test_what_is_neither_true_nor_false(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that a typing error is not taken for either."""
    install(KEYED)
    (tmp_path / "config").write_text("[profile dev]\ncredential_plugin_cache = yes\n")
    with pytest.raises(
        PluginError, match="'dev' has credential_plugin_cache = 'yes', which is neither"
    ):
        key_of("dev")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "1")
    with pytest.raises(PluginError, match="AWS_CREDENTIAL_PLUGIN_CACHE=1, which is neither"):
        key_of()


def test_a_plugin_without_cache_key_is_not_shared(
    install: Install,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards two tenants of one user of the system, and tells why, once."""
    install(KEYED.replace("def cache_key", "def other"))
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    for _ in range(2):
        assert botocore.session.Session().get_credentials().access_key == "KEY1"
    assert not folder.exists()
    (record,) = caplog.records
    assert "has no cache_key(), so it is not known whose" in record.getMessage()


@pytest.mark.usefixtures("folder")
def test_the_extra_is_missing(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the message, and that nobody else signs."""
    install(KEYED)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(PluginError, match=r"pip install 'plugincreds\[cache\]'"):
        key_of()


def test_a_service_rejects_the_key_of_a_file(
    install: Install, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that the handler of botocore's events reaches the file."""
    install(KEYED)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    plugincreds.reset()
    session = botocore.session.Session()
    credentials = session.get_credentials()
    assert credentials.access_key == "KEY1"
    context = {"plugincreds_access_key": "KEY1"}
    session.get_component("event_emitter").emit(
        "response-received.s3.ListBuckets",
        parsed_response={"Error": {"Code": "ExpiredToken"}},
        context=context,
    )
    assert list(folder.glob("*.json")) == []
    assert credentials.access_key == "KEY2"


PROGRAM = """
import os, sys, time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from plugincreds import InstalledPlugin, Value
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._source import Source
folder, trace, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
def retrieve():
    with trace.open("a") as file: file.write("x")
    if mode == "hang":
        print("in", flush=True)
        time.sleep(60)
    expiry = datetime.now(timezone.utc) + timedelta(hours=1)
    return Value(f"KEY{os.getpid()}", "s", expiry_time=expiry)
functions = Functions(retrieve, lambda: False, "me", lambda: True)
plugin = InstalledPlugin("vault", "acme:get_provider", "acme-creds", "1.2")
print("ready", flush=True)
sys.stdin.readline()
source = Source(plugin, functions, (plugin, None), RefreshSettings(cache_folder=folder))
print(source.engine.get().access_key, flush=True)
"""


def start(broker: Broker, trace: Path, mode: str = "") -> subprocess.Popen[str]:
    """Start a process that waits for a line before it asks."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(broker.folder), str(trace), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_together(broker: Broker, tmp_path: Path) -> None:
    """Guards one retrieval for all of them, counted by what they ask."""
    trace = tmp_path / "trace"
    processes = [start(broker, trace) for _ in range(20)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    keys = set()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        keys.add(process.communicate(timeout=60)[0])
    assert (len(keys), trace.read_text()) == (1, "x")


def test_the_lock_dies_with_its_holder(broker: Broker, tmp_path: Path) -> None:
    """Guards the others when the process that retrieves is killed."""
    trace = tmp_path / "trace"
    holder = start(broker, trace, "hang")
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write("go\n")
    holder.stdin.flush()
    assert [holder.stdout.readline() for _ in range(2)] == ["ready\n", "in\n"]
    waiter = start(broker, trace)
    assert waiter.stdin is not None
    waiter.stdin.write("go\n")
    waiter.stdin.flush()
    holder.kill()
    holder.communicate()
    output = waiter.communicate(timeout=60)[0]
    assert output == f"ready\nKEY{waiter.pid}\n"
    assert trace.read_text() == "xx"
