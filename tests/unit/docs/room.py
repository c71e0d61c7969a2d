"""How each error and each warning of the documentation comes about."""

import asyncio
import errno
import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import _bindings, _endpoint
from plugincreds._bindings import chain as _chain
from plugincreds._bindings import exporting as _exporting
from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._cli import export as _export
from plugincreds._cli.streams import Stdout
from plugincreds._endpoint.files import private_file
from plugincreds._endpoint.server import Endpoint
from plugincreds._endpoint.variables import check_not_inside
from plugincreds._lifecycle import processes, watch
from plugincreds._lifecycle.flights import Flight
from plugincreds._lifecycle.reports import Reporter
from plugincreds._plugins.discovery import discovered
from plugincreds._reentrancy import ActiveCall
from plugincreds._registry import registry
from plugincreds._sharing import cache as _process_cache
from plugincreds._sharing import source_files
from plugincreds._sharing.entries import Note
from plugincreds._sharing.files import NOTE
from tests.support.commands import formatted, parser
from tests.support.engines import new_engine
from tests.support.smithy import Config, SmithyError, install_double, new_chain
from tests.unit.conftest import GROUP, Install

GOOD = "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), (lambda: False)"
SHARED = """
    from datetime import datetime, timezone
    class get_provider:
        def retrieve(self):
            return {"AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": "secret",
                    "Expiration": datetime(2100, 1, 1, tzinfo=timezone.utc)}
        def is_expired(self): return False
        def cache_key(self): return "me"
"""
Call = Callable[["Room"], object]


@dataclass
class Room:
    """What a case may use: a folder, which the page calls /srv, and what undoes changes."""

    folder: Path
    patch: pytest.MonkeyPatch

    def file(self, source: str, name: str = "acme.py") -> Path:
        """Write a plugin that is not installed."""
        path = self.folder / name
        path.write_text(source)
        return path


def load(_: Room) -> None:
    """Do what a client does: load credentials, and sign twice."""
    credentials = botocore.session.Session().get_credentials()
    credentials.get_frozen_credentials()
    credentials.get_frozen_credentials()


@dataclass(frozen=True)
class Case:
    """How an error comes about.

    Attributes:
        source: That of the installed plugin `acme`; None if nothing is installed.
        call: What raises it.
        config: The configuration file.
        variables: The environment.
        entry: Arguments of `install`.
        kind: Its class, where that is none of ours.
    """

    source: str | None = GOOD
    call: Call = load
    config: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: {"AWS_CREDENTIAL_PLUGIN": "acme"})
    entry: Mapping[str, str] = field(default_factory=dict)
    kind: type[Exception] | None = None

    def told(self, room: Room, install: Install) -> BaseException | None:
        """Bring it about, and return what was raised."""
        self.prepare(room, install)
        try:
            self.call(room)
        except Exception as error:  # noqa: BLE001 - it is what is looked at
            return error
        return None

    def prepare(self, room: Room, install: Install) -> None:
        """Install the plugin, and set what it wants to be set."""
        if self.source is not None:
            install(self.source, name="acme", module="acme_creds", **self.entry)
        for name, value in self.variables.items():
            room.patch.setenv(name, value)
        (room.folder / "config").write_text(self.config)


def retrieving(body: str, **facts: Any) -> Case:
    """Return a case whose plugin's retrieve() has this body."""
    source = "import plugincreds\nfrom datetime import datetime, timezone\n"
    source += f"def retrieve():\n    {body}\n"
    return Case(f"{source}def get_provider(): return retrieve, lambda: False", **facts)


def returning(answer: str) -> Case:
    """Return a case whose plugin's retrieve() returns this."""
    return retrieving(f"return {answer}")


def getting(answer: str) -> Case:
    """Return a case whose plugin's getter returns this."""
    return Case(f"def retrieve(): ...\ndef get_provider(): return {answer}")


def calling(call: Call, source: str | None = None, **facts: Any) -> Case:
    """Return a case of a program that calls us, with nothing selected."""
    return Case(source, call, **{"variables": {}, **facts})


