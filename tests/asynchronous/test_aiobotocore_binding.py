"""Where the provider stands in aiobotocore's chain, and what aiobotocore signs with."""

import asyncio
import copy
import importlib
import inspect
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiobotocore.credentials
import aiobotocore.session
import botocore.credentials
import botocore.session
import pytest
from aiobotocore.config import AioConfig

import plugincreds
from plugincreds import PluginError, PluginNotFoundError, PluginProviderRetrieveError
from plugincreds._bindings.aiobotocore import AioPluginProvider
from plugincreds._lifecycle.awaiting import in_thread
from tests.asynchronous.conftest import Together
from tests.support.discovery import discover, replace_discover
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret', 'token')), (lambda: False)"
STATIC = "aws_access_key_id = STATIC\naws_secret_access_key = static\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
LONGEST = 20.0
# Each retrieves once it is let in, and tells what thread it was in.
GATED = """
    import threading
    gate, entered, calls = threading.Event(), threading.Event(), []
    def retrieve():
        calls.append(threading.current_thread().name)
        entered.set()
        assert gate.wait(20)
        return f"KEY{len(calls)}", "secret"
    def get_provider(): return retrieve, lambda: False
"""


def session_of(profile: str | None = None) -> Any:
    """Return a new session; one for anyio where no loop of asyncio runs."""
    session = aiobotocore.session.AioSession(profile=profile)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        httpx = pytest.importorskip("aiobotocore.httpxsession")
        session.set_default_client_config(AioConfig(http_session_cls=httpx.HttpxSession))
    return session


def methods(session: Any) -> list[str]:
    """Return the short names of a session's chain, in order."""
    return [provider.METHOD for provider in session.get_component("credential_provider").providers]


async def key_of(profile: str | None = None) -> str:
    """Return the access key that a session signs with."""
    credentials = await session_of(profile).get_credentials()
    if credentials is None:
        return "NOBODY"
    return str((await credentials.get_frozen_credentials()).access_key)


def keys(together: Together, *profiles: str | None) -> list[Any]:
    """Return the keys of several sessions at once, or their errors."""
    return together(*[lambda profile=profile: key_of(profile) for profile in profiles])


def module_of(plugin: str = "vault") -> Any:
    """Return the module of an installed plugin."""
    (found,) = (each for each in plugincreds.installed_plugins() if each.name == plugin)
    return importlib.import_module(found.value.split(":")[0])


def test_upstream_is_as_we_know_it() -> None:
    """Guards the few upstream callables that we rely on: drift must fail here first."""
    module: Any = aiobotocore.credentials
    original = module.create_credential_resolver.__wrapped__
    assert list(inspect.signature(original).parameters)[:3] == ["session", "cache", "region_name"]
    assert aiobotocore.session.create_credential_resolver is module.create_credential_resolver
    builders = [
        module.AioProfileProviderBuilder,
        getattr(module, "AnyioProfileProviderBuilder", None),
    ]
    for builder in filter(None, builders):
        assert builder.providers is botocore.credentials.ProfileProviderBuilder.providers
        assert builder(session := aiobotocore.session.AioSession())._session is session
    assert inspect.iscoroutinefunction(module.AioCredentialResolver.load_credentials)
    assert inspect.iscoroutinefunction(module.AioRefreshableCredentials.get_frozen_credentials)
    chain = aiobotocore.session.AioSession().get_component("credential_provider")
    sourcer = chain.get_provider("assume-role")._credential_sourcer
    assert type(sourcer._providers[-1]) is AioPluginProvider
    assert module.ReadOnlyCredentials is botocore.credentials.ReadOnlyCredentials


def test_the_place_in_the_chain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, together: Together
) -> None:
    """Guards the same ranks as in botocore's chain, with providers that are awaited."""
    (tmp_path / "config").write_text("[profile dev]\ncredential_plugin = vault\n")

    async def chain(profile: str | None = None) -> tuple[list[str], set[type]]:
        session = session_of(profile)
        providers = session.get_component("credential_provider").providers
        ours = {type(each) for each in providers if each.METHOD == "plugin"}
        return methods(session), ours

    ((found, ours),) = together(chain)
    assert found[-3:] == ["plugin", "container-role", "iam-role"]
    assert (found.count("plugin"), ours) == (1, {AioPluginProvider})
    ((found, ours),) = together(lambda: chain("dev"))
    assert found[:2] == ["assume-role", "plugin"]
    assert (found.count("plugin"), ours) == (1, {AioPluginProvider})
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    ((found, ours),) = together(chain)
    assert (found[:2], ours) == (["plugin", "env"], {AioPluginProvider})
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    assert "plugin" not in together(chain)[0][0]


