"""A cache's value behind `await`: the loop goes on while a thread retrieves."""

from plugincreds._contract import Value
from plugincreds._flight import waiting_for
from plugincreds._loops import settled
from plugincreds._refresh import CredentialsCache
from plugincreds._single_flight import Waiting


async def value_of(cache: CredentialsCache, found: Value | Waiting | None = None) -> Value:
    """Return a value that may be used now, as `CredentialsCache.get()` does, without blocking.

    `found` is what `begin` has returned, where somebody has already looked.

    Raises:
        PluginProviderRetrieveError: The plugin gave none, and none is left to serve.
        PluginError: The plugin itself asks, while it retrieves this value.
    """
    while True:
        waiting = cache.look(cache.begin) if found is None else found
        if isinstance(waiting, Value):
            return waiting
        who = cache.reporter
        with waiting_for(cache.mark, who.label, who.plugin, who.distribution):
            outcome = await settled(waiting.errand.future, who.warn_of_wait)
        if outcome is None:
            if waiting.is_mine and waiting.errand.interrupted_by is not None:
                raise waiting.errand.interrupted_by
        elif not (waiting.given_up and outcome.value and outcome.failure):
            return outcome.result()
        found = None  # interrupted for somebody else, or served on though given up by now
