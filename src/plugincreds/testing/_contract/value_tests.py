"""What the contract says of `retrieve()`: its answer, its threads, its failures."""

# ruff: noqa: ARG002 - a test that takes plugin_value is skipped where there is none

import asyncio
import math
import time

from plugincreds._contract import Value
from plugincreds._errors import PluginError
from plugincreds._lifecycle.cache import CredentialsCache
from plugincreds._lifecycle.validation import validated
from plugincreds.testing._contract.hooks import VALUE_TEST, Hooks
from plugincreds.testing._contract.subject import (
    THREADS,
    Opened,
    Recording,
    not_asked,
    raised,
    sentence,
)

_EXPIRY_TEST = "test_expiry_is_in_the_future"


class ValueTests(Hooks):
    """What `retrieve()` gives and raises."""

    def test_retrieve_returns_credentials(self, plugin_opened: Opened) -> None:
        """The answer has one of the shapes of the contract; a failure is none of them."""
        attempt = self._retrieved(plugin_opened)
        if attempt.failure is None:
            return
        value, fault = validated(attempt.answer, -math.inf)
        if value is not None:
            not_asked(_EXPIRY_TEST)
        found = f"it returned {fault}" if fault else attempt.failure.found
        self._broken(
            f"retrieve() gave no credentials: {found}",
            "configured, it returns a tuple, a plugincreds.Value or a mapping with AWS's names; "
            "keys are printable ASCII, an expiry has a timezone",
            "mend retrieve(), or set up in the fixture configured what it needs",
        )

    def test_expiry_is_in_the_future(self, plugin_opened: Opened) -> None:
        """A value that has expired is a failed refresh."""
        value, fault = validated(self._retrieved(plugin_opened).answer, -math.inf)
        if value is None or fault:
            not_asked(VALUE_TEST)
        if value.expiry_time is not None and value.expiry_time.timestamp() <= time.time():
            self._broken(
                f"retrieve() returned a value that expired at {value.expiry_time.isoformat()}",
                "the expiry is in the future, and aware of its timezone",
                "look for a local time that was taken for UTC, or for a value that was kept",
            )

    def test_retrieve_works_in_threads_as_one_flight(
        self, plugin_opened: Opened, plugin_value: Value
    ) -> None:
        """Any thread may retrieve, and many that ask at once cause one call."""
        retrieve = Recording(plugin_opened.functions.retrieve)
        outcomes = self._call_at_once(CredentialsCache(retrieve).get)
        wanted = "retrieve() works in any thread; threads that ask at once share one call"
        for error in [outcome.error for outcome in outcomes if outcome.error is not None]:
            found = f"retrieve() works in one thread alone: {raised(error.__cause__ or error)}"
            self._broken(found, wanted, "use nothing that is bound to a thread, such as signals")
        if len(outcomes) < THREADS or retrieve.calls != 1:
            found = f"{len(outcomes)} of {THREADS} threads got a value, in {retrieve.calls} calls"
            self._broken(found, wanted, "look for a lock that retrieve() waits for")

    def test_retrieve_works_in_a_running_loop(
        self, plugin_opened: Opened, plugin_value: Value
    ) -> None:
        """Programs use botocore in event loops, too."""

        async def ask() -> None:
            CredentialsCache(plugin_opened.functions.retrieve).get()

        _, error = self._call("retrieve()", lambda: asyncio.run(ask()))
        if error is not None:
            self._broken(
                f"In a running event loop, retrieve() fails: {raised(error.__cause__ or error)}",
                "retrieve() works in a thread whose event loop runs",
                "do not call asyncio.run(): make retrieve() itself a coroutine function",
            )

    def test_failure_is_an_exception(
        self, plugin_opened: Opened, plugin_value: Value, failing: object
    ) -> None:
        """A plugin never ends the program, nor hides that it failed."""
        wanted = "retrieve() fails by raising an Exception"
        self._secrets.add_given(failing)
        retrieve = Recording(self._open_failing().functions.retrieve)
        answer, error = self._call("retrieve()", retrieve)
        if isinstance(error, Exception):
            return
        if error is not None:
            found = f"retrieve() raised {type(error).__name__}, which is no Exception"
            self._broken(found, wanted, "raise an error of your own, or NonRecoverableError")
        if answer is None:
            self._broken(
                "retrieve() failed by returning None, which declines",
                wanted,
                "raise an error that says what happened",
            )
        self._broken("retrieve() gave credentials", wanted, "see that the fixture failing works")

    def _open_failing(self) -> Opened:
        """Return the plugin anew, in an environment where its source fails."""
        try:
            opened = self._open()
        except PluginError as error:
            self._broken(
                f"The getter fails: {sentence(error)}",
                "the getter returns the plugin, and retrieve() says what is wrong",
                "do that work in retrieve()",
            )
        if opened is None:
            self._broken(
                "The getter declines where its source fails",
                "None means not configured; a source that fails is an error of retrieve()",
                "return the plugin, or correct the fixture failing",
            )
        return opened
