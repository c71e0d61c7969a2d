"""The plugin over time: a tool rewrites the file, in one step or in several."""

from __future__ import annotations

import logging
import os
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import plugincreds
import pytest
from plugincreds import CredentialsCache, RecoverableError, Value
from tests.support.credentials_files import START, Clock, CredentialsFile, NewPlugin, section

from plugincreds_shared_file._section import read_section, version_of


def at(seconds: float) -> str:
    """Return a time so many seconds after the clock's start, as saml2aws writes it."""
    return datetime.fromtimestamp(START + seconds, timezone.utc).isoformat()


def number(value: Value) -> int:
    """Return the number of the section that credentials are of; they are of no two sections."""
    parts = {value.access_key[-5:], value.secret_key[-5:], str(value.token)[-5:]}
    assert len(parts) == 1
    return int(parts.pop())


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the list of the files that are read from now on."""
    found: list[Path] = []

    def counted(file: Path, *arguments: Any) -> Any:
        found.append(file)
        return read_section(file, *arguments)

    monkeypatch.setattr("plugincreds_shared_file._plugin.read_section", counted)
    return found


def test_the_profile_is_the_section(file: CredentialsFile, new_plugin: NewPlugin) -> None:
    """Guards the default, and that no other section is used for one that is missing."""
    file.write(section(1, "default") + section(2, "work", x_security_token_expires=at(3600)))
    value = new_plugin("work").retrieve()
    assert number(value) == 2
    assert value.expiry_time == datetime.fromtimestamp(START + 3600, timezone.utc)
    assert number(new_plugin("default").retrieve()) == 1
    with pytest.raises(RecoverableError, match=r"credentials, section \[other\]: the file has no"):
        new_plugin("other").retrieve()


@pytest.mark.parametrize("options", [{}, {"file": "~/.aws/credentials"}, {"file": "$HERE"}])
def test_the_file_stays_the_same(
    file: CredentialsFile,
    new_plugin: NewPlugin,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    clock: Clock,
    options: dict[str, str],
) -> None:
    """Guards the identity: a program may change its environment while its clients sign."""
    monkeypatch.setenv("HERE", str(file.path))
    file.write(section(1))
    plugin = new_plugin("work", **options)
    assert number(plugin.retrieve()) == 1
    other = tmp_path / "other" / ".aws" / "credentials"
    other.parent.mkdir(parents=True)
    CredentialsFile(other, clock).write(section(2))
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    monkeypatch.setenv("HERE", str(other))
    assert number(plugin.retrieve()) == 1
    clock.now += 2
    assert plugin.is_expired() is False
    file.write(section(3))
    clock.now += 2
    assert plugin.is_expired() is True
    assert number(plugin.retrieve()) == 3
    clock.now += 2
    assert plugin.is_expired() is False


def test_a_file_that_is_replaced(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, reads: list[Path]
) -> None:
    """Guards the purpose: a change is reported, but not before it has settled, and once."""
    file.write(section(1))
    plugin = new_plugin()
    assert number(plugin.retrieve()) == 1
    assert not plugin.is_expired()
    file.replace(section(2), age=0)
    answers = []
    for _ in range(4):
        clock.now += 1
        answers.append(plugin.is_expired())
    assert answers == [False, True, True, True]
    assert clock.slept == 0
    assert number(plugin.retrieve()) == 2
    clock.now += 1
    reads.clear()
    assert [plugin.is_expired() for _ in range(3)] == [False] * 3
    assert reads == []


def test_the_file_is_looked_at_once_a_second(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the cost of a request: no system call for most, one for the others."""
    file.write(section(1))
    plugin = new_plugin()
    plugin.retrieve()
    looks = []

    def counted(path: Path) -> Any:
        looks.append(path)
        return version_of(path)

    monkeypatch.setattr("plugincreds_shared_file._plugin.version_of", counted)
    for _ in range(100):
        clock.now += 0.1
        assert not plugin.is_expired()
    assert 9 <= len(looks) <= 11


def test_a_change_of_another_section_is_no_change(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, reads: list[Path]
) -> None:
    """Guards programs against a refresh for each login of another profile."""
    file.write(section(1) + section(2, "other"))
    plugin = new_plugin()
    plugin.retrieve()
    file.write(section(1) + section(3, "other"))
    reads.clear()
    for _ in range(5):
        clock.now += 1
        assert not plugin.is_expired()
    assert len(reads) == 1


@pytest.mark.parametrize("pause", [0.0, 60.0])
def test_a_file_that_is_written_piece_by_piece(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, pause: float
) -> None:
    """Guards against a half-written file: after each byte, a program signs with old or new keys."""
    old = section(1, x_security_token_expires=at(36_000))
    new = section(2, x_security_token_expires=at(72_000))
    file.write(old)
    plugin = new_plugin()
    cache = CredentialsCache(plugin.retrieve, plugin.is_expired, clock=clock.time)
    assert number(cache.get()) == 1
    seen = set()
    for length in range(len(new) + 1):
        file.write(new[:length], age=pause)
        for _ in range(2):
            clock.now += 0.7
            seen.add(number(cache.get()))
    assert seen == ({1, 2} if pause else {1})
    clock.now += 1.0
    value = cache.get()
    assert number(value) == 2
    assert value.expiry_time == datetime.fromtimestamp(START + 72_000, timezone.utc)


