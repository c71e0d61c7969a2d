"""What the package logs, for docs/reference/errors.md, and how each of it comes about."""

import itertools
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session

import plugincreds
from plugincreds import RecoverableError, Value
from plugincreds._base_identity import digest
from plugincreds._bindings import loading as _retrieving
from plugincreds._plugins.metadata import LARGEST
from plugincreds._sharing import cache as _process_cache
from tests.support.engines import RefreshEngine, new_engine
from tests.unit.conftest import GROUP
from tests.unit.docs.room import (
    GOOD,
    SHARED,
    Case,
    Room,
    calling,
    half_removed,
    in_use,
    load,
    long_load,
    malformed,
    strange_botocore,
    two_packages,
    with_bad_package,
    with_profile,
    with_the_sdk,
    without_module,
)

EXPIRY = datetime(2030, 1, 31, 13, tzinfo=timezone.utc)
START = EXPIRY.timestamp() - 3600
SHARING = {"AWS_CREDENTIAL_PLUGIN": "acme", "AWS_CREDENTIAL_PLUGIN_CACHE": "true"}
MOODY = """
    import os
    from datetime import datetime, timedelta, timezone
    class get_provider:
        def retrieve(self):
            mood = os.environ.get("ACME_MOOD")
            if mood == "down": raise ConnectionError("the broker is down")
            if mood == "none": return None
            return {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret",
                    "Expiration": datetime.now(timezone.utc) + timedelta(minutes=5)}
        def is_expired(self): return False
        def cache_key(self): return "me"
"""


def engine(answers: list[object], moments: list[float], is_expired: Any = None) -> RefreshEngine:
    """Return a cache under a clock, whose plugin gives these answers in order."""
    given, clock = iter(answers), iter(moments)

    def retrieve() -> Any:
        answer = next(given)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return new_engine(
        retrieve,
        is_expired,
        label="The credential plugin 'acme' of acme-creds 1.2",
        clock=lambda: next(clock),
        uniform=lambda low, _: low,
    )


def value(key: str = "AKIDEXAMPLE") -> Value:
    """Return a value that lives one hour."""
    return Value(key, "secret", expiry_time=EXPIRY)


def failing_renewal(error: Exception) -> Callable[[Room], None]:
    """Return a function that renews ahead, and fails."""

    def renew(_: Room) -> None:
        later = START + 2700
        cache = engine([value(), error], [START] * 3 + [later] * 4)
        cache.get()
        cache.get()

    return renew


def rejected_key(_: Room) -> None:
    """Get the key again that a service has rejected."""
    cache = engine([value(), value()], [START] * 3 + [START + 60] * 4)
    cache.get()
    cache.invalidate("AKIDEXAMPLE")
    cache.get()


def expired_at_once(_: Room) -> None:
    """Ask a plugin that always says that its value is expired."""
    cache = engine([value(), value()], [START] * 9, lambda: True)
    cache.get()
    cache.get()


def slow_answer(room: Room) -> None:
    """Ask a plugin whose is_expired() takes a tenth of a second, by its clock."""
    ticks = itertools.count(0.0, 0.1)
    room.patch.setattr(time, "perf_counter", lambda: next(ticks))
    cache = engine([value()], [START] * 9, lambda: False)
    for _ in range(3):
        cache.get()


def long_wait(_: Room) -> None:
    """Say what is said after ten seconds."""
    engine([], []).reporter.warn_of_wait(RefreshEngine.patience)


def broken_ours(room: Room) -> None:
    """Load with a fault in our own code."""

    def broken(*_: object) -> None:
        raise KeyError("acme")

    room.patch.setattr(_retrieving, "automatic_source", broken)
    load_if_any(room)


def load_if_any(_: Room) -> None:
    """Load what may be none at all."""
    botocore.session.Session().get_credentials()


def quietly(call: Callable[[Room], object]) -> Callable[[Room], None]:
    """Return a call after which nobody has credentials to sign with."""

    def called(room: Room) -> None:
        with suppress(AttributeError):  # None has no get_frozen_credentials
            call(room)

    return called


def in_folder(prepare: Callable[[Path], object]) -> Callable[[Room], None]:
    """Return a call that loads when the cache's folder has been prepared."""

    def called(room: Room) -> None:
        prepare(room.folder / "cache")
        load(room)

    return called


