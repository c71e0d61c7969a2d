"""aiobotocore: the same provider and the same sources, awaited."""

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
        self._loading: Future[Any] | None = None

    async def load(self) -> Any:
        """Return aiobotocore credentials over the plugin's source, as the base class does."""
        loading, is_mine = self._loading, False
        # A plugin that asks for itself must hear that, rather than wait for itself.
        if loading is None or plugins_in_flight():
            is_mine = True
            loading = self._loading = in_thread(super().load, self._forget)
        try:
            return await settled(loading)
        except Exception as error:
            if is_mine:
                raise
            raise again(error) from error.__cause__

    def credentials(self, source: "Source", account_id: str | None = None) -> Any:
        """Return what aiobotocore signs with, for a source."""
        from plugincreds._bindings._credentials import aio_credentials_class  # noqa: PLC0415

        kind = aio_credentials_class(self._module.AioRefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    @property
    def _base_package(self) -> str:
        return "botocore"  # what plugins do in a thread needs no event loop

    def _forget(self) -> None:
        self._loading = None