@pytest.mark.parametrize("key", ["aws_secret_access_key", "aws_session_token"])
def test_a_file_that_is_written_key_by_key(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, key: str
) -> None:
    """Guards `aws configure set`, key by key, with pauses that are longer than the settling."""
    lines = {name: dict(_items(section(name))) for name in (1, 2)}
    file.write(section(1))
    plugin = new_plugin()
    assert number(plugin.retrieve()) == 1
    order = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]
    for count in range(1, order.index(key) + 1):
        done = {name: lines[2][name] for name in order[:count]}
        file.write(section(1, **done), age=100 + count)
        clock.now += 100
        assert not plugin.is_expired()
        with pytest.raises(RecoverableError, match="so it is only partly written"):
            plugin.retrieve()
    file.write(section(2))
    clock.now += 1
    assert plugin.is_expired()
    assert number(plugin.retrieve()) == 2


def _items(text: str) -> list[tuple[str, str]]:
    return [(key, text) for key, _, text in (line.partition(" = ") for line in text.splitlines())]


def test_a_writer_that_has_died(file: CredentialsFile, new_plugin: NewPlugin, clock: Clock) -> None:
    """Guards against a file whose last line is cut off for ever."""
    file.write(section(1))
    plugin = new_plugin()
    plugin.retrieve()
    file.write(section(2)[:-9])
    clock.now += 1
    assert not plugin.is_expired()
    with pytest.raises(RecoverableError, match="no longer ends with a line end"):
        plugin.retrieve()