def with_file(prepare: Callable[[Path], object]) -> Callable[[Room], None]:
    """Return a call that loads once more when the cache's file has been changed."""

    def called(room: Room) -> None:
        load(room)
        (file,) = (room.folder / "cache").glob("*.json")
        prepare(file)
        plugincreds.reset()
        load_if_any(room)

    return called


def older(file: Path) -> None:
    """Let an entry have been there for an hour, so that it is to be renewed."""
    document = json.loads(file.read_bytes())
    document["RetrievedAt"] -= 3600
    del document["Checksum"]
    document["Checksum"] = digest([file.stem, document])
    file.write_text(json.dumps(document))


def renewed(mood: str) -> Callable[[Room], None]:
    """Return a call in which another process has left a value that is to be renewed."""

    def called(room: Room) -> None:
        def change(file: Path) -> None:
            older(file)
            room.patch.setenv("ACME_MOOD", mood)

        with_file(change)(room)

    return called


def hanging_process(room: Room) -> None:
    """Wait for a process that never comes back, by a clock that runs fast."""
    minutes = iter(range(0, 6000, 61))
    clock = SimpleNamespace(monotonic=lambda: next(minutes), sleep=lambda _: None, time=time.time)
    room.patch.setattr(_process_cache, "time", clock)
    room.patch.setattr(_process_cache, "acquired", lambda _: False)
    load(room)


def slow_process(room: Room) -> None:
    """Wait for a process that comes back after a while, by a clock that runs fast."""
    moments, answers = iter(range(0, 6000, 11)), iter([False])
    clock = SimpleNamespace(monotonic=lambda: next(moments), sleep=lambda _: None, time=time.time)
    room.patch.setattr(_process_cache, "time", clock)
    room.patch.setattr(_process_cache, "acquired", lambda _: next(answers, True))
    load(room)


def of_another_user(room: Room) -> None:
    """Load when somebody else owns the cache's folder."""
    (room.folder / "cache").mkdir(mode=0o700)
    room.patch.setattr(os, "geteuid", lambda: 4_000_000)
    load(room)


def without_metadata(info: Path) -> None:
    """Put a folder where the metadata should be."""
    (info / "METADATA").unlink()
    (info / "METADATA").mkdir()


def linked(folder: Path) -> None:
    """Put a symbolic link where the folder should be."""
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)


def linked_file(file: Path) -> None:
    """Put a symbolic link where a file should be."""
    file.rename(file.with_suffix(".other"))
    file.symlink_to(file.with_suffix(".other"))


def open_folder(folder: Path) -> None:
    """Make a folder that others can read."""
    folder.mkdir()
    folder.chmod(0o755)


def common_folder(folder: Path) -> None:
    """Make a folder that is for all users, as /tmp is."""
    folder.mkdir()
    folder.chmod(0o1777)


def mixed_folder(folder: Path) -> None:
    """Make a folder that others can read, and that is not for the cache alone."""
    open_folder(folder)
    (folder / "package.json").touch()


def shared_parent(folder: Path) -> None:
    """Let a group write to the folder above."""
    folder.mkdir(mode=0o700)
    folder.parent.chmod(0o770)


def parent_of_another_user(room: Room) -> None:
    """Load when the folder above belongs to another user."""
    (room.folder / "cache").mkdir(mode=0o700)
    original, inode = os.stat, room.folder.stat().st_ino

    def changed(*arguments: Any, **options: Any) -> os.stat_result:
        found = original(*arguments, **options)
        owner = 4_000_000 if found.st_ino == inode else found.st_uid
        return os.stat_result((*found[:4], owner, *found[5:]))

    room.patch.setattr(os, "stat", changed)
    load(room)


def chain_alone(_: Room) -> None:
    """Build a chain, without asking it."""
    botocore.session.Session().get_component("credential_provider")


