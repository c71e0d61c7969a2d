"""The contract of `retrieve()`: what it returns, in which threads, and how it fails."""

import asyncio
from typing import Any

import pytest

from plugincreds import CredentialsCache, Declined, PluginError
from plugincreds.testing._contract.hooks import Hooks
from plugincreds.testing._contract.subject import (
    THREADS,
    VALUE_TEST,
    OpenedPlugin,
    because,
    raised,
    refer_to,
    sentence,
)


class ValueTests(Hooks):
    """What `retrieve()` returns and raises."""

    def test_retrieve_returns_credentials(self, plugin_opened: OpenedPlugin) -> None:
        """The answer has one of the shapes of the contract."""
        result = self._retrieve(plugin_opened)
        if result.expired_at is not None:
            refer_to("test_expiry_is_in_the_future")
        if result.value is None:
            self._broken(
                f"retrieve() gave no credentials: {result.fault}",
                "a configured plugin returns a tuple, a plugincreds.Value or a mapping with AWS's "
                "names; keys are printable ASCII, an expiry has a timezone",
                "correct retrieve(), or let the fixture configured set up what it needs",
            )

    def test_expiry_is_in_the_future(self, plugin_opened: OpenedPlugin) -> None:
        """Expired credentials are a failed refresh."""
        result = self._retrieve(plugin_opened)
        if result.expired_at is not None:
            self._broken(
                f"retrieve() returned credentials that expired at {result.expired_at.isoformat()}",
                "the expiry is in the future, and has a timezone",
                "look for a local time that was taken for UTC, or for credentials that were kept",
            )
        if result.value is None:
            refer_to(VALUE_TEST)

    def test_retrieve_works_in_threads_as_one_flight(self, plugin_ready: OpenedPlugin) -> None:
        """Any thread may retrieve, and many that ask at once cause one call."""
        calls = []

        def counted() -> Any:
            calls.append(1)
            return plugin_ready.functions.retrieve()

        outcomes = self._call_in_threads(CredentialsCache(counted).get)
        contract = "retrieve() works in any thread; threads that ask at once share one call"
        for error in [outcome.error for outcome in outcomes if outcome.error is not None]:
            found = f"In another thread, retrieve() fails: {raised(error.__cause__ or error)}"
            self._broken(found, contract, "use nothing that is bound to a thread, such as signals")
        if len(outcomes) < THREADS or len(calls) != 1:
            found = f"{len(outcomes)} of {THREADS} threads got credentials, in {len(calls)} calls"
            self._broken(found, contract, "look for a lock that retrieve() waits for")

    def test_retrieve_works_in_a_running_loop(self, plugin_ready: OpenedPlugin) -> None:
        """Some programs use botocore in an event loop."""

        async def ask() -> None:
            CredentialsCache(plugin_ready.functions.retrieve).get()

        _, error = self._call("retrieve()", lambda: asyncio.run(ask()))
        if error is not None:
            self._broken(
                f"In a running event loop, retrieve() fails: {raised(error.__cause__ or error)}",
                "retrieve() works in a thread whose event loop runs",
                "do not call asyncio.run(): make retrieve() itself a coroutine function",
            )

    @pytest.mark.usefixtures("plugin_ready")
    def test_failure_is_an_exception(self, failing: object) -> None:
        """A plugin never ends the program, and never hides that it failed."""
        contract = "retrieve() fails by raising an Exception"
        self._secrets.add_from_failing(failing)
        answer, error = self._call_retrieve(self._open_failing())
        if isinstance(error, Exception):
            return
        if error is not None:
            found = f"retrieve() raised {type(error).__name__}, which is not an Exception"
            self._broken(found, contract, "raise plugincreds.RecoverableError, or another error")
        if answer is None or isinstance(answer, Declined):
            returned = "None" if answer is None else "a Declined"
            self._broken(
                f"retrieve() failed by returning {returned}, which declines",
                contract,
                "raise an error that says what happened",
            )
        self._broken(
            "retrieve() gave credentials",
            contract,
            "check that the fixture failing makes retrieve() fail",
        )

    def _open_failing(self) -> OpenedPlugin:
        """Return the plugin anew, after its source has begun to fail."""
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
                f"The getter declines when the source fails{because(self._decline)}",
                "it declines if it is not configured; if the source fails, retrieve() raises",
                "return the plugin, or correct the fixture failing",
            )
        return opened
