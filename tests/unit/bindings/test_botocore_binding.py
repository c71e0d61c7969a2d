"""Where the provider stands in botocore's chain, and what botocore signs with."""

import copy
import gc
import importlib
import inspect
import logging
import pickle
import threading
import weakref
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds
import plugincreds_startup
from plugincreds import PluginError, PluginNotFoundError, PluginProviderRetrieveError
from plugincreds._bindings import extend_resolver, loading
from tests.support.discovery import replace_discover
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret', 'token')), (lambda: False)"


def methods(session: Any) -> list[str]:
    """Return the short names of a session's chain, in order."""
    return [provider.METHOD for provider in session.get_component("credential_provider").providers]


def test_upstream_is_as_we_know_it() -> None:
    """The few upstream callables that we rely on: drift must fail here first."""
    original = botocore.credentials.create_credential_resolver.__wrapped__
    assert list(inspect.signature(original).parameters)[:3] == ["session", "cache", "region_name"]
    resolver = inspect.signature(botocore.credentials.CredentialResolver)
    assert list(resolver.parameters) == ["providers"]
    fields = botocore.credentials.ReadOnlyCredentials._fields
    assert fields[:3] == ("access_key", "secret_key", "token")
    assert set(fields) <= {"access_key", "secret_key", "token", "account_id"}
    needed = inspect.signature(botocore.credentials.RefreshableCredentials.refresh_needed)
    assert list(needed.parameters) == ["self", "refresh_in"]
    session = inspect.signature(botocore.session.Session.set_config_variable)
    assert list(session.parameters) == ["self", "logical_name", "value"]
    builder = botocore.credentials.ProfileProviderBuilder
    providers = inspect.signature(builder.providers.__wrapped__)
    assert list(providers.parameters) == ["self", "profile_name", "disable_env_vars"]
    session = botocore.session.Session()
    assert builder(session)._session is session
    chain = session.get_component("credential_provider")
    sourcer = chain.get_provider("assume-role")._credential_sourcer
    assert [source.CANONICAL_NAME for source in sourcer._providers][-1] == "CustomPlugin"


def test_nobody_asks_for_a_plugin() -> None:
    """Just before the machine's own identity, after everything that a person configures."""
    chain = methods(botocore.session.Session())
    assert chain.count("plugin") == 1
    assert chain[-3:] == ["plugin", "container-role", "iam-role"]


def test_the_variable_asks_for_a_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """First in the chain, before the environment's keys."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    chain = methods(botocore.session.Session())
    assert chain[:2] == ["plugin", "env"]
    assert chain.count("plugin") == 1


def test_a_profile_in_code_decides_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore has removed `env` then, and the variable is skipped for the same reason."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    chain = methods(botocore.session.Session(profile="dev"))
    assert "env" not in chain
    assert chain[-3:] == ["plugin", "container-role", "iam-role"]


@pytest.mark.parametrize("profile", [None, "dev"])
def test_switched_off(monkeypatch: pytest.MonkeyPatch, profile: str | None) -> None:
    """The chain is botocore's own, also with a profile in code."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    assert "plugin" not in methods(botocore.session.Session(profile=profile))


@pytest.mark.parametrize("missing", [["container-role"], ["container-role", "iam-role"]])
def test_the_place_is_found_in_a_chain_that_differs(missing: list[str]) -> None:
    """Upstream and programs change the chain; the plugin still comes after what is configured."""
    session = botocore.session.Session()
    resolver = botocore.credentials.create_credential_resolver.__wrapped__(session)
    for method in missing:
        resolver.remove(method)
    before = [provider.METHOD for provider in resolver.providers]
    extend_resolver(botocore.credentials, resolver, session)
    after = [provider.METHOD for provider in resolver.providers]
    assert after.index("plugin") == len(after) - 1 - after.count("iam-role")
    after.remove("plugin")
    assert after == before


