"""What programs call themselves: the Go package's functions, and sessions of one plugin."""

import sys
import threading
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import boto3
import botocore.credentials
import botocore.session
import pytest

import plugincreds
from plugincreds import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginNotFoundError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
    Provider,
    Value,
)
from tests.unit.conftest import Install

SYMBOL = plugincreds.PROVIDER_SYMBOL_NAME
GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret', 'token')), (lambda: False)"
FILE = f"""
    import dataclasses
    executed.append(1) if "executed" in globals() else None
    calls = []
    def retrieve():
        calls.append(1)
        return f"KEY{{len(calls)}}", "secret"
    def {SYMBOL}(): return retrieve, lambda: False
    def other(context): return (lambda: (context.profile, context.plugin)), lambda: True
    def declines(): return None
    number = 7
    def no_retrieve(): return None, lambda: False
    def no_is_expired(): return retrieve, None
    def wrong(): return 7
    @dataclasses.dataclass
    class Point:
        x: "int"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a plugin file."""
    path = tmp_path / "broker.py"
    path.write_text(dedent(FILE))
    return path


def test_the_names_of_the_go_package() -> None:
    """Guards its constants, as far as they mean something here."""
    assert SYMBOL == "get_aws_sdk_credential_provider"
    assert plugincreds.PROVIDER_NAME == "plugin"


def test_a_provider_passes_through() -> None:
    """Guards the Go package's first case: what the functions give is what the provider gives."""
    answers = iter([True, False])
    provider = Provider(lambda: ("AKIA", "secret", "token"), lambda: next(answers))
    assert provider.retrieve() == Value("AKIA", "secret", "token")
    assert [provider.is_expired(), provider.is_expired()] == [True, False]


def test_a_provider_s_error_has_its_code_and_its_cause() -> None:
    """Guards the Go package's second case."""
    cause = OSError("sealed")

    def retrieve() -> None:
        raise cause

    with pytest.raises(PluginProviderRetrieveError, match="OSError: sealed") as caught:
        Provider(retrieve, lambda: False).retrieve()
    assert caught.value.code == "PluginProviderRetrieveError"
    assert caught.value.__cause__ is cause


@pytest.mark.parametrize("answer", [None, ("AKIA",), ("AKIA", "sec ret"), 7])
def test_a_provider_checks_what_it_gives(answer: Any) -> None:
    """Guards that nothing unchecked is signed with."""
    with pytest.raises(PluginProviderRetrieveError):
        Provider(lambda: answer, lambda: False).retrieve()


def test_a_provider_awaits() -> None:
    """Guards a retrieve function that is a coroutine function."""

    async def retrieve() -> tuple[str, str]:
        return "AKIA", "secret"

    assert Provider(retrieve, lambda: False).retrieve().access_key == "AKIA"


@pytest.mark.parametrize(
    ("retrieve", "is_expired", "kind"),
    [
        (None, bool, PluginRetrieveNilError),
        (bool, None, PluginIsExpiredNilError),
        (7, bool, InvalidSymbolError),
        (bool, 7, InvalidSymbolError),
    ],
)
def test_a_provider_of_no_functions(
    retrieve: Any, is_expired: Any, kind: type[PluginError]
) -> None:
    """Guards that it is said at once, and with the same kinds of error as for a plugin."""
    with pytest.raises(kind, match=r"Pass the two functions"):
        Provider(retrieve, is_expired)


