"""The fixture that gives a program's tests a fake installation of plugins."""

import asyncio
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds
import plugincreds_startup
from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._plugins import discovery as _discovery
from plugincreds._source import Source
from plugincreds.testing import FakePlugin, ManualClock, PluginsAsIfInstalled
from plugincreds.testing._site import fake_installation
from tests.unit.conftest import GROUP, Install

pytest_plugins = ["pytester", "plugincreds.testing"]

VAULT, OTHER = ("AKIAVAULT00000000000", "vault-secret"), ("AKIAOTHER00000000000", "other-secret")
Plugins = PluginsAsIfInstalled


def method(**arguments: Any) -> str | None:
    """Return what signs in a new session."""
    credentials: Any = botocore.session.Session(**arguments).get_credentials()
    return credentials.method if credentials else None


def test_none_at_first(plugins_as_if_installed: Plugins) -> None:
    """Guards a test that wants no plugin: neither the machine's nor its keys are there."""
    del plugins_as_if_installed
    assert plugincreds.installed_plugins() == ()
    assert method() is None


def test_two_at_once(plugins_as_if_installed: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the chain's own rules: the first by name, unless a variable selects another."""
    vault, other = FakePlugin(VAULT), FakePlugin(OTHER)
    plugins_as_if_installed({"vault": vault, "other": other})
    assert method() == "plugin:other"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert method() == "plugin:vault"
    assert (len(vault.contexts), len(other.contexts)) == (1, 1)


def test_one_that_declines_is_passed_over(plugins_as_if_installed: Plugins) -> None:
    """Guards that declining is what it is in the chain."""
    plugins_as_if_installed({"a": FakePlugin(declines=True), "b": FakePlugin(VAULT)})
    assert method() == "plugin:b"


def test_a_profile_selects(plugins_as_if_installed: Plugins) -> None:
    """Guards that a test may write the configuration file, and that its context is told."""
    fake = FakePlugin(VAULT)
    plugins_as_if_installed({"other": FakePlugin(OTHER), "vault": fake})
    text = "[profile work]\nregion = eu-north-1\ncredential_plugin = vault\n"
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text, encoding="utf-8")
    assert method(profile="work") == "plugin:vault"
    assert [(each.profile, each.region) for each in fake.contexts] == [("work", "eu-north-1")]


