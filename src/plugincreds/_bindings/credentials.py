"""Adapters between a source and the credentials objects of botocore."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime, timezone
from typing import Any

from plugincreds._contract import Value
from plugincreds._errors import PluginProviderRetrieveError
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
_SETTING = (
    "The attribute {} of {} cannot be set, because the plugin supplies these credentials. To sign "
    "with other keys, pass them to the session or the client; to force a refresh, set _expiry_time "
    "to a past time."
)
_NO_EXPIRY = 10 * 365 * 24 * 3600.0  # seconds: longer than what callers cap or compare it with
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


def _read_only(name: str, read: Callable[[Any], Any]) -> Any:
    """Return a property that can be set only to what it already is.

    Other keys would be ignored, or would make these credentials another identity's.
    """

    def keep(adapter: Any, given: Any) -> None:
        if given != read(adapter):
            raise AttributeError(_SETTING.format(name, adapter.method))

    return property(read, keep)


def _current(key: str) -> Any:
    return _read_only(key, lambda self: self._metadata().get(key))


class Adapter:
    """What the adapters to botocore and to aiobotocore have in common.

    They hold no credentials except those in their `Ready` record. Each attribute may come from
    newer credentials than the attribute read before it; `get_frozen_credentials()` takes them all
    from the same ones.

    Libraries use the private attributes of botocore's class, too. Those below are read without a
    refresh, as they are there.
    """

    _advisory_refresh_timeout: float  # of botocore's class
    _reader: Callable[[RefreshEngine, Freeze], Callable[[], Any]]  # of the two adapters
    _create_lock: Callable[[], Any]
    _access_key = _current("access_key")
    _secret_key = _current("secret_key")
    _token = _current("token")
    _account_id = _current("account_id")
    _frozen_credentials = _read_only("_frozen_credentials", lambda self: self._frozen())
    _refresh_using = _read_only("_refresh_using", lambda self: self._new_metadata)
    _staged_expiry_time = None

    def __init__(self, source: Source, frozen: type[Any], account_id: str | None) -> None:
        # Not super().__init__(): the engine holds the credentials, and decides when to refresh.
        self.method = method_of(source.plugin.name)
        self.source = source
        self._engine = source.engine
        self._profile_account_id = account_id
        self._freeze = _freezer(frozen, account_id)
        self._refresh_lock = self._create_lock()  # for callers only; the engine has its own
        self._past_expiry: datetime | None = None
        # A function of this object instead of a method, for speed: see frozen_reader().
        self.get_frozen_credentials = self._reader(source.engine, self._freeze)

    def _account_of(self, value: Value) -> str | None:
        return value.account_id or self._profile_account_id

    def _frozen(self) -> Any:
        value = self._engine.state.value
        return None if value is None else self._freeze(value)

    def _metadata(self) -> dict[str, str | None]:
        """Return the current credentials in the form that botocore's refreshes return."""
        value = self._engine.state.value
        if value is None:
            return {}
        expiry = value.expiry_time
        return {
            "access_key": value.access_key,
            "secret_key": value.secret_key,
            "token": value.token,
            "expiry_time": None if expiry is None else expiry.isoformat(),
            "account_id": self._account_of(value),
        }

    @property
    def _expiry_time(self) -> datetime | None:
        state = self._engine.state
        if state.is_due and self._past_expiry is not None:
            return self._past_expiry
        return None if state.value is None else state.value.expiry_time

    @_expiry_time.setter
    def _expiry_time(self, given: datetime | None) -> None:
        """Force a refresh at the next use, if botocore would refresh then, too."""
        value = self._engine.state.value
        if value is None or given != value.expiry_time:
            if given is None or self._seconds_until(given) >= self._advisory_refresh_timeout:
                raise AttributeError(_SETTING.format("_expiry_time", self.method))
            self._engine.hasten()
        self._past_expiry = given

    def _time_fetcher(self) -> datetime:
        return datetime.fromtimestamp(self._engine.clock(), timezone.utc)

    def _seconds_until(self, expiry: datetime) -> float:
        return (expiry - self._time_fetcher()).total_seconds()

    def _seconds_remaining(self) -> float:
        expiry = self._expiry_time
        return _NO_EXPIRY if expiry is None else self._seconds_until(expiry)

    def _set_from_data(self, data: dict[str, Any]) -> None:
        """Accept what `_refresh_using()` has returned: these are the current credentials."""
        if not data.items() <= self._metadata().items():
            raise AttributeError(_SETTING.format("access_key", self.method))

    def _normalize(self) -> None:
        """Do nothing, because each `Value` has been checked and is published as a whole."""

    _publish_refresh = _normalize

    def _raise_failure(self) -> None:
        """Raise the failure of the last refresh, if it has failed."""
        failure = self._engine.state.failure
        if failure is not None:
            raise failure.error()

    def __reduce__(self) -> Any:
        raise TypeError(_COPYING.format(self.method))


def failures_of_refresh(*, is_mandatory: bool) -> AbstractContextManager[object]:
    """Return what raises the failures of a mandatory refresh, and suppresses those of others."""
    return nullcontext() if is_mandatory else suppress(PluginProviderRetrieveError)


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

        def get_frozen_credentials(self) -> Any:  # for callers that take it from the class
            return vars(self)["get_frozen_credentials"]()

        _create_lock = staticmethod(threading.Lock)
        create_from_metadata = base.create_from_metadata  # of other credentials: the base class's
        # The base class's setters set _access_key and so on, which are read-only.
        access_key = base.access_key.getter(lambda self: self.get_frozen_credentials().access_key)
        secret_key = base.secret_key.getter(lambda self: self.get_frozen_credentials().secret_key)
        token = base.token.getter(lambda self: self.get_frozen_credentials().token)
        account_id = getattr(base, "account_id", property()).getter(  # not in older ones
            lambda self: self._account_of(self._engine.get())
        )

        def _refresh(self) -> None:
            self._engine.get()

        def _protected_refresh(self, is_mandatory: bool) -> None:  # noqa: FBT001 - as in botocore
            with failures_of_refresh(is_mandatory=is_mandatory):
                self._engine.outcome(self._engine.hasten(), False).result()  # noqa: FBT003 - not asked
                self._raise_failure()

        def _new_metadata(self) -> dict[str, str | None]:
            self._protected_refresh(is_mandatory=True)
            return self._metadata()

    return PluginCredentials


def frozen_reader(engine: RefreshEngine, freeze: Freeze) -> Callable[[], Any]:
    """Return the function `get_frozen_credentials` of one adapter.

    Every signature calls it. So for speed the common case, where no refresh is due, is one frame,
    and uses variables of this function, which are faster than attributes.
    """
    clock, is_expired, ready = engine.clock, engine.is_expired, NOT_READY

    def get_frozen_credentials() -> Any:
        nonlocal ready
        # One reading and one assignment: a late thread may put an older record in its place.
        mine = ready
        if mine.state is engine.state and mine.since <= clock() < mine.until:
            # No variable shows the frozen credentials while the plugin's code runs: tracebacks
            # may be shown with their variables.
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
        ready = mine = mine.next(engine.outcome(state, reported).result(), engine, freeze)
        return mine.frozen

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