UNASKED: dict[str, Any] = {"variables": {}}
WARNINGS: dict[str, Case] = {
    "A broken plugin is skipped": Case(
        "raise RuntimeError('no display')", quietly(load), **UNASKED
    ),
    "A name that two packages declare is skipped": Case(call=quietly(two_packages), **UNASKED),
    "A reserved name is skipped": Case(
        call=quietly(load),
        entry={"entry_points": f"[{GROUP}]\nnone = acme_creds:get_provider\n"},
        **UNASKED,
    ),
    "A package cannot be read": Case(None, quietly(malformed), **UNASKED),
    "A package has no regular files": Case(
        None, quietly(with_bad_package("bad = bad:get", without_metadata)), **UNASKED
    ),
    "A package has too many entry points": Case(
        None, quietly(with_bad_package("#" * LARGEST)), **UNASKED
    ),
    "A package has too many plugins": Case(
        None,
        quietly(with_bad_package("\n".join(f"p{number} = bad:get" for number in range(1001)))),
        **UNASKED,
    ),
    "An unusable name": Case(
        call=quietly(load),
        entry={"entry_points": f"[{GROUP}]\nred\x1b[31m = acme_creds:get_provider\n"},
        **UNASKED,
    ),
    "A refresh failed": calling(failing_renewal(ConnectionError("the broker is down"))),
    "A refresh failed, and a person can help": calling(
        failing_renewal(RecoverableError("The login has expired.", hint="run acme login"))
    ),
    "A rejected key came back": calling(rejected_key),
    "A plugin takes long": calling(long_wait),
    "A plugin takes long to load": calling(long_load, GOOD),
    "`is_expired()` is slow": calling(slow_answer),
    "New credentials are reported as expired": calling(expired_at_once),
    "Options that have no effect": with_profile("credential_plugin_options =\n  role = admin"),
    "Options that no plugin uses": Case(
        "import plugincreds\n"
        "def get_provider(context): return plugincreds.Declined(\"the option 'role' is missing\")",
        load_if_any,
        config="[default]\ncredential_plugin_options =\n  rolle = admin\n",
        **UNASKED,
    ),
    "A plugin beside other credentials": with_profile("credential_process = acme-keys"),
    "A plugin beside a role": Case(
        call=chain_alone,
        config="[default]\ncredential_plugin = acme\n"
        "role_arn = arn:aws:iam::123456789012:role/a\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n",
        **UNASKED,
    ),
    "The AWS SDK for Python leaves out what comes first": Case(
        call=with_the_sdk,
        config="[default]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = base\n",
        **UNASKED,
    ),
    "This botocore is incompatible, and no plugin is selected": Case(
        call=quietly(strange_botocore), **UNASKED
    ),
    "A part of the package is missing, and no plugin is selected": Case(
        call=quietly(half_removed), **UNASKED
    ),
    "The package is damaged, and no plugin is selected": Case(
        call=in_use(quietly(without_module("plugincreds._bindings.loading")), is_in_use=False),
        **UNASKED,
    ),
    "A fault of plugincreds": Case(call=broken_ours, **UNASKED),
    "No `cache_key()`": Case(GOOD, variables=SHARING),
    "The cache's folder is open to others": Case(SHARED, in_folder(open_folder), variables=SHARING),
    "The cache's folder is for all users": Case(
        SHARED, in_folder(common_folder), variables=SHARING
    ),
    "The cache's folder has other files": Case(SHARED, in_folder(mixed_folder), variables=SHARING),
    "A group can write to a folder above the cache": Case(
        SHARED, in_folder(shared_parent), variables=SHARING
    ),
    "A folder above the cache belongs to another user": Case(
        SHARED, parent_of_another_user, variables=SHARING
    ),
    "The cache's folder belongs to another user": Case(SHARED, of_another_user, variables=SHARING),
    "The cache's folder is a link": Case(SHARED, in_folder(linked), variables=SHARING),
    "The cache's folder is a file": Case(SHARED, in_folder(Path.touch), variables=SHARING),
    "A file of the cache is a link": Case(SHARED, with_file(linked_file), variables=SHARING),
    "A file of the cache is open to others": Case(
        SHARED, with_file(lambda file: file.chmod(0o644)), variables=SHARING
    ),
    "Another process takes long": Case(SHARED, slow_process, variables=SHARING),
    "Another process hangs": Case(SHARED, hanging_process, variables=SHARING),
    "Another process's credentials are used": Case(MOODY, renewed("down"), variables=SHARING),
    "Another process's credentials are used after a decline": Case(
        MOODY, renewed("none"), variables=SHARING
    ),
}
