"""A plugin's two functions as one object, with checked answers (Go: `plugincreds.Provider`)."""

from collections.abc import Awaitable, Callable

from plugincreds._contract import PluginAnswer, Value
from plugincreds._errors import InvalidSymbolError, PluginIsExpiredNilError, PluginRetrieveNilError
from plugincreds._lifecycle.cache import CredentialsCache
from plugincreds._lifecycle.policy import Failure
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import judged

_ADVICE = "Pass the two functions of a plugin, as get_plugin_provider_fns() returns them."


class Provider:
    """A retrieve and an is_expired function. Nothing is kept between calls.

    It corresponds to the Go package's struct `Provider`. To keep credentials and refresh them in
    time, pass its two methods to `CredentialsCache`; `new_credentials()` and `create_session()` do
    that for a plugin.

    Args:
        retrieve_fn: Returns credentials in any shape of the contract, or raises; it may be a
            coroutine function (Go: `RetrieveFn`).
        is_expired_fn: Returns a bool (Go: `IsExpiredFn`).

    Raises:
        PluginRetrieveNilError: `retrieve_fn` is None.
        PluginIsExpiredNilError: `is_expired_fn` is None.
        InvalidSymbolError: One of them is not callable.
    """

    def __init__(
        self,
        retrieve_fn: Callable[[], PluginAnswer | Awaitable[PluginAnswer]],
        is_expired_fn: Callable[[], bool],
    ) -> None:
        if retrieve_fn is None:
            raise PluginRetrieveNilError(f"A provider has no retrieve function. {_ADVICE}")
        if is_expired_fn is None:
            raise PluginIsExpiredNilError(f"A provider has no is_expired function. {_ADVICE}")
        for function in (retrieve_fn, is_expired_fn):
            if not callable(function):
                found = f"A provider was given an object of type {type(function).__name__}"
                raise InvalidSymbolError(f"{found} in place of a function. {_ADVICE}")
        self.retrieve_fn = retrieve_fn
        self.is_expired_fn = is_expired_fn

    def retrieve(self) -> Value:
        """Call the function, and return the checked credentials (Go: `Retrieve`).

        Raises:
            PluginProviderRetrieveError: It raised, which is the `__cause__`, or it declined, or
                its answer breaks the contract.
        """
        return CredentialsCache(self.retrieve_fn).get()

    def is_expired(self) -> bool:
        """Call the function, and return its answer (Go: `IsExpired`).

        Raises:
            PluginProviderRetrieveError: It raised, which is the `__cause__`, or returned no bool.
        """
        answer: object
        try:
            answer = self.is_expired_fn()
        except Exception as error:  # noqa: BLE001 - any exception of the function
            answer = error
        reported = judged(answer, Reporter("A provider"))
        if isinstance(reported, Failure):
            raise reported.error()
        return reported