def test_a_file_is_opened_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the one identity that a process has per plugin, however its path is written."""
    module = plugincreds.open_plugin(str(file))
    monkeypatch.chdir(file.parent)
    assert plugincreds.open_plugin("broker.py") is plugincreds.open_plugin(file) is module
    link = file.with_name("link.py")
    link.symlink_to(file)
    assert plugincreds.open_plugin(link) is module
    assert module.Point(1).x == 1
    assert "broker" not in sys.modules
    plugincreds.reset()
    assert plugincreds.open_plugin(file) is not module


def test_threads_open_one_file(file: Path) -> None:
    """Guards that all get the same module, and none half a one."""
    barrier, modules = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        modules.append(plugincreds.open_plugin(file))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(modules) == 8
    assert len(set(map(id, modules))) == 1


def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    """Guards the kinds of error and what they say; a module that failed is not left behind."""
    with pytest.raises(PluginNotFoundError, match=r"does not exist"):
        plugincreds.open_plugin(tmp_path / "nosuch.py")
    with pytest.raises(PluginNotFoundError, match=r"is a folder, not a file"):
        plugincreds.open_plugin(tmp_path)
    for path in ("\0", "x" * 5000):
        with pytest.raises(PluginNotFoundError, match=r"(Correct|Give) the path"):
            plugincreds.open_plugin(path)
    for name, text, words in [
        ("plugin.so.txt", "", "has no suffix of a Python module"),
        ("fails.py", "1 / 0", "ZeroDivisionError: division by zero"),
        ("exits.py", "raise SystemExit(3)", "SystemExit: 3"),
        ("syntax.py", "def", "SyntaxError"),
    ]:
        (tmp_path / name).write_text(text)
        with pytest.raises(LookupSymbolError, match=words) as caught:
            plugincreds.open_plugin(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
        assert caught.value.plugin == name.partition(".")[0]
    assert [name for name in sys.modules if name.endswith((".fails", ".exits", ".syntax"))] == []


def test_functions_of_a_module(file: Path) -> None:
    """Guards that the very functions are returned, uncalled."""
    module = plugincreds.open_plugin(file)
    retrieve, is_expired = plugincreds.get_plugin_provider_fns(module)
    assert (retrieve, is_expired()) == (module.retrieve, False)
    assert module.calls == []
    retrieve, is_expired = plugincreds.get_plugin_provider_fns_by_name(module, "other")
    assert (retrieve(), is_expired()) == (("default", "broker"), True)


def test_functions_of_an_installed_plugin(install: Install) -> None:
    """Guards the name in place of a module; another getter is looked up in the same module."""
    install(GOOD + f"\ndef {SYMBOL}(): return (lambda: ('OTHER', 's')), (lambda: True)")
    retrieve, _ = plugincreds.get_plugin_provider_fns("vault")
    assert retrieve()[0] == "AKIA"
    retrieve, is_expired = plugincreds.get_plugin_provider_fns_by_name("vault", SYMBOL)
    assert (retrieve()[0], is_expired()) == ("OTHER", True)


ERRORS = {
    "nosuch": (LookupSymbolError, "has no attribute 'nosuch'"),
    "number": (InvalidSymbolError, "is of type int, but must be callable"),
    "wrong": (InvalidSymbolError, "returned an object of type int"),
    "no_retrieve": (PluginRetrieveNilError, "has no function retrieve"),
    "no_is_expired": (PluginIsExpiredNilError, "has no function is_expired"),
    "declines": (PluginProviderRetrieveError, "it declined"),
}


@pytest.mark.parametrize(("symbol", "kind", "words"), [(s, *e) for s, e in ERRORS.items()])
def test_the_error_codes(file: Path, symbol: str, kind: type[PluginError], words: str) -> None:
    """Guards the Go package's codes; each error names the plugin and its file."""
    module = plugincreds.open_plugin(file)
    with pytest.raises(kind, match=words) as caught:
        plugincreds.get_plugin_provider_fns_by_name(module, symbol)
    assert caught.value.code == kind.__name__
    assert (caught.value.plugin, caught.value.distribution) == ("broker", str(file))
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("source", "symbol", "advice"),
    [
        (GOOD, "nosuch", "Correct the name."),
        (GOOD, "no-name", "Correct the name."),
        ("import nosuch_package", "get_provider", "Install nosuch_package. If acme-creds 1.2 does"),
    ],
)
def test_the_advice_for_a_getter_of_another_name(
    install: Install, source: str, symbol: str, advice: str
) -> None:
    """Guards who misspells a name against installing a package again that is in order."""
    install(source)
    with pytest.raises(LookupSymbolError, match=advice):
        plugincreds.get_plugin_provider_fns_by_name("vault", symbol)


