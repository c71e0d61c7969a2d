"""What the contract says of a plugin that is installed."""

# ruff: noqa: ARG002 - a test that takes plugin_value is skipped where there is none

import asyncio
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import plugincreds
from plugincreds._contract import Value
from plugincreds._errors import PluginError
from plugincreds._plugins.discovery import GROUP
from plugincreds._plugins.references import InstalledPlugin, module_and_attribute
from plugincreds.testing._contract.hooks import GETTER_TEST, Hooks
from plugincreds.testing._contract.subject import DEFAULT_NAME, Opened, not_asked, raised
from plugincreds.testing._site import as_if_installed, installed_in_truth


class ChainTests(Hooks):
    """What pip, botocore and aiobotocore make of it."""

    def test_entry_point_names_the_getter(self) -> None:
        """The package declares the plugin, so that it is found once it is installed."""
        if self.name is None:
            pytest.skip(
                f"{type(self).__name__} has no name. Set name to that of the entry point, and "
                "this test compares it with the installed package"
            )
        try:
            wanted = self._load().plugin
        except PluginError:
            not_asked(GETTER_TEST)
        found = [plugin.value for plugin in installed_in_truth(self.name)]
        places = [module_and_attribute(InstalledPlugin("", each, "", "")) for each in found]
        if places != [module_and_attribute(wanted)]:
            what = f"are {' and '.join(map(repr, found))}" if found else "do not exist"
            self._broken(
                f"The entry points named {self.name!r} in the group {GROUP} {what}",
                f"there is one, and it is {wanted.value!r}",
                "correct the group, the name or the value in pyproject.toml, and install the "
                "package again (pip install -e .)",
            )

    def test_works_in_botocores_chain(self, plugin_selected: None) -> None:
        """Installed and selected, it signs, and does not ask for its own credentials."""
        self._judge_chain("botocore", _in_botocore)

    def test_works_in_aiobotocores_chain(self, plugin_selected: None) -> None:
        """The same in an event loop, as s3fs and aioboto3 do."""
        reason = "aiobotocore is not installed here. Install it, and this test runs"
        pytest.importorskip("aiobotocore.session", reason=reason)
        if self._call("The chain", _in_botocore)[1] is not None:
            not_asked("test_works_in_botocores_chain")
        plugincreds.reset()
        self._judge_chain("aiobotocore", lambda: asyncio.run(_in_aiobotocore()))

    @pytest.fixture
    def plugin_selected(
        self,
        plugin_opened: Opened,
        plugin_value: Value,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[None]:
        """Install and select the plugin, if nothing else is wrong that the chain would find."""
        self._asked(plugin_opened)
        is_same = plugin_opened.functions.is_same
        if is_same is not None and self._call("cache_key()", is_same)[0] is not True:
            not_asked("test_cache_key_is_stable")
        name = self.name or DEFAULT_NAME
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", name)
        if self.profile != "default" and "AWS_PROFILE" not in os.environ:
            monkeypatch.setenv("AWS_PROFILE", self.profile)
        # A set of its own: the author's fixtures may have installed others.
        with as_if_installed(monkeypatch, tmp_path_factory.mktemp("selected")) as plugins:
            plugins({name: self.getter})
            yield

    def _judge_chain(self, whose: str, ask: Callable[[], None]) -> None:
        _, error = self._call("The chain", ask)
        if error is not None:
            cause: Any = error.__cause__ or error
            self._broken(
                f"In {whose}'s chain it fails, though it works by itself: {raised(cause)}",
                "a plugin that needs AWS uses context.session or plugincreds.base_session(), and "
                "never a session that would ask the plugin itself",
                "if it makes a client or session, replace that one",
            )


def _in_botocore() -> None:
    import botocore.session  # noqa: PLC0415 - it is slow

    botocore.session.Session().get_credentials().get_frozen_credentials()


async def _in_aiobotocore() -> None:
    from aiobotocore.session import AioSession  # noqa: PLC0415 - few have it

    credentials = await AioSession().get_credentials()
    await credentials.get_frozen_credentials()
