"""Whose base credentials a plugin exchanges decides whose credentials it gives, wherever it counts.

In all of these, `cache_key()` stays the same. What it returns says which server, and no more.
"""

import importlib
import json
import os
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds
from plugincreds import PluginProviderRetrieveError
from plugincreds._base_identity import BaseIdentity
from plugincreds._lifecycle.engine import RefreshEngine
from tests.support.interruptions import functions_of
from tests.unit.conftest import Install

LONGEST = 20.0
CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
# Exchanges the credentials of a base session for some with the same access key.
EXCHANGING = """
    import os, threading, plugincreds
    from datetime import datetime, timedelta, timezone
    from plugincreds import Value
    calls, before, reported = [], [], []
    def key_of(session):
        found = session.get_credentials()
        return "NOBODY" if found is None else found.access_key
    class get_provider:
        def __init__(self{parameter}): {begin}
        def retrieve(self):
            calls.append(1)
            for call in before: call()
            expiry = datetime.now(timezone.utc) + timedelta(hours=1)
            return Value({key}, "secret", expiry_time=expiry)
        def is_expired(self): return bool(reported)
        def cache_key(self): return "server"
"""


def exchanging(key: str, begin: str = "pass") -> str:
    """Return a plugin's source; its getter takes the context where the key needs it."""
    parameter = ", context" if "context" in key + begin else ""
    return EXCHANGING.format(parameter=parameter, begin=begin, key=key)


WAYS = {
    "base_session": exchanging("key_of(plugincreds.base_session())"),
    "context": exchanging("key_of(self.context.session)", "self.context = context"),
    "both": exchanging(
        "key_of(self.context.session) + key_of(plugincreds.base_session())",
        "self.context = context",
    ),
    "thread": exchanging(
        "self.found()",
        "self.context = context",
    )
    + """
        def found(self):
            out = []
            thread = threading.Thread(target=lambda: out.append(key_of(self.context.session)))
            thread.start(); thread.join()
            return out[0]
    """,
    "getter": exchanging("self.key", "self.key = key_of(context.session)"),
    "getter, base_session": exchanging(
        "key_of(self.session)", "self.session = plugincreds.base_session()"
    ),
    "opened in a thread": exchanging("key_of(self.opened())")
    + """
        def opened(self):
            out = []
            thread = threading.Thread(target=lambda: out.append(plugincreds.base_session()))
            thread.start(); thread.join()
            return out[0]
    """,
    "environment of its own": exchanging("self.found()").replace("cache_key", "unused")
    + """
        def found(self):
            profile = os.environ.pop("AWS_PROFILE", None)
            try: return key_of(plugincreds.base_session())
            finally:
                if profile: os.environ["AWS_PROFILE"] = profile
    """,
}
SHARED = [way for way in WAYS if way != "environment of its own"]


def who(*people: str) -> str:
    """Return what the file of credentials says for the profiles of these people."""
    lines = "[{0}]\naws_access_key_id = {1}\naws_secret_access_key = secret\n"
    return "".join(lines.format(person.lower(), person) for person in people)


class Base:
    """The base credentials that the environment leads to."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, patch
        for person in ("ALICE", "BOB"):
            (folder / person).write_text(who(person).replace(person.lower(), "default"))
        (folder / "no-credentials").write_text(who("ALICE", "BOB"))

    def set(self, kind: str, person: str) -> None:
        """Make a person's keys those that a base session finds."""
        if kind == "keys":
            self._patch.setenv("AWS_ACCESS_KEY_ID", person)
            self._patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        elif kind == "profile":
            self._patch.setenv("AWS_PROFILE", person.lower())
        elif kind == "container":
            self._patch.setenv(CONTAINER, f"http://127.0.0.1/{person}")
        elif kind == "file":
            self._patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(self._folder / person))
        else:
            self._patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "keys")
            folder = self._folder / f"folder-{person}"
            folder.mkdir(exist_ok=True)
            (folder / "keys").write_text((self._folder / person).read_text())
            self._patch.chdir(folder)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    """Select the plugin, so that it comes before the environment's keys."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.setattr(
        botocore.credentials.ContainerProvider,
        "_retrieve_or_fail",
        lambda self: botocore.credentials.Credentials(
            self._environ[CONTAINER].rpartition("/")[2], "secret", method=self.METHOD
        ),
    )
    return Base(tmp_path, monkeypatch)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let processes share; each `reset()` stands for a new one."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def credentials() -> Any:
    """Return the credentials of a new session."""
    return botocore.session.Session().get_credentials()


def person() -> str:
    """Return whose credentials a new session has."""
    found = str(credentials().access_key)
    return found[: len(found) // 2] if found in ("ALICEALICE", "BOBBOB") else found


def module() -> Any:
    """Return the plugin's module."""
    (plugin,) = plugincreds.installed_plugins()
    return importlib.import_module(plugin.value.split(":")[0])