def with_profile(lines: str, source: str = GOOD, **facts: Any) -> Case:
    """Return a case of a profile that selects the plugin."""
    config = f"[default]\ncredential_plugin = acme\n{lines}\n"
    return Case(source, config=config, **{"variables": {}, **facts})


def two_packages(room: Room) -> None:
    """Install the plugin once more, in another package."""
    info = room.folder / "twin" / "acme_other-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-other\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nacme = acme_other:get_provider\n")
    room.patch.syspath_prepend(str(info.parent))
    load(room)


def too_slow(room: Room) -> None:
    """Load from a plugin that waits until this has failed."""
    try:
        load(room)
    finally:
        sys.modules["acme_creds"].GATE.set()


def changed_key(_: Room) -> None:
    """Load, and then let the plugin be somebody else's."""
    credentials = botocore.session.Session().get_credentials()
    vars(sys.modules["acme_creds"])["WHO"] = "you"
    credentials.get_frozen_credentials()


def changed_base(room: Room) -> None:
    """Load, and then let the base session find other keys."""
    room.patch.setenv("AWS_CREDENTIAL_PLUGIN", "acme")
    credentials = botocore.session.Session().get_credentials()
    room.patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    room.patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    credentials.get_frozen_credentials()


def in_chain(room: Room) -> None:
    """Load at the end of a chain of processes."""
    room.patch.setattr(processes, "_calls_above", lambda: 3)
    room.patch.setattr(processes, "_passed", 0)
    load(room)


def end_of_chain(room: Room) -> None:
    """Retrieve at the end of a chain of processes, in a forked child that has loaded the plugin."""
    credentials = plugincreds.new_credentials("acme")
    room.patch.setattr(processes, "_calls_above", lambda: 3)
    room.patch.setattr(processes, "_passed", 0)
    credentials.get_frozen_credentials()


def long_load(room: Room) -> None:
    """Load a plugin whose import takes long, until a warning is logged."""
    enough, warn = threading.Event(), Reporter.warn_of_loading
    room.patch.setattr(watch, "PATIENCE", 0.01)
    plugin = discovered().the_one("acme", "a test")

    def warned(reporter: Reporter, _: float) -> None:
        warn(reporter, 10.0)
        enough.set()

    room.patch.setattr(Reporter, "warn_of_loading", warned)
    registry().single_call(plugin, plugin, lambda: enough.wait(20))


def circle(_: Room) -> None:
    """Wait for one plugin in the call of another one, for which it waits."""
    engine = new_engine(tuple, label="The credential plugin 'acme' of acme-creds 1.2")
    outer, inner, flight = ActiveCall("another plugin"), ActiveCall("acme"), Flight()
    inner.waits_for.append(outer.in_progress)
    flight.call = inner
    engine.sync().flight = flight
    outer.begin()
    try:
        with engine.waiting():
            pass
    finally:
        outer.leave()


def given_back_to_boto3(room: Room) -> None:
    """Give create_session() a session that has signed already."""
    room.patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    room.patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    session = botocore.session.Session()
    session.get_credentials()
    plugincreds.create_session("acme", botocore_session=session)


def without_module(name: str, call: Call = load) -> Call:
    """Return a call in a process where a module cannot be imported."""

    def blocked(room: Room) -> None:
        package, _, attribute = name.rpartition(".")
        if package:  # it is an attribute of its package, if it has been imported
            room.patch.delattr(importlib.import_module(package), attribute, raising=False)
        room.patch.setitem(sys.modules, name, None)
        call(room)

    return blocked


def in_use(call: Call, *, is_in_use: bool = True) -> Call:
    """Return a call in a process that a plugin has given credentials, or has not."""

    def used(room: Room) -> None:
        room.patch.setattr(PluginProvider, "_has_answered", is_in_use)
        call(room)

    return used


def strange_botocore(room: Room) -> None:
    """Load with a botocore whose chain is not as ever."""

    def join(*_: object) -> None:
        raise AttributeError("'CredentialResolver' object has no attribute 'providers'")

    room.patch.setattr(_chain._ChainPosition, "join", join)
    load(room)


