"""A selected plugin has no second choice; an automatic one may be passed over."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginContext,
    PluginError,
    PluginIsExpiredNilError,
    PluginNotFoundError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
    Value,
)
from plugincreds._base_identity import BaseIdentity
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._resolution import automatic_source, selected_source
from plugincreds._selection import Selected
from tests.support.engines import RefreshEngine, new_engine
from tests.unit.conftest import Install

SELECTED = Selected("vault", asked_by="AWS_CREDENTIAL_PLUGIN=vault", remedy="unset it")


class Request:
    """What a session asks for here; the arguments change what a getter is told."""

    plugin = None

    def __init__(
        self, region: str = "eu-central-1", options: Mapping[str, str] | None = None
    ) -> None:
        self.region, self.options = region, options or {}

    def context(self, plugin: str) -> tuple[PluginContext, tuple[Hashable, ...], BaseIdentity]:
        region, options = self.region, self.options
        context = PluginContext(
            plugin, profile="dev", region=region, options=options, open_session=object
        )
        return context, ("dev", region, *options.items()), BaseIdentity()

    def refresh_settings(self) -> RefreshSettings:
        return RefreshSettings()

    def options_note(self, _: object) -> str:
        return ""

    def unused_options(self, _: object) -> str:
        return ""


def selected() -> Value:
    """Return the value of the selected plugin."""
    return selected_source(SELECTED, Request()).engine.get()


def automatic() -> Value | None:
    """Return the value of the automatic plugin, if there is one."""
    source = automatic_source(Request())
    return source.engine.get() if source else None


def of_test(records: list[logging.LogRecord]) -> list[logging.LogRecord]:
    """Leave out what concerns a plugin that the environment itself has installed."""
    return [record for record in records if "vault" in record.getMessage()]


GOOD = {
    "a pair": """
        def get_provider():
            return (lambda: ("AKIA", "secret")), (lambda: False)
    """,
    "an object": """
        class get_provider:
            def retrieve(self): return "AKIA", "secret"
            def is_expired(self): return False
    """,
    "a base class": """
        import plugincreds
        class Plugin(plugincreds.CredentialPlugin):
            def retrieve(self): return plugincreds.Value("AKIA", "secret")
        def get_provider(): return Plugin()
    """,
    "a context": """
        def get_provider(context):
            assert (context.plugin, context.profile) == ("vault", "dev")
            return (lambda: ("AKIA", "secret")), (lambda: False)
    """,
    "a context with a default": """
        def get_provider(*, context=None, other=3):
            assert context.region == "eu-central-1"
            return (lambda: ("AKIA", "secret")), (lambda: False)
    """,
    "any parameters": """
        def get_provider(*args, **kwargs):
            assert not args and not kwargs
            return (lambda: ("AKIA", "secret")), (lambda: False)
    """,
    "a coroutine function": """
        import asyncio
        async def retrieve():
            await asyncio.to_thread(int)
            return "AKIA", "secret"
        def get_provider(): return retrieve, lambda: False
    """,
    "a coroutine method": """
        class get_provider:
            async def retrieve(self): return "AKIA", "secret"
            def is_expired(self): return False
    """,
}


@pytest.mark.parametrize("source", GOOD.values(), ids=GOOD)
def test_every_form_of_plugin_gives_its_credentials(install: Install, source: str) -> None:
    """Each form that the contract allows, both selected and automatic."""
    install(source)
    assert selected() == automatic() == Value("AKIA", "secret")


def test_a_module_alone_has_its_getter_under_the_name_of_the_go_package(install: Install) -> None:
    """An entry point may name a module only."""
    install(
        "get_aws_sdk_credential_provider = lambda: ((lambda: ('AKIA', 'secret')), (lambda: False))",
        value="",
    )
    assert selected().access_key == "AKIA"


def test_an_attribute_may_be_nested_and_have_extras(install: Install) -> None:
    """Entry points may name an attribute of an attribute, and extras."""
    source = """
        class Vault:
            @staticmethod
            def get(): return (lambda: ("AKIA", "secret")), (lambda: False)
    """
    install(source, value=":Vault.get [extra]")
    assert selected().access_key == "AKIA"


PAIR = "def get_provider(): return {}, {}"
RETRIEVE = "(lambda: ('AKIA', 'secret'))"
BROKEN = {
    "no module": ("", "x:get", LookupSymbolError, "does not exist"),
    "a missing dependency": (
        "import acme_absent.part",
        None,
        LookupSymbolError,
        "needs 'acme_absent', which is not installed here",
    ),
    "import raises": ("1/0", None, LookupSymbolError, "cannot be imported: ZeroDivisionError"),
    "import exits": ("raise SystemExit(3)", None, LookupSymbolError, "SystemExit: 3"),
    "syntax": ("def (", None, LookupSymbolError, "SyntaxError"),
    "no attribute": ("x = 1", None, LookupSymbolError, "no attribute 'get_provider'"),
    "not callable": ("get_provider = 7", None, InvalidSymbolError, "type int"),
    "wrong parameter": (
        "def get_provider(profile): ...",
        None,
        InvalidSymbolError,
        "must be called with profile, but",
    ),
    "two parameters": (
        "def get_provider(context, b): ...",
        None,
        InvalidSymbolError,
        "must be called with context, b",
    ),
    "getter raises": (
        "def get_provider(): raise KeyError('VAULT_ADDR')",
        None,
        InvalidSymbolError,
        "KeyError: 'VAULT_ADDR'",
    ),
    "getter exits": (
        "def get_provider(): raise SystemExit",
        None,
        InvalidSymbolError,
        "SystemExit",
    ),
    "getter is async": ("async def get_provider(): ...", None, InvalidSymbolError, "coroutine"),
    "pair of one": ("def get_provider(): return (1,)", None, InvalidSymbolError, "tuple of 1"),
    "pair of three": ("def get_provider(): return 1, 2, 3", None, InvalidSymbolError, "tuple of 3"),
    "a bool": ("def get_provider(): return False", None, InvalidSymbolError, "type bool"),
    "a class": (
        "class P:\n    def retrieve(self): ...\n    is_expired = retrieve\n"
        "def get_provider(): return P",
        None,
        InvalidSymbolError,
        "returned a class",
    ),
    "strings": ("def get_provider(): return 'a', 'b'", None, InvalidSymbolError, "from retrieve()"),
    "retrieve is None": (PAIR.format("None", "bool"), None, PluginRetrieveNilError, "retrieve"),
    "is_expired is None": (
        PAIR.format(RETRIEVE, "None"),
        None,
        PluginIsExpiredNilError,
        "is_expired",
    ),
    "no retrieve": (
        "class get_provider:\n    def is_expired(self): ...",
        None,
        PluginRetrieveNilError,
        "no function retrieve",
    ),
    "no is_expired": (
        "class get_provider:\n    def retrieve(self): ...",
        None,
        PluginIsExpiredNilError,
        "no function is_expired",
    ),
    "cache_key raises": (
        "class get_provider:\n    def retrieve(self): ...\n    is_expired = retrieve\n"
        "    def cache_key(self): raise OSError('x')",
        None,
        InvalidSymbolError,
        "cache_key() raised OSError: x",
    ),
    "cache_key is bytes": (
        "class get_provider:\n    def retrieve(self): ...\n    is_expired = retrieve\n"
        "    def cache_key(self): return b''",
        None,
        InvalidSymbolError,
        "cache_key() returned an object of type bytes",
    ),
}


@pytest.mark.parametrize(("source", "value", "kind", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_raises_when_selected_and_is_passed_over_when_not(
    install: Install,
    caplog: pytest.LogCaptureFixture,
    source: str,
    value: str | None,
    kind: type[PluginError],
    words: str,
) -> None:
    """The error says which plugin of which package, and the warning says the same, once."""
    install(source, value=value or ":get_provider")
    with pytest.raises(kind) as caught:
        selected()
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert "'vault' of acme-creds 1.2" in str(caught.value)
    assert (caught.value.plugin, caught.value.distribution) == ("vault", "acme-creds 1.2")
    assert automatic() is None
    assert automatic() is None
    (record,) = of_test(caplog.records)
    assert record.levelno == logging.WARNING
    assert words in record.getMessage()


def test_an_entry_point_that_names_nothing(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """The libraries differ in when they refuse it; the package is named in any case."""
    install("", value=":::")
    with pytest.raises((LookupSymbolError, PluginNotFoundError), match=r"acme-creds 1\.2"):
        selected()
    assert automatic() is None
    assert automatic() is None
    (record,) = caplog.records
    assert "acme-creds 1.2" in record.getMessage()


def test_a_broken_package_is_imported_once_when_nobody_asks_for_it(
    install: Install, tmp_path: Any
) -> None:
    """A failing import may take long; each new session must not pay for it again."""
    trace = tmp_path / "trace"
    install(f"with open({str(trace)!r}, 'a') as file: file.write('x')\n1/0")
    assert [automatic() for _ in range(3)] == [None] * 3
    assert trace.read_text() == "x"


def test_a_keyboard_interrupt_in_an_import_is_not_swallowed(install: Install) -> None:
    """A person who presses Ctrl-C means the program."""
    install("raise KeyboardInterrupt")
    for ask in (selected, automatic):
        with pytest.raises(KeyboardInterrupt):
            ask()


FAILING = {
    "raises": ("def retrieve(): raise OSError('vault is sealed')", "raised OSError: vault is seal"),
    "raises in a coroutine": ("async def retrieve(): raise OSError('sealed')", "OSError: sealed"),
    "takes a parameter": ("def retrieve(x): ...", "raised TypeError"),
    "a bad value": (
        "def retrieve(): return 'AKIA', 'two words'",
        "returned credentials whose secret",
    ),
    "a person must act": (
        "import plugincreds\ndef retrieve():\n"
        "    raise plugincreds.NonRecoverableError('Logged out.', hint='run `acme login`')",
        "Logged out. What to do: run `acme login`.",
    ),
}


@pytest.mark.parametrize(("source", "words"), FAILING.values(), ids=FAILING)
def test_a_plugin_that_fails_raises_selected_or_not(
    install: Install, source: str, words: str
) -> None:
    """It is configured here, so another identity must not be used in its place."""
    install(source + "\ndef get_provider(): return retrieve, lambda: False")
    for ask in (selected, automatic):
        with pytest.raises(PluginProviderRetrieveError) as caught:
            ask()
        assert words in str(caught.value)
        assert "'vault' of acme-creds 1.2" in str(caught.value)
        assert (caught.value.__cause__ is None) == ("returned" in words)


@pytest.mark.parametrize(
    "source",
    [
        "def get_provider(): return None",
        "def get_provider(): return (lambda: None), (lambda: False)",
        "async def retrieve(): return None\ndef get_provider(): return retrieve, lambda: False",
    ],
)
def test_a_plugin_that_declines(
    install: Install, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    """Passed over without a word above DEBUG when automatic, an error when selected."""
    install(source)
    with caplog.at_level(logging.DEBUG, "plugincreds"):
        assert automatic() is None
    assert {record.levelname for record in of_test(caplog.records)} == {"DEBUG"}
    with pytest.raises(PluginProviderRetrieveError, match=r"declined.*unset it\.$"):
        selected()


DECLINED = {
    "getter": "def get_provider(): return Declined(REASON)",
    "retrieve": "def get_provider(): return (lambda: Declined(REASON)), (lambda: False)",
    "async": "async def retrieve(): return Declined(REASON)\n"
    "def get_provider(): return retrieve, lambda: False",
}


@pytest.mark.parametrize("source", DECLINED.values(), ids=DECLINED)
def test_a_decline_has_a_reason(
    install: Install, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    """Whoever needs the plugin reads the reason: in the error, or at DEBUG."""
    reason = "the option 'role' is\\nmissing."
    install(f'from plugincreds import Declined\nREASON = "{reason}"\n{source}')
    with caplog.at_level(logging.DEBUG, "plugincreds"):
        assert automatic() is None
    assert "vault' of acme-creds 1.2 declined: the option 'role' is missing." in caplog.messages[-1]
    with pytest.raises(PluginProviderRetrieveError) as caught:
        selected()
    error = caught.value
    assert "=vault, but it declined: the option 'role' is missing. Configure vault" in str(error)
    assert (error.declined, error.reason) == (True, "the option 'role' is missing")
    with pytest.raises(
        PluginProviderRetrieveError, match=r"here: vault \(the option 'role' is mis"
    ):
        automatic_source(Request(), "credential_source = CustomPlugin")


def test_several_declines_have_their_reasons(install: Install) -> None:
    """A role that needs any of the plugins says why it has none."""
    install("def get_provider(): return None", name="alpha", module="alpha_creds")
    install(
        "import plugincreds\ndef get_provider(): return plugincreds.Declined('no BETA_URL')",
        name="beta",
        module="beta_creds",
        distribution="beta-creds",
    )
    with pytest.raises(PluginProviderRetrieveError, match=r"here: alpha, beta \(no BETA_URL\)\. "):
        automatic_source(Request(), "credential_source = CustomPlugin")


def test_a_broken_plugin_has_not_declined(install: Install) -> None:
    """Guards the warning about options that no plugin uses against a plugin that was not asked."""
    told: list[str] = []

    class Recorded(Request):
        def unused_options(self, declined: object) -> str:
            told.append(str(declined))
            return ""

    install("import no_such_module", name="alpha", module="gone_creds")
    for _ in range(2):  # the second load does not import it again
        assert automatic_source(Recorded()) is None
    assert told == []
    plugincreds.reset()
    source = "import plugincreds\ndef get_provider(): return plugincreds.Declined('no BETA_URL')"
    install(source, name="beta", module="reasoned_creds", distribution="beta-creds")
    assert automatic_source(Recorded()) is None
    assert told == ["beta (no BETA_URL)"]


@pytest.mark.parametrize(
    "reason", ["''", "' . '", "None.__class__", "object.__new__(H)", "'x' * 9999"]
)
def test_a_reason_may_be_anything(install: Install, reason: str) -> None:
    """Guards the message against what a plugin makes of it."""
    install(f"""
        import plugincreds
        class H:
            def __str__(self): raise OSError("no text")
        def get_provider(): return (lambda: plugincreds.Declined({reason})), (lambda: False)
    """)
    with pytest.raises(PluginProviderRetrieveError) as caught:
        selected()
    assert len(str(caught.value)) < 1000
    assert caught.value.declined == ("H" not in reason)


def test_a_decline_on_a_refresh_says_why() -> None:
    """A refresh never moves on to another provider, and the reason is in the warning's cause."""
    answers = iter([("AKIA", "secret"), plugincreds.Declined("the role is gone")])
    engine = new_engine(lambda: next(answers), lambda: True)
    engine.get()
    with pytest.raises(
        PluginProviderRetrieveError, match="it declined: the role is gone"
    ) as caught:
        engine.get()
    assert caught.value.declined is False