def test_a_name_that_is_not_there(
    plugins_as_if_installed: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that a selected plugin that is missing is an error, as in production."""
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vaults")
    with pytest.raises(plugincreds.PluginNotFoundError, match="did you mean 'vault'"):
        method()


def test_a_getter_by_its_place(plugins_as_if_installed: Plugins) -> None:
    """Guards the getter as the entry point has it, found through the import system."""
    plugins_as_if_installed({"vault": f"{__name__}:get_vault"})
    (plugin,) = plugincreds.installed_plugins()
    assert (plugin.value, plugin.origin) == (f"{__name__}:get_vault", "as-if-installed 1.0")
    assert method() == "plugin:vault"


def get_vault() -> tuple[Callable[[], tuple[str, str]], Callable[[], bool]]:
    """Return a plugin."""
    return lambda: VAULT, lambda: False


def test_a_call_replaces_the_set_and_forgets_sources(plugins_as_if_installed: Plugins) -> None:
    """Guards the second half of a test against the first."""
    fake = FakePlugin(VAULT)
    for calls in (1, 2):
        plugins_as_if_installed({"vault": lambda: fake})
        botocore.session.Session().get_credentials().get_frozen_credentials()
        assert fake.retrieve_calls == calls
    plugins_as_if_installed({})
    assert method() is None


def test_nested(plugins_as_if_installed: Plugins) -> None:
    """Guards that the earlier set comes back, also after an error."""
    plugins_as_if_installed({"outer": FakePlugin(VAULT)})
    with suppress(KeyError), plugins_as_if_installed({"inner": FakePlugin(OTHER)}):
        assert method() == "plugin:inner"
        with plugins_as_if_installed({}):
            assert method() is None
        assert method() == "plugin:inner"
        raise KeyError
    assert method() == "plugin:outer"


@pytest.mark.parametrize("name", ["", "a=b", "[vault]", " vault", "va\nult", "#vault"])
def test_a_name_that_no_entry_point_has(plugins_as_if_installed: Plugins, name: str) -> None:
    """Guards against a plugin that is not found, or found by another name."""
    with pytest.raises(ValueError, match=r"cannot be the name of an entry point. Use one word"):
        plugins_as_if_installed({name: FakePlugin()})


def test_something_that_is_no_getter(plugins_as_if_installed: Plugins) -> None:
    """Guards against the pair in place of its getter, which the chain would pass over."""
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})
    pair: Any = get_vault()
    with pytest.raises(TypeError, match=r"The getter of 'other' is of type tuple. Give a callable"):
        plugins_as_if_installed({"other": pair})
    assert method() == "plugin:vault"  # a call that fails changes nothing


def test_something_that_is_no_clock(plugins_as_if_installed: Plugins) -> None:
    """A time in place of a clock must be an error here, and not a fault when credentials load."""
    time: Any = ManualClock().datetime()
    with pytest.raises(TypeError, match=r"The clock is of type datetime\. Give a callable"):
        plugins_as_if_installed({"vault": FakePlugin()}, clock=time)
    assert plugincreds.installed_plugins() == ()


def test_that_a_plugin_has_answered_is_forgotten(tmp_path: Path) -> None:
    """Guards tests that come later: what they load does not depend on the ones before."""
    with pytest.MonkeyPatch.context() as patch, fake_installation(patch, tmp_path) as plugins:
        assert PluginProvider._has_answered is False
        plugins({"vault": FakePlugin()})
        assert method() == "plugin:vault"
        assert PluginProvider._has_answered is True
    assert PluginProvider._has_answered is False


def test_one_that_is_installed_is_hidden(request: pytest.FixtureRequest, install: Install) -> None:
    """Guards against the developer's own plugins, before the test and in it; they come back."""
    source = f"def get_provider(): return lambda: {VAULT}, lambda: False"
    install(source, name="real")
    assert [plugin.name for plugin in plugincreds.installed_plugins()] == ["real"]
    plugins: Plugins = request.getfixturevalue("plugins_as_if_installed")
    assert plugincreds.installed_plugins() == ()
    install(source, name="later", distribution="later-creds")  # before it on the path
    plugins({"vault": FakePlugin(VAULT)})
    assert [plugin.name for plugin in plugincreds.installed_plugins()] == ["vault"]


def test_the_distribution_is_real(plugins_as_if_installed: Plugins) -> None:
    """Guards programs that ask the library for entry points themselves."""
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})
    found = importlib.metadata.entry_points(group=GROUP, name="vault")
    assert [type(entry_point.load()) for entry_point in found] == [FakePlugin]