def test_a_new_program_waits_for_the_writer(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards `saml2aws login && program`, while the file is still being written."""
    text = section(1)
    file.write(text[:40], age=0)

    def write_more() -> None:
        if clock.slept < 1.05:
            file.write(text if clock.slept > 0.95 else text[:80], age=0)

    clock.on_sleep = write_more
    assert number(new_plugin().retrieve()) == 1
    assert 2.9 < clock.slept < 3.2


def test_a_file_that_never_settles(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards the end of that wait, and a file in which only other sections change."""
    numbers = iter(range(1000))
    clock.on_sleep = lambda: file.write(section(next(numbers)), age=0)
    file.write(section(1), age=0)
    with pytest.raises(RecoverableError, match="the file has been changing for 10 s"):
        new_plugin().retrieve()
    assert clock.slept == pytest.approx(10, abs=0.2)
    clock.slept = 0
    clock.on_sleep = lambda: file.write(section(7) + section(next(numbers), "other"), age=0)
    assert number(new_plugin().retrieve()) == 7
    assert clock.slept == pytest.approx(2, abs=0.3)


def test_a_file_that_changes_while_it_is_read(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a program that starts in that moment: it reads the file again."""
    file.write(section(1))
    fstat = os.fstat

    def changing(descriptor: int) -> os.stat_result:
        status = fstat(descriptor)
        if clock.slept < 0.15:
            file.touch(clock.slept)
        return status

    monkeypatch.setattr(os, "fstat", changing)
    assert number(new_plugin().retrieve()) == 1
    assert 0 < clock.slept < 2.5


def test_the_clock_of_another_machine(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards a file on a network, whose times are in the future here."""
    file.write(section(1), age=-3600)
    plugin = new_plugin()
    assert number(plugin.retrieve()) == 1
    assert clock.slept == pytest.approx(2, abs=0.2)
    file.write(section(2), age=-3600)
    answers = []
    for _ in range(3):
        clock.now += 1
        answers.append(plugin.is_expired())
    assert answers == [False, False, True]
    clock.slept = 0
    assert number(plugin.retrieve()) == 2
    assert clock.slept == 0


def test_the_next_change_begins_before_a_reported_one_is_used(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards all threads of a program, which wait for a refresh after a report."""
    file.write(section(1))
    plugin = new_plugin()
    plugin.retrieve()
    file.write(section(2))
    clock.now += 1
    assert plugin.is_expired()
    file.write("", age=0)
    assert number(plugin.retrieve()) == 2
    assert clock.slept == 0
    # But a report that is old is not used: there may have been a logout meanwhile.
    file.write(section(3))
    clock.now += 1
    assert plugin.is_expired()
    file.write("[other]\n")
    clock.now += 2
    with pytest.raises(RecoverableError, match="the file has no such section"):
        plugin.retrieve()


@pytest.mark.parametrize("is_new", [True, False])
def test_an_empty_file_with_an_old_time(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, *, is_new: bool
) -> None:
    """Guards the moment in which a file is emptied, and its time is not yet set."""
    plugin = new_plugin()
    if not is_new:
        file.write(section(1))
        plugin.retrieve()
    file.write("")
    clock.on_sleep = lambda: file.write(section(2), age=0) if clock.slept < 0.15 else None
    assert number(plugin.retrieve()) == 2


def test_a_file_that_is_removed_before_it_is_written(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards a refresh in that moment; where there were no credentials, it does not wait."""
    with pytest.raises(RecoverableError, match="the file does not exist"):
        new_plugin().retrieve()
    assert clock.slept == 0
    file.write(section(1))
    plugin = new_plugin()
    plugin.retrieve()
    file.path.unlink()
    clock.on_sleep = lambda: None if file.path.exists() else file.write(section(2), age=0)
    assert number(plugin.retrieve()) == 2


@pytest.mark.parametrize("fault", ["gone", "empty", "section gone", "expired", "garbage"])
def test_a_change_to_something_unusable_is_not_reported(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock, fault: str, reads: list[Path]
) -> None:
    """Guards credentials that are still valid: a report would end their use."""
    file.write(section(1, x_security_token_expires=at(3600)))
    plugin = new_plugin()
    plugin.retrieve()
    reads.clear()
    if fault == "gone":
        file.path.unlink()
    else:
        expired = section(2, x_security_token_expires=at(-1))
        texts = {"empty": "", "section gone": section(2, "other"), "garbage": "garbage"}
        file.write({**texts, "expired": expired}[fault], age=0)
    for _ in range(10):
        clock.now += 1
        assert not plugin.is_expired()
    assert len(reads) <= 3
    with pytest.raises(RecoverableError):
        plugin.retrieve()


def test_a_person_is_told_before_and_after_the_expiry(
    file: CredentialsFile,
    new_plugin: NewPlugin,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards the hint: in the warnings while the credentials are used, and in the error after."""
    file.write(section(1, x_security_token_expires=at(3600)))
    plugin = new_plugin(hint="run saml2aws login")
    cache = CredentialsCache(plugin.retrieve, plugin.is_expired, clock=clock.time)
    cache.get()
    clock.now += 3000
    assert number(cache.get()) == 1
    (record,) = (each for each in caplog.records if each.levelno == logging.WARNING)
    assert "section [work]: still has the same credentials" in record.getMessage()
    assert "What to do: run saml2aws login." in record.getMessage()
    clock.now += 600
    with pytest.raises(plugincreds.PluginProviderRetrieveError) as caught:
        cache.get()
    assert "its credentials expired at 2030-03-17 18:46:40 UTC" in str(caught.value)
    assert caught.value.hint == "run saml2aws login"
    file.write(section(2, x_security_token_expires=at(7200)))
    clock.now += 5
    assert number(cache.get()) == 2


def test_credentials_without_an_expiry(
    file: CredentialsFile,
    new_plugin: NewPlugin,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Guards tools that write no expiry: a rejection asks for the person, a change ends that."""
    file.write(section(1))
    plugin = new_plugin()
    cache = CredentialsCache(plugin.retrieve, plugin.is_expired, clock=clock.time)
    cache.invalidate(cache.get().access_key)
    clock.now += 3600
    cache.invalidate(cache.get().access_key)
    assert "log in again with the tool that writes this file" in caplog.text
    file.write(section(2), age=30)
    clock.now += 1
    assert number(cache.get()) == 2


def test_only_the_expiry_changes(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards a tool that writes the expiry in a step of its own, after the keys."""
    file.write(section(1))
    plugin = new_plugin()
    assert plugin.retrieve().expiry_time is None
    file.write(section(1, x_security_token_expires=at(3600)))
    clock.now += 1
    assert plugin.is_expired()
    assert plugin.retrieve().expiry_time is not None


def test_the_default_file_is_that_of_the_session(
    home: Path, new_plugin: NewPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the variable, also an empty one: then the file in the home folder is not meant."""
    (home / ".aws" / "credentials").write_text(section(1))
    other = home / "other"
    other.write_text(section(2))
    for path in (home / ".aws" / "credentials", other):
        os.utime(path, (1e9, 1e9))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(other))
    assert number(new_plugin().retrieve()) == 2
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "")
    with pytest.raises(RecoverableError):
        new_plugin().retrieve()


def test_another_file_and_section(home: Path, new_plugin: NewPlugin) -> None:
    """Guards the options, a path in the home folder, and a symbolic link that is moved."""
    for name in ("first", "second"):
        (home / name).write_text(section(1 if name == "first" else 2, "saml"))
        os.utime(home / name, (1e9, 1e9))
    link = home / "link"
    link.symlink_to(home / "first")
    plugin = new_plugin(file="~/link", section="saml")
    assert number(plugin.retrieve()) == 1
    link.unlink()
    link.symlink_to(home / "second")
    assert number(plugin.retrieve()) == 2


def test_many_threads_ask_at_once(
    file: CredentialsFile, new_plugin: NewPlugin, clock: Clock
) -> None:
    """Guards the state that threads share: all end up with the new credentials."""
    file.write(section(1))
    plugin = new_plugin()
    cache = CredentialsCache(plugin.retrieve, plugin.is_expired, clock=clock.time)
    cache.get()
    file.write(section(2))
    clock.now += 1
    barrier, seen = threading.Barrier(16), []

    def ask() -> None:
        barrier.wait()
        seen.append(number(cache.get()))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) <= {1, 2}
    assert number(cache.get()) == 2
