"""The contract of an installed plugin, in botocore's chain and in aiobotocore's."""

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest

import plugincreds
from plugincreds import PluginError
from plugincreds._plugins.discovery import GROUP
from plugincreds._plugins.references import module_and_attribute
from plugincreds.testing._contract.hooks import Hooks
from plugincreds.testing._contract.subject import (
    DEFAULT_NAME,
    GETTER_TEST,
    OpenedPlugin,
    raised,
    refer_to,
)
from plugincreds.testing._site import fake_installation, really_installed


class ChainTests(Hooks):
    """How pip declares it, and how botocore and aiobotocore use it."""

    def test_entry_point_names_the_getter(self) -> None:
        """The package declares the plugin, so that it is found after its installation."""
        if self.name is None:
            pytest.skip(
                f"{type(self).__name__} has no name. Set name to that of the entry point, and "
                "this test compares it with the installed package"
            )
        try:
            wanted = self._load().plugin
        except PluginError:
            refer_to(GETTER_TEST)
        found = really_installed(self.name)
        if [*map(module_and_attribute, found)] != [module_and_attribute(wanted)]:
            values = " and ".join(repr(plugin.value) for plugin in found)
            self._broken(
                f"The entry points named {self.name!r} in the group {GROUP} "
                f"{f'are {values}' if found else 'do not exist'}",
                f"there is one, and it is {wanted.value!r}",
                "correct the group, the name or the value in pyproject.toml, and install the "
                "package again (pip install -e .)",
            )

    @pytest.mark.usefixtures("plugin_selected")
    def test_works_in_botocores_chain(self) -> None:
        """Installed and selected, it gives credentials, and does not ask for its own."""
        self._judge_chain("botocore", _in_botocore)

    @pytest.mark.usefixtures("plugin_selected")
    def test_works_in_aiobotocores_chain(self) -> None:
        """The same in an event loop, as with s3fs and aioboto3."""
        reason = "aiobotocore is not installed here. Install it, and this test runs"
        pytest.importorskip("aiobotocore.session", reason=reason)
        if self._call("The chain", _in_botocore)[1] is not None:
            refer_to("test_works_in_botocores_chain")
        plugincreds.reset()
        self._judge_chain("aiobotocore", lambda: asyncio.run(_in_aiobotocore()))

    @pytest.fixture
    def plugin_selected(
        self,
        plugin_ready: OpenedPlugin,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[None]:
        """Install and select the plugin, if nothing else is wrong that the chain would find."""
        self._is_expired_or_skip(plugin_ready)
        is_same = plugin_ready.functions.is_same
        if is_same is not None and self._call("cache_key()", is_same)[0] is not True:
            refer_to("test_cache_key_is_stable")
        name = self.name or DEFAULT_NAME
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", name)
        if self.profile != "default" and "AWS_PROFILE" not in os.environ:
            monkeypatch.setenv("AWS_PROFILE", self.profile)
        # Its own installation: the author's fixtures may have installed others.
        with fake_installation(monkeypatch, tmp_path_factory.mktemp("selected")) as plugins:
            plugins({name: self.getter})
            yield

    def _judge_chain(self, whose: str, ask: Callable[[], None]) -> None:
        _, error = self._call("The chain", ask)
        if error is not None:
            self._broken(
                f"In {whose}'s chain it fails, though it works by itself: "
                f"{raised(error.__cause__ or error)}",
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
