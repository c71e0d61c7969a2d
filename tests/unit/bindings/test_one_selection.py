"""One load of a chain sees one selection, whatever other threads do meanwhile."""

import contextvars
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds_startup
from plugincreds import PluginError
from plugincreds._selection import environment, one_environment
from tests.unit.conftest import Install

LONGEST = 20.0
PLUGIN = "def get_provider(): return (lambda: ('{}', 'secret')), (lambda: False)"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"


@pytest.fixture(autouse=True)
def plugins(install: Install) -> None:
    """Install two; without a selection, the first by name answers."""
    install(PLUGIN.format("AUTO"), name="auto", distribution="auto")
    install(PLUGIN.format("VAULT"))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set keys in the environment: after a selected plugin, before an automatic one."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@contextmanager
def load_paused_at(session: Any, method: str) -> Iterator[Callable[[], Any]]:
    """Load in a thread until the chain comes to a provider; at last, let it go on.

    It yields a function that returns, or raises, the outcome. Without a method, the load pauses
    before botocore's own code runs.
    """
    reached, let_on, outcome = threading.Event(), threading.Event(), []
    upstream = botocore.credentials.CredentialResolver.load_credentials

    def pause(at: str) -> bool:
        if at == method and threading.current_thread() is thread:
            reached.set()
            assert let_on.wait(LONGEST)
        return True

    def load_credentials(resolver: Any) -> Any:
        pause("")
        return upstream(resolver)

    def load() -> None:
        try:
            outcome.append(session.get_credentials())
        except Exception as error:  # noqa: BLE001 - raised again in the test
            outcome.append(error)

    def result() -> Any:
        let_on.set()
        thread.join(LONGEST)
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def look(record: logging.LogRecord) -> bool:
        return pause(record.getMessage().rpartition(" ")[2])

    thread, logger = threading.Thread(target=load), logging.getLogger("botocore.credentials")
    with pytest.MonkeyPatch.context() as patch:
        logger.setLevel(logging.DEBUG)
        patch.setattr(botocore.credentials.CredentialResolver, "load_credentials", load_credentials)
        logger.addFilter(look)
        session.get_component("credential_provider")
        thread.start()
        try:
            assert reached.wait(LONGEST)
            yield result
        finally:
            let_on.set()
            thread.join(LONGEST)
            logger.removeFilter(look)
            logger.setLevel(logging.NOTSET)


def key_of(session: Any) -> str:
    """Return the access key of a chain's credentials; the session keeps nothing of this load."""
    found = session.get_component("credential_provider").load_credentials()
    return "NOBODY" if found is None else str(found.access_key)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("method", ["", "plugin"])
@pytest.mark.parametrize(
    ("one", "other", "other_key"),
    [("vault", "", "ENVKEY"), ("vault", "auto", "AUTO"), ("vault", "none", "ENVKEY")],
)
def test_two_threads_load_one_session(
    monkeypatch: pytest.MonkeyPatch, one: str, other: str, other_key: str, method: str
) -> None:
    """Guards both: an automatic plugin signed, though keys rank higher in each selection."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", one)
    session = botocore.session.Session()
    with load_paused_at(session, method) as result:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", other)
        assert key_of(session) == other_key
        assert result().access_key == "VAULT"
    assert key_of(session) == other_key


@pytest.mark.usefixtures("keys")
def test_a_plugin_is_selected_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the way back: the load that began without a selection finds the keys."""
    session = botocore.session.Session()
    with load_paused_at(session, "") as result:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
        assert key_of(session) == "VAULT"
        assert result().access_key == "ENVKEY"


@pytest.mark.parametrize("variable", ["vault", "none"])
def test_the_source_of_a_role_is_of_the_same_selection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """Guards `credential_source`: with the variable set, `vault` signs, and assumes no role."""
    (tmp_path / "config").write_text(f"[profile r]\n{ROLE}credential_source = CustomPlugin\n")
    monkeypatch.setenv("AWS_PROFILE", "r")
    session = botocore.session.Session()
    with load_paused_at(session, "assume-role") as result:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
        source = result()._refresh_using.__self__._source_credentials
    assert source.access_key == "AUTO"


def test_a_profile_s_own_plugin_is_of_the_same_selection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards `none`: it forbids what the profile asks for, until the load is over."""
    (tmp_path / "config").write_text("[profile p]\ncredential_plugin = auto\n")
    monkeypatch.setenv("AWS_PROFILE", "p")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    session = botocore.session.Session()
    with load_paused_at(session, "plugin") as result:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
        with pytest.raises(PluginError, match="switched off"):
            result()
    assert key_of(session) == "VAULT"


def test_a_thread_that_outlives_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards threads that inherit the context of a load: they see the environment as it is."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    with one_environment():
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "auto")
        copy = contextvars.copy_context()
        assert copy.run(environment)["AWS_CREDENTIAL_PLUGIN"] == "vault"
    assert copy.run(environment) is environment() is os.environ


class Theirs:
    """A provider of a program, which finds nothing."""

    METHOD = "theirs"
    CANONICAL_NAME = None

    def load(self) -> None:
        return None


@pytest.mark.parametrize("selected", ["", "vault"])
def test_what_a_program_changes_in_the_chain_stays(
    monkeypatch: pytest.MonkeyPatch, selected: str
) -> None:
    """Guards providers that it puts beside ours, and ours where it has been taken out."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selected)
    session = botocore.session.Session()
    chain = session.get_component("credential_provider")
    chain.insert_after("plugin", Theirs())
    chain.insert_before("plugin", Theirs())
    before = [provider.METHOD for provider in chain.providers]
    assert before.count("theirs") == 2
    for _ in range(2):
        assert key_of(session) == ("VAULT" if selected else "AUTO")
        assert [provider.METHOD for provider in chain.providers] == before
    chain.remove("plugin")
    assert key_of(session) == "NOBODY"
    assert chain.load_credentials() is None
    chain.providers = list(chain.providers)
    assert key_of(session) == "NOBODY"


def test_a_chain_of_another_class(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards programs that make the chain themselves, with a class of their own."""

    class Resolver(botocore.credentials.CredentialResolver):  # type: ignore[misc] # not typed
        def __init__(self, session: Any, chain: Any) -> None:
            super().__init__(chain.providers)
            self.session = session

        def load_credentials(self) -> Any:
            assert self.session is session
            return super().load_credentials()

    def create(session: Any) -> Any:
        return Resolver(session, original(session))

    original = botocore.credentials.create_credential_resolver.__wrapped__
    session = botocore.session.Session()
    chain = plugincreds_startup._wrapper(botocore.credentials, create)(session)
    assert type(chain) is Resolver
    for selected, key in (("", "AUTO"), ("vault", "VAULT")):
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selected)
        assert chain.load_credentials().access_key == key
    assert caplog.text == ""
