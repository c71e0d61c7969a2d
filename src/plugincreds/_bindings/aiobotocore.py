"""The provider and the adapter for aiobotocore, which share their sources with botocore's."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from plugincreds._base_identity import environment_digest
from plugincreds._bindings.credentials import (
    NOT_READY,
    Adapter,
    Freeze,
    failures_of_refresh,
    once_for_each,
)
from plugincreds._bindings.plugin_provider import PluginProvider, told_apart
from plugincreds._errors import again
from plugincreds._lifecycle.awaiting import in_thread, refreshed, settled
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.retrieval import judged
from plugincreds._reentrancy import active_plugins
from plugincreds._selection import Selection, one_environment
from plugincreds._threads import as_failure

if TYPE_CHECKING:
    from plugincreds._source import Source


class AioPluginProvider(PluginProvider):
    """A provider in aiobotocore's chain, or for a profile, that asks plugins.

    It loads in a thread, because discovery, a plugin's import and its first `retrieve()` may all
    block. Tasks that load the same at the same time share one thread.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # What the thread loads, and its future.
        self._loading: tuple[tuple[int, Selection, str], Future[Any]] | None = None

    @staticmethod
    def loader(chain: Callable[[], Any]) -> Callable[[], Any]:
        """Return the coroutine function `load_credentials`, as the base class does."""

        async def load_credentials() -> Any:
            with one_environment():
                return told_apart(await chain().load_credentials())

        return load_credentials

    async def load(self, chosen: Selection | None = None) -> Any:
        """Return aiobotocore credentials for the plugin's source, as the base class does."""
        # In a forked child, the thread does not run.
        loading, chosen = self._loading, self.chosen() if chosen is None else chosen
        wanted = os.getpid(), chosen, environment_digest()
        # A plugin that asks for its own credentials must be refused, and not wait for itself. So
        # its thread is never shared.
        is_mine = (
            loading is None or loading[0] != wanted or loading[1].done() or bool(active_plugins())
        )
        if loading is None or is_mine:
            # The thread may outlive this load, and with it the environment that this load sees.
            loading = self._loading = wanted, in_thread(partial(super().load, chosen))
        try:
            return await settled(loading[1])
        except Exception as error:
            if is_mine:
                raise
            raise again(error) from error.__cause__
        finally:
            if self._loading is loading and loading[1].done():
                self._loading = None  # an exception in it would keep frames alive

    def credentials(self, source: "Source", account_id: str | None = None) -> Any:
        """Return the adapter that aiobotocore signs with, for a source."""
        kind = aio_credentials_class(self._module.AioRefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    @property
    def _base_package(self) -> str:
        return "botocore"  # plugins run in a thread, where they need no event loop


@once_for_each
def aio_credentials_class(base: type[Any]) -> type[Any]:
    """Return `AioPluginCredentials` for one aiobotocore's `AioRefreshableCredentials`.

    Its attributes, such as `access_key`, raise NotImplementedError, as those of its base do.
    """

    class AioPluginCredentials(Adapter, base):  # type: ignore[misc] # nor has aiobotocore
        """Adapter to aiobotocore's `AioRefreshableCredentials`."""

        _reader = staticmethod(aio_frozen_reader)
        create_from_metadata = base.create_from_metadata  # of other credentials: the base class's

        def _create_lock(self) -> asyncio.Lock:
            return asyncio.Lock()

        async def get_frozen_credentials(self) -> Any:  # for callers that take it from the class
            return await vars(self)["get_frozen_credentials"]()

        async def get_access_key(self) -> Any:
            return (await self.get_frozen_credentials()).access_key

        async def get_secret_key(self) -> Any:
            return (await self.get_frozen_credentials()).secret_key

        async def get_token(self) -> Any:
            return (await self.get_frozen_credentials()).token

        async def get_account_id(self) -> str | None:
            state = self._engine.state
            return self._account_of(await refreshed(self._engine, state, self._engine.ask(state)))

        async def _refresh(self) -> None:
            await self.get_frozen_credentials()

        async def _protected_refresh(self, is_mandatory: bool) -> None:  # noqa: FBT001 - as in botocore
            with failures_of_refresh(is_mandatory=is_mandatory):
                await refreshed(self._engine, self._engine.hasten(), False)  # noqa: FBT003 - not asked
                self._raise_failure()

        async def _new_metadata(self) -> dict[str, str | None]:
            await self._protected_refresh(is_mandatory=True)
            return self._metadata()

    return AioPluginCredentials


def aio_frozen_reader(engine: RefreshEngine, freeze: Freeze) -> Callable[[], Awaitable[Any]]:
    """Return the coroutine function `get_frozen_credentials` of one adapter.

    It works as in `frozen_reader`, except that a refresh is awaited.
    """
    clock, is_expired, ready = engine.clock, engine.is_expired, NOT_READY

    async def get_frozen_credentials() -> Any:
        nonlocal ready
        mine = ready
        if mine.state is engine.state and mine.since <= clock() < mine.until:
            try:
                if is_expired is None or (answer := is_expired()) is False:
                    return mine.frozen
            except BaseException as error:  # noqa: BLE001 - interruptions are raised again
                answer = as_failure(error)
            state, reported = mine.state, judged(answer, engine.reporter)
            del answer
        else:
            state = engine.state
            reported = engine.ask(state)
        value = await refreshed(engine, state, reported)
        ready = mine = mine.next(value, engine, freeze)
        return mine.frozen

    return get_frozen_credentials