KINDS = pytest.mark.parametrize("kind", ["keys", "profile", "file", "folder", "container"])


@KINDS
@pytest.mark.parametrize("way", WAYS)
def test_in_one_process(install: Install, base: Base, kind: str, way: str) -> None:
    """Guards both identities, and that each has one source: it is found again."""
    install(WAYS[way])
    if way == "environment of its own" and kind == "profile":
        pytest.skip("it does not look at this")
    for each in ("ALICE", "BOB", "ALICE", "BOB"):
        base.set(kind, each)
        assert person() == each
    assert len(module().calls) == 2


@KINDS
@pytest.mark.parametrize("way", SHARED)
@pytest.mark.parametrize("processes", ["one", "many"])
def test_shared_between_processes(
    install: Install, base: Base, folder: Path, kind: str, way: str, processes: str
) -> None:
    """Guards the same with the cache: each identity is retrieved once, by whichever process."""
    install(WAYS[way])
    for each in ("ALICE", "BOB", "ALICE", "BOB"):
        base.set(kind, each)
        assert person() == each
        if processes == "many":
            plugincreds.reset()
    plugincreds.reset()
    for each in ("ALICE", "BOB"):  # a process that only reads
        base.set(kind, each)
        assert person() == each
    assert len(module().calls) == 2
    assert len(list(folder.glob("*.json"))) == 2


def test_two_profiles_in_code(install: Install, base: Base) -> None:
    """Guards that keys in the environment do not count where botocore skips them."""
    install(WAYS["context"])
    for keys in ("CAROL", "DAVE"):
        base.set("keys", keys)
        for profile, own in (("alice", "ALICE"), ("bob", "BOB")):
            session = plugincreds.create_session("vault", profile_name=profile)
            assert session.get_credentials().access_key == own
    assert len(module().calls) == 2


@pytest.mark.parametrize("parameter", ["", ", context"])
def test_a_plugin_without_base_credentials_has_one_source(
    install: Install, base: Base, monkeypatch: pytest.MonkeyPatch, parameter: str
) -> None:
    """Guards one retrieval for 100 sessions in 20 regions, whatever else is in the environment."""
    install(EXCHANGING.format(parameter=parameter, begin="pass", key='"OWN"'))
    for number in range(100):
        base.set("keys", f"KEY{number}")
        if not parameter:
            base.set("profile", ("ALICE", "BOB")[number % 2])
            monkeypatch.setenv("AWS_DEFAULT_REGION", f"eu-central-{number % 20}")
        assert person() == "OWN"
    assert len(module().calls) == 1


@pytest.mark.usefixtures("folder")
def test_such_a_plugin_is_shared_by_all_without_a_context(install: Install, base: Base) -> None:
    """Guards the sharing of plugins that ask a person, for example."""
    install(exchanging('"OWN"'))
    for kind, each in [
        ("keys", "ALICE"),
        ("keys", "BOB"),
        ("profile", "BOB"),
        ("container", "BOB"),
    ]:
        base.set(kind, each)
        plugincreds.reset()
        assert person() == "OWN"
    assert len(module().calls) == 1


def answer() -> tuple[str, str]:
    """Return whose credentials a new session has, and what they come from; or the error."""
    try:
        found = credentials()
    except PluginProviderRetrieveError as error:
        return type(error).__name__, ""
    return str(found.access_key), found.method