def half_removed(room: Room) -> None:
    """Load where a part of the package is missing."""
    room.patch.delattr(_bindings, "extend_resolver")
    load(room)


@contextmanager
def no_mark(_: object) -> Iterator[None]:
    """Mark nothing."""
    yield


def with_the_sdk(room: Room, config: Config | None = None) -> None:
    """Sign with the AWS SDK for Python, which has been given a configuration or reads its own."""

    async def sign() -> None:
        await (await new_chain(config=config)).get_identity()

    install_double(room.patch)
    try:
        asyncio.run(sign())
    except SmithyError as error:
        raise error.__cause__ or error from None


def with_other_files(room: Room) -> None:
    """Sign with the SDK, which has been given another file than botocore reads."""
    text = "[default]\ncredential_plugin = acme\ncredential_plugin_options =\n  role = reader\n"
    with_the_sdk(room, Config(text))


def export(_: Room) -> None:
    """Run the heart of `plugincreds export`."""
    _exporting.exported_value(None, None, no_mark)


def export_in_export(_: Room) -> None:
    """Export a plugin while it is being exported."""
    with ExitStack() as stack:
        for _unused in range(2):
            stack.enter_context(_export.marked(["acme"]))


def endpoint_in_endpoint(room: Room) -> None:
    """Run the beginning of `plugincreds exec` below `plugincreds exec`."""
    url = f"http://{_endpoint.HOST}:4711{_endpoint.PATH}"
    room.patch.setenv(_endpoint.URI_VARIABLE, url)
    check_not_inside(os.environ, "plugincreds exec")


def port_in_use(_: Room) -> None:
    """Open an endpoint at the port of another program."""
    with socket.create_server((_endpoint.HOST, 0)) as other:
        Endpoint(other.getsockname()[1])


def no_folder(room: Room) -> None:
    """Write the variables where they cannot be written."""
    with private_file(room.folder / "missing" / "acme.env", "text"):
        pass


def exec_on_windows(room: Room) -> None:
    """Run `plugincreds exec` on a system without fork."""
    room.patch.delattr(os, "fork")
    arguments = parser().parse_args(["exec", "acme"])
    arguments.command = ["true"]
    arguments.run(arguments)


def for_cmd(_: Room) -> None:
    """Format what cmd.exe cannot quote."""
    formatted("windows-cmd", plugincreds.Value("AKIDEXAMPLE", "100%"))


def closed_stdout(room: Room) -> None:
    """Run the command without stdout."""
    room.patch.setattr(sys, "stdout", None)
    Stdout().take()


def full_stdout(room: Room) -> None:
    """Print to a device that is full."""

    def write(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    stdout = Stdout()
    stdout._descriptor = 1
    room.patch.setattr(os, "write", write)
    stdout.write("{}")


def just_failed(room: Room) -> None:
    """Wait for another process, which fails."""
    acquired, calls = source_files.acquired, iter([False])

    def slow(lock: Any) -> bool:
        if next(calls, True):
            return acquired(lock)
        (folder,) = {Path(lock.lock_file).parent}
        name = Path(lock.lock_file).stem
        note = Note("its retrieve() raised ValueError: the broker is down").document(4e9, name)
        (folder / f"{name}{NOTE}").write_bytes(note)
        (folder / f"{name}{NOTE}").chmod(0o600)
        return False

    room.patch.setattr(_process_cache, "acquired", slow)
    load(room)


def no_home(room: Room) -> None:
    """Load where a home directory does not exist."""
    room.patch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", "~no-such-user/cache")
    load(room)


def with_bad_package(entry_points: str, change: Callable[[Path], object] = bool) -> Call:
    """Return a call that loads beside a package with these entry points, changed like this."""

    def called(room: Room) -> None:
        info = room.folder / "bad" / "bad_creds-3.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-creds\nVersion: 3.0\n")
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entry_points}\n")
        change(info)
        room.patch.syspath_prepend(str(info.parent))
        load(room)

    return called


malformed = with_bad_package("no equals sign")
