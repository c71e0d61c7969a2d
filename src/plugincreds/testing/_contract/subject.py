"""The plugin under test: where it is, how a test calls it, and how a test reports on it."""

import inspect
import math
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

import plugincreds
from plugincreds import Declined, InstalledPlugin, PluginContext, PluginError, Value
from plugincreds._lifecycle.validation import validated
from plugincreds._plugins.loading import Functions, Getter, load
from plugincreds._redaction import described, shown
from plugincreds._settings import asked_by_variable
from plugincreds._threads import awaited
from plugincreds.testing._contract.probes import (
    CallOutcome,
    PluginThread,
    StuckError,
    call_in_threads,
)
from plugincreds.testing._contract.secrets import CapturedOutput, Secrets

DEFAULT_NAME = "plugin-under-test"
THREADS = 32
# Tests that others refer to: what they need is broken, and one test should say so, not ten.
GETTER_TEST = "test_getter_returns_a_plugin"
DECLINE_TEST = "test_declines_where_it_is_not_configured"
VALUE_TEST = "test_retrieve_returns_credentials"
IS_EXPIRED_TEST = "test_is_expired_returns_a_bool"


@dataclass(frozen=True, slots=True, repr=False)
class OpenedPlugin:
    """What a getter returned, unchanged and as functions. The repr shows neither."""

    answer: object
    functions: Functions


@dataclass(frozen=True, slots=True, repr=False)
class RetrieveResult:
    """What a call of `retrieve()` came to. The repr shows no part of it.

    Attributes:
        value: The checked credentials, or None.
        answer: What it returned, unchanged.
        fault: What is wrong, as a part of a sentence; empty if it gave credentials.
        declined: Whether it declined.
        expired_at: The expiry of credentials that are right but expired, or None.
    """

    value: Value | None = None
    answer: object = None
    fault: str = ""
    declined: bool = False
    expired_at: datetime | None = None