FAILED = ("PluginProviderRetrieveError", "")
VAULT = "plugin:vault"


@pytest.mark.parametrize("way", ["base_session", "context"])
@pytest.mark.parametrize(
    ("selected", "outcome", "first"),
    [
        ("vault", "", ("ALICE", VAULT)),
        ("vault", "raise OSError", FAILED),
        ("vault", "return None", FAILED),
        ("", "", ("ALICE", VAULT)),
        ("", "raise OSError", FAILED),
        ("", "return None", ("BOB", "container-role")),
    ],
)
def test_a_load_that_waits_for_the_first_retrieval(
    install: Install,
    base: Base,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    selected: str,
    outcome: str,
    first: tuple[str, str],
) -> None:
    """Guards the time before it is known: it gets neither ALICE's credentials nor her failure."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selected)
    failing = f"if found == 'ALICE': {outcome or 'pass'}"
    key = WAYS[way].partition("Value(")[2].partition(', "secret"')[0]
    install(
        WAYS[way]
        .replace("expiry =", f"found = {key}; expiry =")
        .replace("            return Value(", f"            {failing}\n            return Value(")
        .replace(f"Value({key}", "Value(found")
    )
    reached, let_on = threading.Event(), threading.Event()
    answers: dict[str, tuple[str, str]] = {}

    def wait() -> None:
        reached.set()
        assert let_on.wait(LONGEST)

    def then_bob(*arguments: Any, **facts: Any) -> None:
        base.set("container", "BOB")  # ALICE's retrieval is over
        publish(*arguments, **facts)

    publish = RefreshEngine._publish
    monkeypatch.setattr(RefreshEngine, "_publish", then_bob)
    module().before.append(wait)
    threads = {
        each: threading.Thread(target=lambda each=each: answers.update({each: answer()}))
        for each in ("ALICE", "BOB")
    }
    for each, thread in threads.items():
        base.set("container", each)
        thread.start()
        assert reached.wait(LONGEST)
    while "_landed" not in functions_of(threads["BOB"]):
        assert threads["BOB"].is_alive()
    base.set("container", "ALICE")
    module().before.clear()
    let_on.set()
    for thread in threads.values():
        thread.join(LONGEST)
    assert answers == {"ALICE": first, "BOB": ("BOB", VAULT)}


@pytest.mark.parametrize("shared", ["", "true"])
def test_a_session_never_changes_its_base_identity(
    install: Install, base: Base, folder: Path, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    """Guards a refresh: another's credentials are neither used nor written, and it says why."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", shared)
    install(WAYS["base_session"])
    base.set("keys", "ALICE")
    alice = credentials()
    base.set("keys", "BOB")
    module().reported.append(1)
    with pytest.raises(PluginProviderRetrieveError, match="its base session reads has changed"):
        _ = alice.access_key
    module().reported.clear()
    assert person() == "BOB"
    for file in folder.glob("*.json"):
        assert (json.loads(file.read_text())["Credentials"]["AccessKeyId"]) in {"ALICE", "BOB"}
    assert len(list(folder.glob("*.json"))) == (2 if shared else 0)


def test_a_session_keeps_the_base_session_that_it_has(install: Install, base: Base) -> None:
    """Guards `context.session`: it is opened once, so a refresh uses ALICE's keys again."""
    install(WAYS["context"])
    base.set("keys", "ALICE")
    alice = credentials()
    base.set("keys", "BOB")
    module().reported.append(1)
    assert alice.access_key == "ALICE"
    assert len(module().calls) > 1


def test_the_environment_changes_during_a_retrieval(install: Install, base: Base) -> None:
    """Guards what comes of it: it cannot be known whose credentials these are."""
    install(WAYS["base_session"])
    base.set("keys", "ALICE")
    module().before.append(lambda: base.set("keys", "BOB"))
    with pytest.raises(PluginProviderRetrieveError, match="its base session reads has changed"):
        credentials()
    assert person() == "BOB"
    module().before.clear()
    base.set("keys", "ALICE")
    plugincreds.reset()
    assert person() == "ALICE"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("way", "first"), [("context", "BOB"), ("getter", "ALICE")])