@pytest.mark.parametrize("symbol", ["", " ", "[x]", "a b", "1st", "x:y"])
def test_what_cannot_be_a_getters_name(install: Install, file: Path, symbol: str) -> None:
    """Guards that it never means the default getter, which is another identity."""
    install(GOOD)
    for plugin in (plugincreds.open_plugin(file), "vault"):
        with pytest.raises(LookupSymbolError):
            plugincreds.get_plugin_provider_fns_by_name(plugin, symbol)


@pytest.mark.parametrize("name", ["we[i]rd.py", "a:b.py"])
def test_a_file_of_an_odd_name(tmp_path: Path, name: str) -> None:
    """Guards that its name is not read as that of an entry point."""
    (tmp_path / name).write_text(dedent(FILE))
    module = plugincreds.open_plugin(tmp_path / name)
    assert plugincreds.get_plugin_provider_fns(module)[0] is module.retrieve
    assert plugincreds.get_plugin_provider_fns_by_name(module, "other")[0]() == (
        "default",
        name.removesuffix(".py"),
    )


ASKING = [
    plugincreds.get_plugin_provider_fns,
    lambda plugin: plugincreds.get_plugin_provider_fns_by_name(plugin, SYMBOL),
    plugincreds.new_credentials,
    plugincreds.create_session,
]