def test_without_a_plugin_everything_is_upstreams(together: Together, tmp_path: Path) -> None:
    """Guards programs that do not need us: upstream's own classes and answers."""
    (tmp_path / "config").write_text(
        f"[profile dev]\n{STATIC}[profile r]\n{ROLE}source_profile=dev\n"
    )

    async def kinds() -> list[str]:
        static = await session_of("dev").get_credentials()
        role = await session_of("r").get_credentials()
        assert await session_of().get_credentials() is None
        return [type(static).__module__, type(role).__module__]

    assert together(kinds) == [["aiobotocore.credentials"] * 2]


def test_what_aiobotocore_signs_with(install: Install, together: Together) -> None:
    """Guards all that aiobotocore and other libraries read of credentials."""
    install("""
        from datetime import datetime, timedelta, timezone
        from plugincreds import Value
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        value = Value("AKIA", "secret", "token", expiry_time=expiry, account_id="123456789012")
        def get_provider(): return (lambda: value), (lambda: False)
    """)

    async def look() -> None:
        credentials: Any = await session_of().get_credentials()
        assert isinstance(credentials, aiobotocore.credentials.AioRefreshableCredentials)
        assert isinstance(credentials, botocore.credentials.RefreshableCredentials)
        assert credentials.method == "plugin:vault"
        frozen = await credentials.get_frozen_credentials()
        assert frozen[:3] == ("AKIA", "secret", "token")
        assert await credentials.get_frozen_credentials() is frozen
        assert await credentials.get_access_key() == "AKIA"
        assert await credentials.get_secret_key() == "secret"
        assert await credentials.get_token() == "token"
        assert await credentials.get_account_id() == "123456789012"
        assert not credentials.refresh_needed(3500)
        assert credentials.refresh_needed(3700)
        await credentials._refresh()
        with pytest.raises(NotImplementedError):
            _ = credentials.access_key
        for copied in (pickle.dumps, copy.copy):
            with pytest.raises(TypeError, match=r"Pass on get_frozen_credentials\(\)"):
                copied(credentials)

    assert together(look) == [None]


def test_the_source_is_that_of_botocore(install: Install, together: Together) -> None:
    """Guards one value per process, whichever world asks first."""
    install(GATED)
    module_of().gate.set()
    credentials = botocore.session.Session().get_credentials()
    assert keys(together, None, None) == ["KEY1", "KEY1"]
    assert (credentials.access_key, len(module_of().calls)) == ("KEY1", 1)


