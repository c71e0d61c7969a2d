"""aiobotocore: the same provider and the same sources, awaited."""

import os
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from plugincreds._bindings.botocore import PluginProvider
from plugincreds._errors import again
from plugincreds._flight import plugins_in_flight
from plugincreds._loops import in_thread, settled

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
        from plugincreds._bindings._aio_credentials import aio_credentials_class  # noqa: PLC0415

        kind = aio_credentials_class(self._module.AioRefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    @property
    def _base_package(self) -> str:
        return "botocore"  # what plugins do in a thread needs no event loop