@pytest.mark.parametrize("ask", ASKING)
def test_what_cannot_be_honoured_is_said_at_once(
    install: Install, monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    """Guards a name that is not installed, plugins switched off, and other types."""
    install(GOOD)
    with pytest.raises(PluginNotFoundError, match=r"\('valt'.*\) asks .* did you mean 'vault'"):
        ask("valt")
    with pytest.raises(PluginError, match=r"was given an object of type int\. Pass"):
        ask(7)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    for plugin in ("vault", ModuleType("vault")):
        with pytest.raises(PluginError, match=r"switched off .*but .*\('vault'.*\) asks"):
            ask(plugin)


@pytest.mark.parametrize("name", ["none", "broker.py"])
def test_what_is_no_plugins_name(name: str) -> None:
    """Guards a word that is reserved, and the path of a file."""
    with pytest.raises(PluginNotFoundError, match=r"is not the name of a plugin.*open_plugin"):
        plugincreds.create_session(name)


def test_a_provider_s_is_expired_is_checked() -> None:
    """Guards what the Go package's types guard."""
    with pytest.raises(PluginProviderRetrieveError, match="type int, not a bool"):
        Provider(lambda: None, lambda: 1).is_expired()  # type: ignore[arg-type,return-value]
    with pytest.raises(PluginProviderRetrieveError, match=r"is_expired\(\) raised ZeroDivision"):
        Provider(lambda: None, lambda: 1 // 0 > 0).is_expired()


def test_new_credentials_are_lazy_and_shared(file: Path) -> None:
    """Guards that nothing is retrieved before it is used, and then once."""
    module = plugincreds.open_plugin(file)
    first, second = (plugincreds.new_credentials(module) for _ in range(2))
    assert isinstance(first, botocore.credentials.RefreshableCredentials)
    assert first.method == "plugin:broker"
    assert module.calls == []
    assert first.get_frozen_credentials().access_key == "KEY1"
    assert (second.access_key, module.calls) == ("KEY1", [1])


def test_new_credentials_are_those_of_the_chain(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards one source per process: a session and these sign with one value."""
    install(
        "calls = []\n"
        "def get_provider(): return (lambda: (calls.append(1) or f'K{len(calls)}', 's')), bool"
    )
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    first = botocore.session.Session().get_credentials()
    assert (first.access_key, plugincreds.new_credentials("vault").access_key) == ("K1", "K1")


def test_a_session_of_one_plugin(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that nothing else in the environment signs, and that the profile gives its region."""
    install(GOOD)
    install("raise SystemExit", name="alpha", distribution="alpha")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "alpha")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    session = plugincreds.create_session("vault", profile_name="dev")
    assert isinstance(session, boto3.Session)
    assert (session.region_name, session.profile_name) == ("ap-south-1", "dev")
    assert session.get_credentials().method == "plugin:vault"
    client = session.client("sts", region_name="eu-west-1")
    assert client._request_signer._credentials.access_key == "AKIA"
    assert plugincreds.create_session("vault", region_name="eu-west-3").region_name == "eu-west-3"


def test_a_profile_given_there_supplies_settings_only(install: Install, tmp_path: Path) -> None:
    """Guards that neither its keys nor its role nor another plugin's name are looked at."""
    install("""
        def get_provider(context):
            key = f"{context.profile}-{context.options['role']}"
            return (lambda: (key, "secret")), (lambda: False)
    """)
    (tmp_path / "config").write_text(
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = nosuch\n"
        "credential_plugin = other\naws_access_key_id = STATIC\naws_secret_access_key = s\n"
        "aws_account_id = 222222222222\ncredential_plugin_options =\n  role = reader\n"
    )
    credentials = plugincreds.create_session("vault", profile_name="p").get_credentials()
    assert (credentials.access_key, credentials.account_id) == ("p-reader", None)


@pytest.mark.parametrize("name", ["aws_access_key_id", "aws_session_token", "aws_account_id"])
def test_keys_in_code_contradict(install: Install, name: str) -> None:
    """Guards that it is never a guess who signs."""
    install(GOOD)
    with pytest.raises(PluginError, match=f"was given {name}, but its credentials are"):
        plugincreds.create_session("vault", **{name: "x"})
    assert plugincreds.create_session("vault", **{name: None}).get_credentials()


def test_a_session_that_declines_or_fails(install: Install) -> None:
    """Guards that the chain behind it is empty, and that broken plugins are told at once."""
    install("def get_provider(): return None")
    session = plugincreds.create_session("vault")
    with pytest.raises(PluginProviderRetrieveError, match=r"create_session\('vault'\), but it"):
        session.client("sts")
    install("raise OSError('sealed')", name="broken", distribution="broken")
    plugincreds.reset()
    with pytest.raises(LookupSymbolError, match="sealed"):
        plugincreds.create_session("broken")


def test_a_botocore_session_may_be_given(install: Install) -> None:
    """Guards that a session which has credentials already does not keep them."""
    install(GOOD)
    core = botocore.session.Session()
    session = plugincreds.create_session("vault", botocore_session=core, profile_name="dev")
    assert core.get_credentials().method == "plugin:vault"
    assert session.profile_name == core.profile == "dev"
    core = botocore.session.Session()
    chain = core.get_component("credential_provider")
    core.set_credentials("AKIA", "secret")
    with pytest.raises(PluginError, match="already has credentials of the method 'explicit'"):
        plugincreds.create_session("vault", botocore_session=core)
    assert core.get_component("credential_provider") is chain


def test_a_given_session_with_another_identity_of_the_plugin(install: Install) -> None:
    """Guards that it is refused as well: its method is the same."""
    install("def get_provider(context): return (lambda: (context.profile, 's')), (lambda: False)")
    core = botocore.session.Session(profile="dev")
    assert core.get_credentials().access_key == "dev"
    with pytest.raises(PluginError, match="already has credentials of the method 'plugin:vault'"):
        plugincreds.create_session("vault", botocore_session=core)


def test_boto3_is_wanted_only_there(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards environments that have botocore alone."""
    install(GOOD)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(PluginError, match=r"pip install 'plugincreds\[boto3\]'"):
        plugincreds.create_session("vault")
    assert plugincreds.new_credentials("vault").access_key == "AKIA"