def test_loading_does_not_block_the_loop(
    install: Install, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards discovery, the import, the getter and retrieve(): the loop itself lets each go on."""
    gates = "entered.set(); assert gate.wait(20); gate.clear(); entered.clear()"
    install(f"""
        import threading, sys
        gate, entered = sys.acme_gate
        def wait():
            {gates}
        wait()
        def get_provider():
            wait()
            return (lambda: wait() or ("AKIA", "secret")), (lambda: False)
    """)
    gate, entered = threading.Event(), threading.Event()
    monkeypatch.setattr("sys.acme_gate", (gate, entered), raising=False)

    def slow() -> Any:
        entered.set()
        assert gate.wait(LONGEST)
        gate.clear()
        entered.clear()
        return discover()

    replace_discover(monkeypatch, slow)
    opened: list[int] = []

    async def open_gates() -> None:
        checkpoint = _checkpoint()
        while len(opened) < 4:
            await checkpoint()
            if entered.is_set() and not gate.is_set():
                opened.append(1)
                gate.set()
                while gate.is_set():
                    await checkpoint()

    key, _ = together(key_of, open_gates)
    assert (key, len(opened)) == ("AKIA", 4)


def _checkpoint() -> Callable[[], Any]:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - where it runs

        checkpoint: Callable[[], Any] = trio.lowlevel.checkpoint
        return checkpoint
    return lambda: asyncio.sleep(0)


def test_tasks_that_load_at_once_share_a_thread(install: Install, together: Together) -> None:
    """Guards a program that makes a thousand clients as its first deed."""
    install(GATED)
    module = module_of()
    sessions: list[Any] = []

    async def get() -> str:
        if not sessions:
            sessions.append(session_of())
        credentials = await sessions[0].get_credentials()
        return str((await credentials.get_frozen_credentials()).access_key)

    async def let_in() -> int:
        checkpoint = _checkpoint()
        while not module.entered.is_set():
            await checkpoint()
        threads = [each.name for each in threading.enumerate()]
        module.gate.set()
        return threads.count("plugincreds-retrieve")

    *found, threads = together(*[get] * 1000, let_in)
    assert set(found) == {"KEY1"}
    assert (threads, module.calls) == (1, ["plugincreds-retrieve"])


def test_tasks_share_a_thread_only_for_the_same_selection(
    install: Install, monkeypatch: pytest.MonkeyPatch, together: Together
) -> None:
    """Guards that a task never gets the plugin that another one has selected for its load."""
    install(GATED.replace('f"KEY{len(calls)}"', '"VAULT"'))
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    module = module_of()
    chains: list[Any] = []

    async def key() -> str:
        credentials = await chains[0].load_credentials()
        return str((await credentials.get_frozen_credentials()).access_key)

    async def first() -> str:
        chains.append(session_of().get_component("credential_provider"))
        return await key()

    async def others() -> list[str]:
        checkpoint, found = _checkpoint(), []
        while not module.entered.is_set():
            await checkpoint()
        for variable in ("zeta", "", "none"):
            monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
            found.append(await key())
        module.gate.set()
        return found

    assert together(first, others) == ["VAULT", ["ZETA", "ENVKEY", "ENVKEY"]]


def test_a_cancelled_task_changes_no_other_s_selection(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the task that shares the thread: it gets the plugin that was selected for its load."""
    install(GOOD.replace("AKIA", "VAULT"))
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    started: list[Callable[[], object]] = []

    def begin_late(call: Callable[[], Any]) -> Any:
        let_on = threading.Event()
        started.append(let_on.set)
        return in_thread(lambda: (let_on.wait(20), call())[1])

    monkeypatch.setattr("plugincreds._bindings.aiobotocore.in_thread", begin_late)

    async def both() -> str:
        chain = session_of().get_component("credential_provider")
        first, second = (asyncio.ensure_future(chain.load_credentials()) for _ in range(2))
        await asyncio.sleep(0)  # both wait for the same thread
        assert len(started) == 1
        first.cancel()
        await asyncio.wait([first])
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "zeta")
        started[0]()
        return str((await second).method)

    assert asyncio.run(both()) == "plugin:vault"


def test_tasks_share_a_thread_only_for_the_same_base_credentials(
    install: Install, monkeypatch: pytest.MonkeyPatch, together: Together
) -> None:
    """Guards a plugin that exchanges the environment's keys: each task gets its own."""
    install("""
        import threading, plugincreds
        gate, entered = threading.Event(), threading.Event()
        def retrieve():
            key = plugincreds.base_session().get_credentials().access_key
            if key == "ALICE":
                entered.set()
                assert gate.wait(20)
            return key, "secret"
        def get_provider(): return retrieve, lambda: False
    """)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ALICE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    module = module_of()
    chains: list[Any] = []

    async def key() -> str:
        credentials = await chains[0].load_credentials()
        return str((await credentials.get_frozen_credentials()).access_key)

    async def first() -> str:
        chains.append(session_of().get_component("credential_provider"))
        return await key()

    async def other() -> str:
        checkpoint = _checkpoint()
        while not module.entered.is_set():
            await checkpoint()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "BOB")
        found = await key()
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ALICE")
        module.gate.set()
        return found

    assert together(first, other) == ["ALICE", "BOB"]


