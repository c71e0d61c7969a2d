"""The face that aiobotocore sees of a source's cache."""

from functools import cache
from typing import Any

from plugincreds._awaiting import value_of
from plugincreds._bindings._credentials import View
from plugincreds._contract import Value
from plugincreds._source import Source


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