class Subject:
    """Where the plugin is, what its getter receives, and how a test calls it."""

    getter: ClassVar[str]
    name: ClassVar[str | None] = None
    profile: ClassVar[str] = "default"
    region: ClassVar[str | None] = None
    options: ClassVar[Mapping[str, str]] = {}
    time_limit: ClassVar[float] = 10.0
    _stuck: ClassVar[str] = ""  # the call that never returned, so that later tests do not wait

    _options: Mapping[str, str] | None = None  # what replaces them in this test
    _decline: object = None  # what a getter returned that declined
    _thread: PluginThread
    _secrets: Secrets
    _output: CapturedOutput

    def _broken(self, found: str, contract: str, to_do: str) -> NoReturn:
        """Fail the test, without any secret that is known."""
        message = f"{self._secrets.hidden_in(found)}.\nThe contract: {contract}.\nTo do: {to_do}."
        # No traceback, neither here nor of the plugin's error: it could show credentials.
        raise pytest.fail.Exception(message, pytrace=False) from None

    def _call(self, what: str, function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        """Call the plugin in its thread, and return what it returned and what it raised."""
        if self._stuck:
            pytest.skip(f"{self._stuck} does not return, as an earlier test shows")
        try:
            outcome = self._thread.call(function)
        except StuckError as error:
            type(self)._stuck = what  # noqa: SLF001 - its own class
            self._broken(
                f"{what} has not returned after {self.time_limit:g} s; it is at {error}",
                "a plugin may wait for a person or a network, but in the end it returns or raises",
                "look at that line; let the fixtures replace that wait, or raise time_limit",
            )
        self._output.printed()
        return outcome.answer, outcome.error

    def _call_in_threads(self, function: Callable[[], Any]) -> list[CallOutcome]:
        """Call the plugin in many threads at once."""
        outcomes = call_in_threads(THREADS, function, self.time_limit)
        self._output.printed()
        return outcomes

    def _use_options(self, given: object) -> None:
        """Let the getter find the options that the fixture unconfigured returned, if it did."""
        if isinstance(given, Mapping):
            self._options = given

    def _open(self) -> OpenedPlugin | None:
        """Call the getter, and return the plugin; None if it declines.

        Raises:
            PluginError: The getter cannot be found, or broke the contract.
        """
        opened: OpenedPlugin | None = self._call_getter(self._open_here)
        return opened

    def _open_or_skip(self, test: str = GETTER_TEST) -> OpenedPlugin:
        """Call the getter in a test of something else; without a plugin, refer to `test`."""
        try:
            opened = self._open()
        except PluginError:
            opened = None
        return opened or refer_to(test)

    def _call_getter(self, function: Callable[[], Any]) -> Any:
        """Call a function that calls the getter, and return what it returned."""
        answer, error = self._call("The getter", function)
        if error is None:
            return answer
        if isinstance(error, PluginError):
            raise error.with_traceback(None)  # its frames hold what the getter returned
        raise PluginError(f"The getter raised {raised(error)}") from None

    def _open_here(self) -> OpenedPlugin | None:
        """Call the getter in this thread."""
        answers: list[object] = []
        getter = self._load()

        def recorded(*arguments: Any, **keywords: Any) -> object:
            answers.append(getter.function(*arguments, **keywords))
            return answers[-1]

        functions = Getter(getter.plugin, recorded, takes_context=getter.takes_context).functions(
            self._context()
        )
        if isinstance(functions, Declined):
            self._decline = answers[-1]
            return None
        return OpenedPlugin(answers[-1], functions)

    def _load(self) -> Getter:
        """Import the plugin's module, and find the getter in it."""
        value = getattr(type(self), "getter", None)
        if not isinstance(value, str):
            raise PluginError(
                f"{type(self).__name__} has no getter that is a str. Write "
                'getter = "acme_creds:get_provider", the value of the entry point in '
                "pyproject.toml"
            )
        name = self.name or DEFAULT_NAME
        return load(InstalledPlugin(name, value, f"{type(self).__name__}'s package", "under test"))

    def _context(self) -> PluginContext:
        name = self.name or DEFAULT_NAME
        return PluginContext(
            name,
            profile=self.profile,
            region=self.region,
            options=self.options if self._options is None else self._options,
            open_session=self._base_session,
            is_selected=asked_by_variable(os.environ) == name,
        )

    def _base_session(self) -> Any:
        session = plugincreds.base_session()
        if self.profile != "default":
            session.set_config_variable("profile", self.profile)
        if self.region is not None:
            session.set_config_variable("region", self.region)
        return session

    def _call_retrieve(self, opened: OpenedPlugin) -> tuple[Any, BaseException | None]:
        """Call `retrieve()`, await a coroutine, and return what came of it, unchecked."""

        def call() -> Any:
            answer = opened.functions.retrieve()
            return awaited(answer) if inspect.isawaitable(answer) else answer

        return self._call("retrieve()", call)

    def _retrieve(self, opened: OpenedPlugin) -> RetrieveResult:
        """Call `retrieve()`, check what it returned, and remember the secrets."""
        answer, error = self._call_retrieve(opened)
        if error is not None:
            return RetrieveResult(fault=f"it raised {raised(error)}")
        read = validated(answer, time.time())
        if isinstance(read, Value):
            self._secrets.add(read)
            return RetrieveResult(read, answer)
        if isinstance(read, Declined):
            fault = f"it declined{because(read)}"
            return RetrieveResult(answer=answer, fault=fault, declined=True)
        # Right at any other time? Then they have expired, and nothing else is wrong.
        before = validated(answer, -math.inf)
        is_expired = isinstance(before, Value)
        return RetrieveResult(
            answer=answer,
            fault=f"it returned {read if is_expired else before}",
            expired_at=before.expiry_time if isinstance(before, Value) else None,
        )

    def _value_or_skip(self, opened: OpenedPlugin) -> Value:
        """Return credentials in a test of something else than `retrieve()`."""
        return self._retrieve(opened).value or refer_to(VALUE_TEST)

    def _ask_is_expired(self, opened: OpenedPlugin) -> tuple[Any, BaseException | None]:
        """Call `is_expired()`, and return what it returned and what it raised."""
        answer, error = self._call("is_expired()", opened.functions.is_expired)
        if inspect.iscoroutine(answer):
            answer.close()  # otherwise Python warns that it was never awaited
        return answer, error

    def _is_expired_or_skip(self, opened: OpenedPlugin) -> bool:
        """Return the bool in a test of something else than its type."""
        answer, _ = self._ask_is_expired(opened)
        return answer if isinstance(answer, bool) else refer_to(IS_EXPIRED_TEST)


def refer_to(test: str) -> NoReturn:
    """Skip a test that needs what another test finds broken."""
    pytest.skip(f"see {test}, which says what is wrong")


def because(decline: object) -> str:
    """Return the reason of a `Declined`, without what looks like a secret, to end a sentence."""
    reason = shown(decline.reason) if isinstance(decline, Declined) else ""
    return f": {reason}" if reason else ""


def raised(error: BaseException) -> str:
    """Return what was raised, and where, without what looks like a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{described(error)}{where}"


def sentence(error: PluginError) -> str:
    """Return the text of an error without its full stop, to begin a message with."""
    return str(error).rstrip(".")