def test_errors_are_of_each_task(
    install: Install, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the traceback of each, the cause that they share, and that nobody else signs."""
    install(GATED.replace('return f"KEY', 'raise OSError("sealed"); return f"KEY'))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    module_of().gate.set()
    sessions: list[Any] = []

    async def get() -> Any:
        if not sessions:
            sessions.append(session_of())
        return await sessions[0].get_credentials()

    errors = together(*[get] * 8)
    assert {type(error) for error in errors} == {PluginProviderRetrieveError}
    assert len({id(error) for error in errors}) == 8
    assert {str(error.__cause__) for error in errors} == {"sealed"}
    assert {(error.plugin, error.distribution) for error in errors} == {("vault", "acme-creds 1.2")}
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "valt")
    assert isinstance(keys(together, None)[0], PluginNotFoundError)


def test_profiles_and_roles(install: Install, tmp_path: Path, together: Together) -> None:
    """Guards rank 5, source profiles and credential_source, with the context of each."""
    install("""
        def get_provider(context):
            key = f"{context.profile}-{context.options.get('role', '')}"
            return (lambda: (key, "secret")), (lambda: False)
    """)
    options = "credential_plugin_options =\n  role = x\n"
    (tmp_path / "config").write_text(
        f"[profile base]\n{STATIC}credential_plugin = vault\n{options}"
        f"[profile one]\n{ROLE}source_profile = base\n[profile two]\n{ROLE}source_profile = one\n"
        f"[profile sourced]\n{ROLE}credential_source = CustomPlugin\n{options}"
    )

    async def source(profile: str) -> str:
        credentials: Any = await session_of(profile).get_credentials()
        while credentials.method == "assume-role":
            credentials = credentials._refresh_using.__self__._source_credentials
        assert isinstance(credentials, aiobotocore.credentials.AioRefreshableCredentials)
        return str(await credentials.get_access_key())

    names = ["base", "one", "two", "sourced"]
    found = together(*[lambda name=name: source(name) for name in names])
    assert found == ["base-x", "base-x", "base-x", "sourced-x"]


def test_a_base_session_is_botocores(install: Install, tmp_path: Path, together: Together) -> None:
    """Guards plugins that use AWS: they run in a thread, where nothing can be awaited."""
    install("""
        def get_provider(context):
            def retrieve():
                assert type(context.session).__module__ == "botocore.session"
                return context.session.get_credentials().access_key + context.profile, "secret"
            return retrieve, lambda: False
    """)
    (tmp_path / "config").write_text(f"[profile base]\n{STATIC}credential_plugin = vault\n")
    assert keys(together, "base") == ["STATICbase"]


SELFISH = """
    import aiobotocore.session
    async def retrieve():
        {}
        return credentials.access_key, "secret"
    def get_provider(): return retrieve, lambda: False
"""


@pytest.mark.parametrize("shared", [True, False])
def test_a_plugin_that_asks_for_itself(
    install: Install, together: Together, *, shared: bool
) -> None:
    """Guards that it is told at once, also through the very session that waits for it."""
    session = "aiobotocore.session.shared" if shared else "aiobotocore.session.AioSession()"
    install(SELFISH.format(f"credentials = await {session}.get_credentials()"))

    async def get() -> Any:
        session = session_of()
        vars(aiobotocore.session)["shared"] = session
        return await session.get_credentials()

    try:
        (error,) = together(get)
    finally:
        vars(aiobotocore.session).pop("shared", None)
    assert isinstance(error, PluginError)
    assert "context.session or plugincreds.base_session()" in str(error)


def test_a_plugin_that_awaits_serves_both(install: Install, together: Together) -> None:
    """Guards `async def retrieve()`."""
    install("""
        import asyncio
        async def retrieve():
            await asyncio.sleep(0)
            return "AKIA", "secret"
        def get_provider(): return retrieve, lambda: False
    """)
    assert keys(together, None) == ["AKIA"]
    plugincreds.reset()
    assert botocore.session.Session().get_credentials().access_key == "AKIA"


def test_an_automatic_plugin_may_decline(install: Install, together: Together) -> None:
    """Guards that the next one is asked, as in botocore's chain."""
    install("def get_provider(): return None", name="alpha", distribution="alpha")
    install(GOOD)
    assert keys(together, None) == ["AKIA"]


def test_a_failed_load_is_tried_again(install: Install, together: Together) -> None:
    """Guards a session that would repeat its first error, or a decline, for ever."""
    install("""
        calls = []
        def retrieve():
            if len(calls) < 4: raise OSError(f"down {len(calls)}")
            return "AKIA", "secret"
        def get_provider():
            calls.append(1)
            return None if len(calls) == 1 else (retrieve, lambda: False)
    """)

    async def get() -> list[str]:
        session, found = session_of(), []
        for _ in range(5):
            try:
                credentials = await session.get_credentials()
            except PluginProviderRetrieveError as error:
                found.append(str(error.__cause__))
            else:
                found.append(credentials and await credentials.get_access_key())
        return found

    assert together(get) == [[None, "down 2", "down 3", "AKIA", "AKIA"]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_does_not_await_what_its_parent_loads(install: Install) -> None:
    """Guards a server that forks while a session loads: that thread is not in the child."""
    install(GATED)
    module = module_of()

    async def key(session: Any) -> str:
        return str(await (await session.get_credentials()).get_access_key())

    async def main() -> int:
        session = aiobotocore.session.AioSession()
        task = asyncio.ensure_future(key(session))
        while not module.entered.is_set():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0)
        child = os.fork()
        if not child:
            try:
                module.gate = threading.Event()
                module.gate.set()
                asyncio._set_running_loop(None)
                os._exit(not asyncio.run(asyncio.wait_for(key(session), LONGEST)))
            finally:
                os._exit(3)
        module.gate.set()
        await task
        return child

    _, status = os.waitpid(asyncio.run(main()), 0)
    assert os.waitstatus_to_exitcode(status) == 0