@pytest.mark.parametrize("variable", ["", "vault", "none"])
def test_the_provider_is_never_inserted_twice(
    install: Install, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Somebody else's wrapper may call ours, and then its own caller's."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    session = botocore.session.Session()
    resolver = session.get_component("credential_provider")
    extend_resolver(botocore.credentials, resolver, session)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert session.get_credentials().access_key == "AKIA"
    assert methods(session).count("plugin") == 1


def test_somebody_elses_provider_may_have_the_same_name(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The selected plugin signs all the same."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    session = botocore.session.Session()
    resolver = botocore.credentials.create_credential_resolver.__wrapped__(session)
    resolver.providers.append(type("Theirs", (), {"METHOD": "plugin", "load": lambda _: None})())
    extend_resolver(botocore.credentials, resolver, session)
    assert resolver.load_credentials().access_key == "AKIA"


def test_threads_that_make_sessions_at_once() -> None:
    """Each session has its own chain with one provider."""
    barrier, chains = threading.Barrier(16), []

    def make() -> None:
        barrier.wait()
        chains.append(methods(botocore.session.Session()))

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [chain.count("plugin") for chain in chains] == [1] * 16


def test_a_chain_that_is_not_as_expected(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Left alone where nobody selects a plugin; an error where somebody does."""
    session, resolver = botocore.session.Session(), object()
    create = plugincreds_startup._wrapper(botocore.credentials, lambda _: resolver)
    assert create(session) is resolver
    assert "Credential plugins are not used" in caplog.text
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    with pytest.raises(PluginError, match=r"AWS_CREDENTIAL_PLUGIN selects .* 'vault', but "):
        create(session)


@pytest.mark.parametrize("session", [None, object()])
def test_a_session_that_is_not_as_expected(
    monkeypatch: pytest.MonkeyPatch, session: object
) -> None:
    """Upstream may pass it in another way one day."""
    resolver = object()
    create = plugincreds_startup._wrapper(botocore.credentials, lambda _: resolver)
    assert create(session) is resolver
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    with pytest.raises(PluginError, match="is not compatible with this botocore"):
        create(session)


def test_a_fault_of_ours_leaves_botocore_as_it_was(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody has asked for a plugin, so a program must not suffer from one."""

    def discover() -> None:
        raise ZeroDivisionError

    replace_discover(monkeypatch, discover)
    assert botocore.session.Session().get_credentials() is None
    assert "Credential plugins are not used: ZeroDivisionError" in caplog.text
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    with pytest.raises(ZeroDivisionError):
        botocore.session.Session().get_credentials()


def test_a_fault_of_ours_never_replaces_an_identity(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards upgrades in a running program: modules of two versions may raise anything."""
    install("get_provider = lambda: (lambda: ('KEY', 'SECRET'), lambda: False)")
    assert botocore.session.Session().get_credentials().access_key == "KEY"

    def other_signature() -> None:
        raise NotImplementedError

    monkeypatch.setattr(loading, "source_of", other_signature)
    with pytest.raises(PluginError, match=r"replaced after .* \(TypeError\), so the plugin that"):
        botocore.session.Session().get_credentials()
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    assert botocore.session.Session().get_credentials() is None


def test_botocore_signs_with_the_plugins_value(install: Install) -> None:
    """All that botocore and other libraries read of credentials."""
    install(GOOD)
    credentials = botocore.session.Session().get_credentials()
    assert isinstance(credentials, botocore.credentials.RefreshableCredentials)
    assert credentials.method == "plugin:vault"
    assert credentials.get_frozen_credentials()[:3] == ("AKIA", "secret", "token")
    assert type(credentials.get_frozen_credentials()) is botocore.credentials.ReadOnlyCredentials
    assert (credentials.access_key, credentials.secret_key) == ("AKIA", "secret")
    assert (credentials.token, credentials.account_id) == ("token", None)
    assert credentials.refresh_needed() is False
    assert credentials._expiry_time is None


def test_the_expiry_and_the_account_are_seen(install: Install) -> None:
    """Tools print them, and account-based endpoints are made of them."""
    install("""
        from datetime import datetime, timedelta, timezone
        from plugincreds import Value
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        value = Value("AKIA", "secret", expiry_time=expiry, account_id="123456789012")
        def get_provider(): return (lambda: value), (lambda: False)
    """)
    credentials = botocore.session.Session().get_credentials()
    assert credentials.account_id == "123456789012"
    if hasattr(credentials, "get_deferred_property"):  # not in older ones
        assert credentials.get_deferred_property("account_id")() == "123456789012"
    assert credentials._expiry_time.tzinfo is not None
    assert not credentials.refresh_needed()
    assert not credentials.refresh_needed(3500)
    assert credentials.refresh_needed(3700)


def test_a_profile_sets_how_its_values_are_renewed(install: Install, tmp_path: Path) -> None:
    """Read when a plugin gives credentials, so a bad number troubles nobody else."""
    (tmp_path / "config").write_text(
        "[default]\ncredential_plugin_timeout = 3\ncredential_plugin_advisory_window = 7\n"
        "[profile dev]\ncredential_plugin_timeout = soon\n"
    )
    assert botocore.session.Session(profile="dev").get_credentials() is None
    install(GOOD)
    plugincreds.reset()
    with pytest.raises(PluginError, match="profile 'dev' has credential_plugin_timeout = 'soon'"):
        botocore.session.Session(profile="dev").get_credentials()
    cache = botocore.session.Session().get_credentials()._engine
    assert (cache._timeout, cache._advisory_window) == (3, 7)


def test_one_retrieval_for_a_hundred_sessions_and_64_threads(install: Install) -> None:
    """And no session is kept alive by what they share."""
    install("""
        calls = []
        def retrieve():
            calls.append(1)
            return f"KEY{len(calls)}", "secret"
        def get_provider(): return retrieve, lambda: False
    """)
    barrier, keys, sessions = threading.Barrier(64), [], []
    shared = botocore.session.Session()  # it makes its parts in ways that are not for threads
    shared.create_client("sts", aws_access_key_id="A", aws_secret_access_key="s")
    shared.get_component("credential_provider")

    def make(number: int) -> None:
        region = ("eu-central-1", "us-east-1", "ap-south-1")[number % 3]
        barrier.wait()
        for _ in range(2):
            session = botocore.session.Session()
            session.set_config_variable("region", region)
            sessions.append(weakref.ref(session))
            keys.append(session.get_credentials().get_frozen_credentials().access_key)
        client = shared.create_client("sts", region_name=region)
        keys.append(client._request_signer._credentials.get_frozen_credentials().access_key)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == ["KEY1"] * 192
    gc.collect()
    assert [session() for session in sessions if session() is not None] == []


def test_attributes_are_read_only(install: Install) -> None:
    """A key that somebody sets would be signed with nowhere."""
    install(GOOD)
    credentials = botocore.session.Session().get_credentials()
    for name in ("access_key", "secret_key", "token", "account_id"):
        with pytest.raises(AttributeError):
            setattr(credentials, name, "other")


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_copying_says_what_to_do_instead(install: Install, copied: Any) -> None:
    """A copy would be bound to no plugin, or carry a secret somewhere."""
    install(GOOD)
    credentials = botocore.session.Session().get_credentials()
    with pytest.raises(TypeError, match=r"Pass on get_frozen_credentials\(\)"):
        copied(credentials)


def test_a_selected_plugin_never_falls_through(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys in the environment are another identity."""
    install("def get_provider(): return None")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    for name, kind in (("vault", PluginProviderRetrieveError), ("valt", PluginNotFoundError)):
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", name)
        session = botocore.session.Session()
        for _ in range(2):
            with pytest.raises(kind):
                session.get_credentials()
        assert session._credentials is None


def test_explicit_credentials_import_no_plugin(install: Install) -> None:
    """Whoever passes keys has decided."""
    install("raise SystemExit")
    client = botocore.session.Session().create_client(
        "sts", aws_access_key_id="A", aws_secret_access_key="s"
    )
    assert client._request_signer._credentials.access_key == "A"


def test_a_context_tells_of_the_session(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured region and profile, and a session of the same profile without plugins."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    install("""
        seen = []
        def get_provider(context):
            seen.append(context)
            return (lambda: ("AKIA", "secret")), (lambda: False)
    """)
    session = botocore.session.Session(profile="dev")
    assert session.get_credentials().access_key == "AKIA"
    (context,) = __import__(plugincreds.installed_plugins()[0].value.split(":")[0]).seen
    assert (context.plugin, context.profile, context.region) == ("vault", "dev", "ap-south-1")
    assert "plugin" not in methods(context.session)
    assert context.session.profile == "dev"
    assert context.session.get_config_variable("region") == "ap-south-1"


def test_options_are_the_nested_block_of_the_profile(install: Install, tmp_path: Path) -> None:
    """Two profiles with other options are two sources; no block at all is no option."""
    (tmp_path / "config").write_text(
        "[profile a]\ncredential_plugin_options =\n  role = reader\n  path = /x=y\n"
        "[profile b]\ncredential_plugin_options =\n  role = admin\n"
        "[profile c]\nregion = eu-west-1\n"
        "[profile d]\ncredential_plugin_options = role=reader\n"
    )
    install("""
        def get_provider(context):
            key = "-".join(f"{name}:{value}" for name, value in sorted(context.options.items()))
            return (lambda: (key or "NONE", "secret")), (lambda: False)
    """)
    keys = [botocore.session.Session(profile=name).get_credentials().access_key for name in "abc"]
    assert keys == ["path:/x=y-role:reader", "role:admin", "NONE"]
    with pytest.raises(PluginError, match="indented line"):
        botocore.session.Session(profile="d").get_credentials()


def test_a_base_session_has_no_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a selected one: it is what a plugin uses to reach AWS itself."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    base = plugincreds.base_session()
    assert "plugin" not in methods(base)
    assert base.get_credentials() is None
    assert isinstance(base, botocore.session.Session)


def test_plugins_are_announced_once(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Name, distribution and version, at INFO."""
    install(GOOD)
    with caplog.at_level(logging.INFO, "plugincreds"):
        for _ in range(3):
            botocore.session.Session().get_credentials()
    messages = [record.getMessage() for record in caplog.records if record.name == "plugincreds"]
    assert messages == ["Credentials come from the credential plugin 'vault' of acme-creds 1.2."]


VIA = """
    def get_provider(context):
        credentials = context.session.get_credentials()
        key = "NOBODY" if credentials is None else credentials.access_key
        return (lambda: (key, "secret")), (lambda: False)
"""


def test_a_profile_in_code_is_another_identity_than_the_same_in_the_environment(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base session of the one skips the environment's keys, that of the other does not."""
    install(VIA)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    in_code = botocore.session.Session(profile="dev")
    assert in_code.get_credentials().access_key == "NOBODY"
    monkeypatch.setenv("AWS_PROFILE", "dev")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert botocore.session.Session().get_credentials().access_key == "ENVKEY"


def test_a_base_session_reads_the_files_of_the_session_that_asks(
    install: Install, tmp_path: Path
) -> None:
    """Two sessions with other files are two identities."""
    install(VIA)
    keys = []
    for name in ("ONE", "TWO"):
        file = tmp_path / name
        file.write_text(f"[base]\naws_access_key_id={name}\naws_secret_access_key=s\n")
        session = botocore.session.Session()
        session.set_config_variable("credentials_file", str(file))
        chain = session.get_component("credential_provider")
        provider = chain.get_provider("plugin")
        context, identity, _ = provider.request(provider.chosen()).context("vault")
        assert context.session.get_config_variable("credentials_file") == str(file)
        keys.append(identity)
    assert keys[0] != keys[1]


def test_who_asks_for_a_plugin_is_looked_up_when_the_chain_loads(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Botocore looks up the keys in the environment then, too."""
    install(GOOD)
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    session = botocore.session.Session()
    session.get_component("credential_provider")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for variable, key in [("zeta", "ZETA"), ("none", "ENVKEY"), ("vault", "AKIA"), ("", "ENVKEY")]:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
        session._credentials = None
        assert session.get_credentials().access_key == key
        assert methods(session).count("plugin") == (variable != "none")


def test_a_fault_of_ours_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that makes many sessions must not drown in it."""
    faults = iter(range(10))

    def discover() -> None:
        raise ValueError(next(faults))

    replace_discover(monkeypatch, discover)
    for _ in range(3):
        assert botocore.session.Session().get_credentials() is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.records[0].exc_info is None


def test_a_module_that_makes_a_client_while_the_program_imports_it(
    install: Install,
) -> None:
    """It is half imported then; nobody else signs, and it is not broken for ever."""
    site = install(
        "import botocore.session\n"
        "seen = []\n"
        "try: seen.append(botocore.session.Session().get_credentials())\n"
        "except Exception as error: seen.append(error)\n" + GOOD
    )
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    (file,) = site.glob("acme_*.py")
    (error,) = importlib.import_module(file.stem).seen
    assert "asks for its own credentials" in str(error)
    assert botocore.session.Session().get_credentials().access_key == "AKIA"