def test_a_decline_is_not_remembered(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may configure itself after its first session."""
    install("""
        import os
        def get_provider():
            if "ACME" in os.environ:
                return (lambda: ("AKIA", "secret")), (lambda: False)
    """)
    assert automatic() is None
    monkeypatch.setenv("ACME", "1")
    assert automatic() == Value("AKIA", "secret")
    monkeypatch.delenv("ACME")
    assert automatic() is None


def test_the_first_that_does_not_decline_answers(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """In order of name, with one line about the one that won."""
    good = "def get_provider(): return (lambda: ({!r}, 'secret')), (lambda: False)"
    install("def get_provider(): return None", name="a", distribution="one")
    install(good.format("B"), name="b", distribution="two")
    install(good.format("C"), name="c", distribution="three")
    with caplog.at_level(logging.INFO, "plugincreds"):
        assert automatic() == automatic() == Value("B", "secret")
    (record,) = caplog.records
    assert record.getMessage() == "Credentials come from the credential plugin 'b' of two 1.2."


def test_a_name_that_two_packages_declare_is_passed_over(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can have meant one of them; the next plugin is asked."""
    source = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
    install(source, distribution="one")
    install(source, distribution="two")
    install(source, distribution="three", name="zeta")
    assert automatic() == Value("AKIA", "secret")
    (record,) = of_test(caplog.records)
    assert "one 1.2 and two 1.2" in record.getMessage()
    with pytest.raises(PluginNotFoundError):
        selected()


def test_one_identity_has_one_source(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cache_key() one per process; with it, one for each answer, kept apart for ever."""
    install("""
        import os
        class get_provider:
            def __init__(self): self.tenant = os.environ["TENANT"]
            def retrieve(self): return self.tenant, "secret"
            def is_expired(self): return False
            def cache_key(self): return self.tenant
    """)
    monkeypatch.setenv("TENANT", "A")
    first = selected_source(SELECTED, Request())
    assert selected_source(SELECTED, Request()) is first
    monkeypatch.setenv("TENANT", "B")
    second = selected_source(SELECTED, Request())
    assert [source.engine.get().access_key for source in (first, second)] == ["A", "B"]


def test_profile_and_region_count_only_where_the_getter_sees_them(install: Install) -> None:
    """A hundred sessions in twenty regions are one identity to a getter without a context."""
    body = "    return (lambda: ('AKIA', 'secret')), (lambda: False)"
    for parameter, sources in (("", 1), ("context", 2)):
        plugincreds.reset()
        name = f"plugin-{sources}"
        install(f"def get_provider({parameter}):\n{body}", distribution=name, name=name)
        seen = {
            selected_source(
                Selected(name, asked_by="x", remedy="y"),
                Request(region),
            )
            for region in ("eu-central-1", "us-east-1")
        }
        assert len(seen) == sources


def test_a_source_never_gives_another_identity_on_refresh(install: Install) -> None:
    """A plugin that declines once it has given a value has failed; the chain must not move on."""
    install("""
        answers = [("AKIA", "secret"), None]
        def get_provider(): return (lambda: answers.pop(0)), (lambda: len(answers) == 1)
    """)
    source = automatic_source(Request())
    assert source is not None
    with pytest.raises(PluginProviderRetrieveError, match="declined") as caught:
        source.engine.get()
    assert caught.value.declined is False


@pytest.mark.parametrize("answer", ["1", "'no'", "None", "iter(())", "1/0"])
def test_is_expired_must_return_a_bool(
    install: Install, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    """It is taken for a failed refresh, whose warning names the plugin."""
    install(f"def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: {answer})")
    assert selected_source(SELECTED, Request()).engine.get() == Value("AKIA", "secret")
    (record,) = of_test(caplog.records)
    assert "is_expired()" in record.getMessage()
    assert "'vault' of acme-creds 1.2" in record.getMessage()


ASKING = {
    "in its import": "ask()\ndef get_provider(): return retrieve, lambda: False",
    "in its import, hidden": (
        "try: ask()\nexcept Exception as error: raise ValueError\n"
        "def get_provider(): return retrieve, lambda: False"
    ),
    "in its getter": "def get_provider(): ask()",
    "in its getter, wrapped": (
        "def get_provider():\n    try: ask()\n    except Exception: raise ValueError"
    ),
    "in its getter, swallowed": (
        "def get_provider():\n    try: ask()\n    except Exception: return None"
    ),
    "in retrieve": "def retrieve(): ask()\ndef get_provider(): return retrieve, lambda: False",
    "in retrieve, swallowed": (
        "def retrieve():\n    try: ask()\n    except Exception: return None\n"
        "def get_provider(): return retrieve, lambda: False"
    ),
    "in an async retrieve": (
        "async def retrieve(): ask()\ndef get_provider(): return retrieve, lambda: False"
    ),
}


@pytest.mark.parametrize("source", ASKING.values(), ids=ASKING)
@pytest.mark.parametrize("how", ["selected", "automatic"])
def test_a_flight_that_asks_for_itself_is_an_error(install: Install, source: str, how: str) -> None:
    """Never a recursion, never a deadlock, and never the next identity in the chain."""
    install(f"from tests.unit.test_resolution import {how} as ask\n{source}")
    install(
        "def get_provider(): return (lambda: ('OTHER', 'secret')), (lambda: False)",
        name="zeta",
        distribution="other",
    )
    ask = {"selected": selected, "automatic": automatic}[how]
    for _ in range(2):
        with pytest.raises(PluginError) as caught:
            ask()
        assert not isinstance(caught.value, LookupSymbolError | InvalidSymbolError)
        assert (caught.value.plugin, caught.value.distribution) == ("vault", "acme-creds 1.2")
        if "return None" not in source:
            assert "base_session()" in str(caught.value)


def test_threads_that_load_at_once_share_one_source(install: Install) -> None:
    """Each of them may call the getter; the plugin is asked for credentials once."""
    install("""
        calls = []
        def retrieve():
            calls.append(1)
            return f"AKIA{len(calls)}", "secret"
        def get_provider(): return retrieve, lambda: False
    """)
    barrier = threading.Barrier(32)
    values: list[Value] = []

    def load() -> None:
        barrier.wait()
        values.append(selected())

    threads = [threading.Thread(target=load) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == [Value("AKIA1", "secret")] * 32


def test_options_reach_the_getter_read_only(install: Install) -> None:
    """Options are part of the source's identity."""
    install("""
        def get_provider(context):
            role = context.options["role"]
            return (lambda: (role, "secret")), (lambda: False)
    """)
    sources = [
        selected_source(SELECTED, Request(options={"role": role}))
        for role in ("reader", "admin", "reader")
    ]
    assert [source.engine.get().access_key for source in sources] == ["reader", "admin", "reader"]
    assert sources[0] is sources[2]
    assert isinstance(Request().context("vault")[0].options, MappingProxyType)


def test_an_own_flight_that_is_swallowed_under_another_context(install: Install) -> None:
    """A session of another region leads to the same plugin; nobody else may sign then either."""
    install("""
        from tests.unit import test_resolution as test
        def get_provider(context):
            try:
                test.automatic_source(test.Request("other"))
            except Exception:
                pass
            return None
    """)
    install(
        "def get_provider(): return (lambda: ('OTHER', 'secret')), (lambda: False)",
        name="zeta",
        distribution="other",
    )
    with pytest.raises(PluginError, match=r"base_session\(\)"):
        automatic()


def test_a_plugin_that_gives_another_identity_on_refresh_has_failed(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads its setting when it retrieves; the source was made for another answer."""
    install("""
        import os
        class get_provider:
            def retrieve(self): return os.environ["TENANT"], "secret"
            def is_expired(self): return False
            def cache_key(self): return os.environ["TENANT"]
    """)
    monkeypatch.setenv("TENANT", "ALICE")
    source = selected_source(SELECTED, Request())
    monkeypatch.setenv("TENANT", "BOB")
    source.engine.invalidate("ALICE")
    assert source.engine.get().access_key == "ALICE"  # served on
    assert selected().access_key == "BOB"


def test_a_context_that_outlives_the_flight_is_in_no_flight(install: Install) -> None:
    """As that of a task which `retrieve()` starts, or of a helper thread."""
    install("""
        import contextvars
        kept = []
        def retrieve():
            kept.append(contextvars.copy_context())
            return "AKIA", "secret"
        def get_provider(): return retrieve, lambda: bool(kept) and len(kept) < 3
    """)
    source = selected_source(SELECTED, Request())
    (module,) = [sys.modules[name] for name in sys.modules if name.startswith("acme_")][-1:]
    assert module.kept[0].run(selected).access_key == "AKIA"
    assert source.engine.get().access_key == "AKIA"


def test_a_method_that_cannot_even_be_looked_at(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """It breaks the contract, and hides no other plugin."""
    install("""
        class get_provider:
            @property
            def retrieve(self): raise RuntimeError("kAnArY7" * 6)
            def is_expired(self): return False
    """)
    install(
        "def get_provider(): return (lambda: ('OTHER', 'secret')), (lambda: False)",
        name="zeta",
        distribution="other",
    )
    with pytest.raises(InvalidSymbolError):
        selected()
    assert automatic() == Value("OTHER", "secret")
    assert "kAnArY7" not in caplog.text


def test_a_fault_with_a_changing_text_is_told_once(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    """Many put an address or a time into the text of an error."""
    install("def get_provider(): raise ValueError(object())")
    for _ in range(3):
        assert automatic() is None
    assert len(of_test(caplog.records)) == 1


UNFINISHED = {
    "no __init__": (
        "class E(plugincreds.NonRecoverableError):\n    def __init__(self, user): pass\n"
    ),
    "a hint that fails": (
        "class Hint:\n    def __str__(self): raise OSError\n"
        "def E(user): return plugincreds.NonRecoverableError('x', hint=Hint())\n"
    ),
}


@pytest.mark.parametrize("source", UNFINISHED.values(), ids=UNFINISHED)
def test_an_error_that_is_not_made_well_is_a_failure_all_the_same(
    install: Install, source: str
) -> None:
    """Guards that a fault in it does not let another identity sign."""
    install(
        f"import plugincreds\n{source}def retrieve(): raise E('me')\n"
        "def get_provider(): return retrieve, lambda: False"
    )
    for ask in (selected, automatic):
        with pytest.raises(PluginProviderRetrieveError) as caught:
            ask()
        assert caught.value.hint is None


@pytest.mark.parametrize(
    "fault", ["get_plugin_provider_fns('nosuch')", "NonRecoverableError('Log in.').args[7]"]
)
def test_a_getter_that_raises_an_error_of_ours_is_broken(install: Install, fault: str) -> None:
    """Guards that it is named, and passed over where nobody selected it."""
    install(f"import plugincreds\ndef get_provider(): return plugincreds.{fault}")
    assert automatic() is None
    with pytest.raises(InvalidSymbolError, match="its getter raised") as caught:
        selected()
    assert (caught.value.plugin, caught.value.distribution) == ("vault", "acme-creds 1.2")


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_plugins_that_need_each_other_in_a_circle(install: Install, names: str) -> None:
    """Guards that one of them is refused, in as many threads, where all would wait for ever."""
    barrier = threading.Barrier(len(names))
    install(
        "import plugincreds, sys\n"
        "def plugin(other):\n"
        "    def retrieve():\n"
        "        sys.acme_barrier.wait(20)\n"
        "        return plugincreds.new_credentials(other).get_frozen_credentials()[:2]\n"
        "    return lambda: (retrieve, lambda: False)\n"
        + "".join(
            f"{name} = plugin({names[(number + 1) % len(names)]!r})\n"
            for number, name in enumerate(names)
        ),
        entry_points="[aws_sdk.credential_plugins]\n"
        + "".join(f"{name} = acme_circle:{name}\n" for name in names),
        module="acme_circle",
    )
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            plugincreds.new_credentials(name).get_frozen_credentials()
        except PluginProviderRetrieveError as error:
            errors.append(error)

    vars(sys)["acme_barrier"] = barrier
    try:
        threads = [threading.Thread(target=work, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    finally:
        del vars(sys)["acme_barrier"]
    assert len(errors) == len(names)
    assert all("in a circle" in str(error) for error in errors)


def test_a_plugin_that_waits_for_a_slow_one_is_in_no_circle(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards plugins that are built on others: one may wait for a person, which is said once."""
    monkeypatch.setattr(RefreshEngine, "patience", 0.01)
    entered, gate = threading.Event(), threading.Event()

    def ask_a_person() -> tuple[str, str]:
        entered.set()
        assert gate.wait(20)
        return "SLOW", "secret"

    slow = new_engine(ask_a_person, label="The slow plugin")
    outer = new_engine(lambda: ("OUTER", slow.get().access_key))
    first = threading.Thread(target=slow.get)
    first.start()
    assert entered.wait(20)
    keys: list[str] = []
    second = threading.Thread(target=lambda: keys.append(outer.get().secret_key))
    second.start()
    until = time.monotonic() + 20
    while "The slow plugin has been retrieving" not in caplog.text:
        assert time.monotonic() < until
    gate.set()
    for thread in (first, second):
        thread.join(20)
    assert keys == ["SLOW"]


def test_a_plugin_that_hides_the_circle_has_not_declined() -> None:
    """Guards the chain, which would go on to another identity and keep that."""
    barrier = threading.Barrier(2)
    engines: dict[str, RefreshEngine] = {}

    def hiding(other: str) -> Callable[[], tuple[str, str] | None]:
        def retrieve() -> tuple[str, str] | None:
            barrier.wait(20)
            with suppress(PluginError):
                return engines[other].get().access_key, "secret"
            return None

        return retrieve

    engines |= {"a": new_engine(hiding("b")), "b": new_engine(hiding("a"))}
    errors: list[PluginProviderRetrieveError] = []

    def work(name: str) -> None:
        try:
            engines[name].get()
        except PluginProviderRetrieveError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    # The one that is refused has not declined; the other one hides an error of its own.
    assert len(errors) == 2
    assert not all(error.declined for error in errors)


CANCELLED = (
    "import asyncio\nclass P:\n    def retrieve(self): return 'AKIA', 'secret'\n"
    "    def is_expired(self): return False\n"
)


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nraise asyncio.CancelledError",
        "import asyncio\ndef get_provider(): raise asyncio.CancelledError",
        f"{CANCELLED}    def cache_key(self): raise asyncio.CancelledError\n"
        "def get_provider(): return P()",
    ],
    ids=["import", "getter", "cache_key"],
)
def test_a_plugins_own_cancellation_is_a_fault(
    install: Install, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Guards programs in an event loop, to which it would look as if they had been cancelled."""
    install(source)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    with pytest.raises(PluginError, match="CancelledError"):
        botocore.session.Session().get_credentials()
