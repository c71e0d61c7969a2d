"""Adapters between a source and the credentials objects of botocore."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from plugincreds._contract import Value
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.policy import NEVER, State
from plugincreds._lifecycle.retrieval import judged
from plugincreds._settings import PROVIDER_NAME
from plugincreds._source import Source
from plugincreds._threads import as_failure

_COPYING = (
    "Credentials of {} cannot be pickled or copied, because they are bound to the plugin in this "
    "process. Pass on get_frozen_credentials(), or create a session where they are needed."
)
_WATCH = 1.0  # seconds after which is_expired() is timed again, so that a slow one is noticed

Freeze = Callable[[Value], Any]


def method_of(plugin: str) -> str:
    """Return the attribute `method` of botocore's credentials for a plugin's name."""
    return f"{PROVIDER_NAME}:{plugin}"


class Ready:
    """What a signature needs as long as no decision is necessary. It never changes.

    It is not a tuple, because crash reporters show the elements of tuples, and this holds keys.

    Attributes:
        value: The credentials.
        frozen: The same, as botocore's frozen credentials.
        state: The engine's state that holds them. Any other state ends the use of this record.
        since: When it was made. If the clock is set back to before that, it is not used.
        until: Until when it may be used.
    """

    __slots__ = ("frozen", "since", "state", "until", "value")

    def __init__(
        self, value: Value | None, frozen: Any, state: State, since: float, until: float
    ) -> None:
        self.value = value
        self.frozen = frozen
        self.state = state
        self.since = since
        self.until = until

    def next(self, value: Value, engine: RefreshEngine, freeze: Freeze) -> "Ready":
        """Return the record for the next signature, after the engine has given credentials."""
        frozen = self.frozen if self.value is value else freeze(value)
        state, now = engine.state, engine.clock()
        if state.value is not value:  # another thread has newer ones; the next signature asks
            return Ready(value, frozen, state, now, -NEVER)
        until = state.fresh_until
        if engine.is_expired is not None:
            until = min(until, now + _WATCH)
        return Ready(value, frozen, state, max(now, state.fresh_from), until)


NOT_READY = Ready(None, None, State(), NEVER, -NEVER)


class Adapter:
    """What the adapters to botocore and to aiobotocore have in common.

    They hold no credentials except those in their `Ready` record. Each attribute may come from
    newer credentials than the attribute read before it; `get_frozen_credentials()` takes them all
    from the same ones.
    """

    _advisory_refresh_timeout: float  # of botocore's class

    def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
        # Not super().__init__(): the engine holds the credentials, and decides when to refresh.
        self.method = method_of(source.plugin.name)
        self._engine = source.engine
        self._profile_account_id = account_id
        # A function of this object instead of a method, for speed: see frozen_reader().
        self.get_frozen_credentials = self._reader(source.engine, _freezer(frozen, account_id))

    @staticmethod
    def _reader(engine: RefreshEngine, freeze: Freeze) -> Callable[[], Any]:
        raise NotImplementedError

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


def once_for_each(create: Callable[[type[Any]], type[Any]]) -> Callable[[type[Any]], type[Any]]:
    """Return a function that keeps what it has created for each class.

    In contrast to `functools.cache`, it returns the same object to threads that call it at once.
    """
    created: dict[type[Any], type[Any]] = {}
    return lambda base: created.get(base) or created.setdefault(base, create(base))


@once_for_each
def credentials_class(base: type[Any]) -> type[Any]:
    """Return `PluginCredentials` for one botocore's `RefreshableCredentials`."""

    class PluginCredentials(Adapter, base):  # type: ignore[misc] # botocore has no type information
        """Adapter to botocore's `RefreshableCredentials`."""

        _reader = staticmethod(frozen_reader)
        access_key = property(lambda self: self.get_frozen_credentials().access_key)
        secret_key = property(lambda self: self.get_frozen_credentials().secret_key)
        token = property(lambda self: self.get_frozen_credentials().token)
        account_id = property(lambda self: self._account_of(self._engine.get()))

        def _refresh(self) -> None:
            self._engine.get()

    return PluginCredentials


def frozen_reader(engine: RefreshEngine, freeze: Freeze) -> Callable[[], Any]:
    """Return the function `get_frozen_credentials` of one adapter.

    Every signature calls it. So for speed the common case, where no refresh is due, is one frame,
    and uses variables of this function, which are faster than attributes.
    """
    clock, is_expired, ready = engine.clock, engine.is_expired, NOT_READY

    def get_frozen_credentials() -> Any:
        nonlocal ready
        if ready.state is engine.state and ready.since <= clock() < ready.until:
            # No variable holds the frozen credentials while the plugin's code runs: tracebacks
            # may be shown with their variables.
            try:
                if is_expired is None or (answer := is_expired()) is False:
                    return ready.frozen
            except BaseException as error:  # noqa: BLE001 - interruptions are raised again
                answer = as_failure(error)
            state, reported = ready.state, judged(answer, engine.reporter)
            del answer
        else:
            state = engine.state
            reported = engine.ask(state)
        # One assignment, so that no other thread sees a mix of old and new credentials.
        ready = latest = ready.next(engine.outcome(state, reported).result(), engine, freeze)
        return latest.frozen

    return get_frozen_credentials


def _freezer(kind: type[Any], account_id: str | None) -> Freeze:
    """Return the function that freezes credentials; botocore's older class has no account_id."""
    fields = kind._fields

    def freeze(value: Value) -> Any:
        facts = {name: getattr(value, name) for name in fields}
        if "account_id" in facts:
            facts["account_id"] = value.account_id or account_id
        return kind(**facts)

    return freeze
