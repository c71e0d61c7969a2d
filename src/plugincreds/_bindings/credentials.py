"""The adapter between a source and what botocore signs with."""

from datetime import datetime
from functools import cache
from typing import Any

from plugincreds._contract import Value
from plugincreds._lifecycle.policy import State
from plugincreds._lifecycle.retrieval import judged
from plugincreds._settings import PROVIDER_NAME
from plugincreds._source import Source
from plugincreds._threads import as_failure

_COPYING = (
    "Credentials of {} cannot be pickled or copied, because they are bound to the plugin in this "
    "process. Pass get_frozen_credentials() on, or make a session where they are needed."
)
_WATCH = 1.0  # seconds after which is_expired() is timed again


def method_of(plugin: str) -> str:
    """Return what botocore's credentials say of their origin, for a plugin's name."""
    return f"{PROVIDER_NAME}:{plugin}"


class Ready:
    """What a signature needs, if nothing has to be decided. It never changes.

    Not a tuple: crash reporters look into tuples, and this holds keys.

    Attributes:
        state: The engine's state that it was made of. It is of no use once the engine has another.
        since: The time at which it was made. A clock that was set back to before makes it useless.
        until: The time until which it may be used.
        frozen: The frozen credentials.
    """

    __slots__ = ("frozen", "since", "state", "until")

    def __init__(self, state: State, since: float, until: float, frozen: Any) -> None:
        self.state = state
        self.since = since
        self.until = until
        self.frozen = frozen


_NOT_READY = Ready(State(), 0.0, 0.0, None)


class Adapter:
    """What the adapters to botocore and to aiobotocore have in common.

    They hold no credentials of their own, only what they have last seen in the engine. Each
    attribute may come from newer credentials than the one that was read before it;
    `get_frozen_credentials()` takes them all from one value.
    """

    _advisory_refresh_timeout: float  # of botocore's class

    def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
        # Not super().__init__(): the engine holds the credentials, and decides when to refresh.
        self.method = method_of(source.plugin.name)
        self._engine = source.engine
        self._clock = source.engine.clock
        self._reports_expired = source.engine.is_expired
        self._frozen = frozen
        self._frozen_fields = frozen._fields  # older ones have no account_id
        self._profile_account_id = account_id
        self._ready = _NOT_READY

    def _freeze(self, value: Value) -> Any:
        """Return the credentials as botocore passes them on, and keep them for the next use."""
        ready, state = self._ready, self._engine.state
        if ready.state.value is value:
            frozen = ready.frozen
        else:
            facts = {name: getattr(value, name) for name in self._frozen_fields}
            if "account_id" in facts:
                facts["account_id"] = self._account_of(value)
            frozen = self._frozen(**facts)
        if state.value is value:  # else there are newer ones, which the next use finds
            now, until = self._clock(), state.fresh_until
            if self._reports_expired is not None:
                until = min(until, now + _WATCH)
            # One assignment, so that no reader sees a mix of two.
            self._ready = Ready(state, max(now, state.fresh_from), until, frozen)
        return frozen

    def _account_of(self, value: Value) -> str | None:
        return value.account_id or self._profile_account_id

    @property
    def _expiry_time(self) -> datetime | None:
        value = self._engine.state.value
        return None if value is None else value.expiry_time

    def refresh_needed(self, refresh_in: float | None = None) -> bool:
        """Tell whether the credentials expire within so many seconds, as botocore's does."""
        expiry = self._expiry_time
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

    class PluginCredentials(Adapter, base):  # type: ignore[misc] # botocore has no type information
        """What botocore signs with."""

        def get_frozen_credentials(self) -> Any:
            # Every signature comes here, so that what is decided without the engine is written
            # out. The frozen credentials are in no variable while the plugin's code runs: a
            # traceback may be shown with the variables of its frames.
            engine, ready = self._engine, self._ready
            state = engine.state
            if state is ready.state and ready.since <= self._clock() < ready.until:
                try:
                    answer = self._reports_expired is not None and self._reports_expired()
                except BaseException as error:  # noqa: BLE001 - interruptions are raised again
                    answer = as_failure(error)
                if answer is False:
                    return ready.frozen
                reported = judged(answer, engine.reporter)
                del answer
            else:
                reported = engine.ask(state)
            return self._freeze(engine.outcome(state, reported).result())

        access_key = property(lambda self: self.get_frozen_credentials().access_key)
        secret_key = property(lambda self: self.get_frozen_credentials().secret_key)
        token = property(lambda self: self.get_frozen_credentials().token)
        account_id = property(lambda self: self._account_of(self._engine.get()))

        def _refresh(self) -> None:
            self._engine.get()

    return PluginCredentials
