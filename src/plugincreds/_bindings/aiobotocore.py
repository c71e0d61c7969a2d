"""aiobotocore: the same provider and the same sources, awaited.

The face that aiobotocore sees of a source's cache.
"""

import os
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Any

from plugincreds._bindings.credentials import View
from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._contract import Value
from plugincreds._errors import again
from plugincreds._lifecycle.awaiting import in_thread, settled, value_of
from plugincreds._reentrancy import plugins_in_flight
from plugincreds._source import Source

if TYPE_CHECKING:
    from plugincreds._source import Source


class AioPluginProvider(PluginProvider):
    """A provider in aiobotocore's chain, or behind a profile, that asks plugins.

    It loads in a thread, since discovery, a plugin's import and its first `retrieve()` may all
    block. Tasks that load at once share one thread.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # The process that began it, and what comes of it: a fork has no such thread.
        self._loading: tuple[int, Future[Any]] | None = None

    async def load(self) -> Any:
        """Return aiobotocore credentials over the plugin's source, as the base class does."""
        under_way, process = self._loading, os.getpid()
        # A plugin that asks for itself must hear that, rather than wait for itself.
        is_mine = (
            under_way is None
            or under_way[0] != process
            or under_way[1].done()
            or bool(plugins_in_flight())
        )
        if under_way is None or is_mine:
            under_way = self._loading = process, in_thread(super().load)
        try:
            return await settled(under_way[1])
        except Exception as error:
            if is_mine:
                raise
            raise again(error) from error.__cause__
        finally:
            if self._loading is under_way and under_way[1].done():
                self._loading = None  # what it raised holds frames

    def credentials(self, source: "Source", account_id: str | None = None) -> Any:
        """Return what aiobotocore signs with, for a source."""
        from plugincreds._bindings.aiobotocore import aio_credentials_class  # noqa: PLC0415

        kind = aio_credentials_class(self._module.AioRefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    @property
    def _base_package(self) -> str:
        return "botocore"  # what plugins do in a thread needs no event loop


@cache
def aio_credentials_class(base: type[Any]) -> type[Any]:
    """Return `AioPluginCredentials` for one aiobotocore's `AioRefreshableCredentials`.

    Its attributes, such as `access_key`, raise NotImplementedError, as those of its base do.
    """

    class AioPluginCredentials(View, base):  # type: ignore[misc] # nor has aiobotocore
        """What aiobotocore signs with."""

        def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
            super().__init__(source, frozen, account_id)
            self._begin = source.cache.begin

        async def get_frozen_credentials(self) -> Any:
            value = self._look(self._begin)
            if not isinstance(value, Value):
                value = await value_of(self._cache, value)
            known, frozen = self._latest
            return frozen if known is value else self._as_frozen(value)

        async def get_access_key(self) -> str:
            return (await value_of(self._cache)).access_key

        async def get_secret_key(self) -> str:
            return (await value_of(self._cache)).secret_key

        async def get_token(self) -> str | None:
            return (await value_of(self._cache)).token

        async def get_account_id(self) -> str | None:
            return self._account_of(await value_of(self._cache))

        async def _refresh(self) -> None:
            await value_of(self._cache)

    return AioPluginCredentials