def test_the_environment_changes_during_a_load(
    install: Install, base: Base, monkeypatch: pytest.MonkeyPatch, way: str, first: str
) -> None:
    """Guards later loads: the source that it makes never gives BOB's credentials to ALICE."""
    install(WAYS[way])
    base.set("keys", "BOB")
    assert person() == "BOB"
    plugincreds.reset()
    base.set("keys", "ALICE")

    def then_bob(*_: object) -> str:
        base.set("keys", "BOB")  # another thread does this, after the getter has been called
        return ""

    with monkeypatch.context() as patch:
        patch.setattr("plugincreds._sharing.not_shared", then_bob)
        assert person() == first
    for each in ("ALICE", "BOB"):
        base.set("keys", each)
        assert person() == each
    plugincreds.reset()
    for each in ("ALICE", "BOB"):
        base.set("keys", each)
        assert person() == each


NAME = "acme-creds 1.2"


@pytest.mark.parametrize("place", ["getter", "retrieve"])
def test_a_plugin_that_always_changes_the_environment(
    install: Install, base: Base, place: str
) -> None:
    """Guards that a load ends, with what the plugin gave or with an error, and asks it once."""
    change = "os.environ['AWS_ACCESS_KEY_ID'] = os.urandom(9).hex()"
    key = "key_of(plugincreds.base_session())"
    if place == "getter":
        install(exchanging("self.key", f"self.key = {key}; {change}"))
    else:
        install(exchanging(key).replace("return Value", f"found = {key}; {change}; return Value"))
    base.set("keys", "ALICE")
    if place == "getter":
        assert person() == "ALICE"
    else:
        with pytest.raises(PluginProviderRetrieveError, match="session reads has changed"):
            credentials()
    assert len(module().calls) == 1


def old_name(*facts: str | None) -> str:
    """Return the name that 1.0.0 gave to a file."""
    return sha256(json.dumps(["vault", NAME, "server", *facts]).encode()).hexdigest()


@pytest.mark.parametrize("way", ["base_session", "context"])
def test_a_file_of_1_0_0_is_replaced(
    install: Install, base: Base, folder: Path, tmp_path: Path, way: str
) -> None:
    """Guards an upgrade: without a checksum an entry is absent; both versions have one lock."""
    install(exchanging("'NEW'", "context" if way == "context" else "pass"))
    base.set("keys", "ALICE")
    files = [os.path.realpath(tmp_path / each) for each in ("config", "no-credentials")]
    received = ("default", "eu-central-1", (), False, *files)
    name = (
        old_name(repr(received), "ALICE", None, None, None, None)
        if way == "context"
        else old_name("None")
    )
    document = {
        "ProviderType": "plugin",
        "Credentials": {
            "AccessKeyId": "OLD",
            "SecretAccessKey": "secret",
            "Expiration": "2100-01-01T00:00:00+00:00",
        },
        "RetrievedAt": 0.0,
        "Plugin": "vault",
        "Distribution": NAME,
        "Profile": None,
    }
    folder.mkdir(mode=0o700)
    file = folder / f"{name}.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(document))
    assert [person(), person()] == ["NEW", "NEW"]
    assert len(module().calls) == 1
    assert list(folder.glob("*.json")) == [file]
    assert document.keys() <= json.loads(file.read_text()).keys()  # 1.0.0 reads no more than that


def test_no_key_is_kept(install: Install, base: Base, folder: Path) -> None:
    """Guards that only hashes are: neither the key's id nor the secret, in memory or in names."""
    base.set("keys", "ALICE")
    install(WAYS["both"])
    assert person() == "ALICE"
    identity = credentials().source.base
    assert isinstance(identity, BaseIdentity)
    assert "ALICE" not in str(vars(identity))
    assert "ALICE" not in str(list(folder.iterdir()))
    (mark,) = folder.glob("*.base")
    assert (mark.read_text(), mark.stat().st_mode & 0o777) == ("{}", 0o600)
