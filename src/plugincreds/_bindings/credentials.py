"""The face that botocore sees of a source's cache, and what aiobotocore's has in common."""

from datetime import datetime
from functools import cache
from typing import Any

from plugincreds._contract import Value
from plugincreds._settings import PROVIDER_NAME
from plugincreds._source import Source

_COPYING = (
    "Credentials of {} cannot be pickled or copied, because they are bound to the plugin in this "
    "process. Pass get_frozen_credentials() on, or make a session where they are needed."
)


def method_of(plugin: str) -> str:
    """Return what botocore's credentials say of their origin, for a plugin's name."""
    return f"{PROVIDER_NAME}:{plugin}"


class View:
    """What both faces have in common: they hold no value, only look at a source's cache.

    Each attribute may come from a newer value than the one that was read before it;
    `get_frozen_credentials()` takes them all from one.
    """

    _advisory_refresh_timeout: float  # of botocore's class

    def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
        # Not super().__init__(): the value, and when to renew it, is the cache's business.
        self.method = method_of(source.plugin.name)
        self._cache = source.cache
        self._get = source.cache.get
        self._look = source.cache.look
        self._frozen = frozen
        self._frozen_fields = frozen._fields  # older ones have no account_id
        self._profile_account_id = account_id
        self._latest: tuple[Any, Any] = (None, None)  # a value, and the same frozen

    def _as_frozen(self, value: Value) -> Any:
        facts = {name: getattr(value, name) for name in self._frozen_fields}
        if "account_id" in facts:
            facts["account_id"] = self._account_of(value)
        frozen = self._frozen(**facts)
        self._latest = value, frozen  # one assignment, so that no reader mixes two
        return frozen

    def _account_of(self, value: Value) -> str | None:
        return value.account_id or self._profile_account_id

    @property
    def _expiry_time(self) -> datetime | None:
        return self._cache.expires_at

    def refresh_needed(self, refresh_in: float | None = None) -> bool:
        """Tell whether the value expires within so many seconds, as botocore's does."""
        expiry = self._cache.expires_at
        if expiry is None:
            return False
        within = self._advisory_refresh_timeout if refresh_in is None else refresh_in
        left = (expiry - datetime.now(expiry.tzinfo)).total_seconds()
        return bool(left < within)

    def __reduce__(self) -> Any:
        raise TypeError(_COPYING.format(self.method))


@cache
def credentials_class(base: type[Any]) -> type[Any]:
    """Return `PluginCredentials` for one botocore's `RefreshableCredentials`."""

    class PluginCredentials(View, base):  # type: ignore[misc] # botocore has no type information
        """What botocore signs with."""

        def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
            super().__init__(source, frozen, account_id)
            self._wait = source.cache.wait

        def get_frozen_credentials(self) -> Any:
            value = self._look(self._wait)  # get(), without its frame: each signature does this
            known, frozen = self._latest
            return frozen if known is value else self._as_frozen(value)

        access_key = property(lambda self: self._get().access_key)
        secret_key = property(lambda self: self._get().secret_key)
        token = property(lambda self: self._get().token)
        account_id = property(lambda self: self._account_of(self._get()))

        def _refresh(self) -> None:
            self._get()

    return PluginCredentials