def test_boto3_and_its_default_session(
    plugins_as_if_installed: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards against the credentials of a default session that an earlier test made."""
    boto3 = pytest.importorskip("boto3")
    assert boto3.DEFAULT_SESSION is None
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = boto3.client("s3")
    assert client._request_signer._credentials.method == "plugin:vault"


def test_aiobotocore_finds_them(plugins_as_if_installed: Plugins) -> None:
    """Guards the tests of programs with s3fs or aioboto3."""
    session = pytest.importorskip("aiobotocore.session")
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})

    async def key() -> str:
        credentials = await session.AioSession().get_credentials()
        return str((await credentials.get_frozen_credentials()).access_key)

    assert asyncio.run(key()) == VAULT[0]


def test_another_process_does_not_see_them(plugins_as_if_installed: Plugins) -> None:
    """Guards what the page says: the set is this process's; only the variables are inherited."""
    plugins_as_if_installed({"vault": FakePlugin(VAULT)})
    program = "import plugincreds; print(len(plugincreds.installed_plugins()))"
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "as-if" not in printed
    assert int(printed) == len(really_installed())


def really_installed() -> list[object]:
    """Return what the environment has, without the fake installation."""
    entry_points = importlib.metadata.entry_points(group=GROUP)
    return [each for each in entry_points if "as_if_installed" not in each.value]


def state() -> dict[str, Any]:
    """Return all that the fixture changes."""
    boto3 = sys.modules.get("boto3")
    return {
        "environment": {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"},
        "path": list(sys.path),
        "finders": list(sys.meta_path),
        "active": plugincreds_startup._finder.active,
        "resolver": botocore.credentials.create_credential_resolver,
        "providers": botocore.credentials.ProfileProviderBuilder.providers,
        "discovery": vars(_discovery)["distributions_with"],
        "source": Source.__init__,
        "modules": {name for name in sys.modules if name.startswith("plugins_as_if")},
        "session": getattr(boto3, "DEFAULT_SESSION", None),
    }


PROGRAM = """
import os, sys
import botocore.session
import pytest
from plugincreds.testing import FakePlugin

pytest_plugins = ["plugincreds.testing"]

@pytest.mark.parametrize("breaks", [False, True])
def test_it(plugins_as_if_installed, monkeypatch, breaks):
    plugins_as_if_installed({"vault": FakePlugin()})
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.syspath_prepend("/nowhere")
    os.environ["AWS_PROFILE_OF_A_PROGRAM"] = "x"
    del os.environ["AWS_CONFIG_FILE"], os.environ["ACME_OF_THE_DEVELOPER"]
    if "boto3" in sys.modules:
        sys.modules["boto3"].setup_default_session()
    monkeypatch.delenv("AWS_CREDENTIAL_PLUGIN")
    assert botocore.session.Session().get_credentials().method == "plugin:vault"
    assert not breaks
"""


@pytest.fixture(params=[True, False], ids=["with the hook", "without"])
def found(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set up a state that the fixture must restore."""
    boto3 = pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE000000000")
    monkeypatch.setenv("ACME_OF_THE_DEVELOPER", "1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", object())
    was_there = plugincreds_startup._finder in sys.meta_path
    (plugincreds.install if request.param else plugincreds.uninstall)()
    yield
    (plugincreds.install if was_there else plugincreds.uninstall)()


def test_everything_is_put_back(pytester: pytest.Pytester, found: None) -> None:
    """Guards the tests that come after, also where a test has failed or changed things itself."""
    del found
    pytester.makepyfile(PROGRAM)
    file = pytester.makepyfile(vault="")
    before, opened = state(), plugincreds.open_plugin(file)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "default")
    result.assert_outcomes(passed=1, failed=1)
    assert state() == before
    assert plugincreds.open_plugin(file) is not opened  # plugincreds.reset()


def test_nothing_stays_in_this_process(tmp_path: Path) -> None:
    """Guards what pytester would clean up itself: modules, the path, what discovery asks."""
    before = state()
    with (
        pytest.MonkeyPatch.context() as patch,
        suppress(KeyError),
        fake_installation(patch, tmp_path) as plugins,
    ):
        plugins({"vault": FakePlugin(VAULT)})
        sys.path.insert(0, "before-the-folder-of-the-fixture")
        assert state() != before
        raise KeyError
    assert state() == before
    assert "vault" not in [plugin.name for plugin in plugincreds.installed_plugins()]


def test_processes_share_no_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards pytest-xdist: two runs in two processes at once, in one folder of temporary files."""
    monkeypatch.setenv("ACME_OF_THE_DEVELOPER", "1")
    pytester.makepyfile(PROGRAM.replace("[False, True]", "[False] * 5"))
    pytester.syspathinsert()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs


def test_two_fixtures_at_once(pytester: pytest.Pytester) -> None:
    """Guards an author whose tests of the contract use the fixture, too."""
    pytester.makepyfile(
        acme="def get_provider(): return lambda: ('AKIAEXAMPLE000000000', 'made-up-secret'),"
        " lambda: False",
        test_it="""
        import plugincreds, pytest
        from plugincreds.testing import FakePlugin, PluginContract
        pytest_plugins = ["plugincreds.testing"]
        class TestIt(PluginContract):
            getter = "acme:get_provider"
            @pytest.fixture
            def configured(self, plugins_as_if_installed):
                plugins_as_if_installed({"broker": FakePlugin()})
        def test_after():
            found = [plugin.distribution for plugin in plugincreds.installed_plugins()]
            assert "as-if-installed" not in found
        """,
    )
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "default")
    assert "failed" not in result.parseoutcomes(), result.stdout.str()
    assert "errors" not in result.parseoutcomes()
