"""The plugin that a contract is about, opened and called as the package does it.

How a test of the contract speaks to a plugin's author.
"""

import inspect
import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

import plugincreds
from plugincreds._contract import PluginContext, Value
from plugincreds._errors import PluginError
from plugincreds._lifecycle.policy import Failure
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import retrieved
from plugincreds._plugins.loading import Functions, Getter, load
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._redaction import described
from plugincreds._settings import asked_by_variable
from plugincreds._threads import awaited
from plugincreds.testing._contract.probes import Home, Outcome, StuckError, at_once
from plugincreds.testing._contract.secrets import Secrets, Witness

DEFAULT_NAME = "plugin-under-test"
THREADS = 32


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """What a getter answered: as it is, and as the two functions. Shown, it tells nothing."""

    answer: object
    functions: Functions


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """What a call of `retrieve()` gave: the checked value, and as it was; or the failure."""

    value: Value | None
    answer: object
    failure: Failure | None


class Recording:
    """A `retrieve` that keeps its last answer; a coroutine is awaited first."""

    def __init__(self, retrieve: Callable[[], Any]) -> None:
        self._retrieve = retrieve
        self._lock = threading.Lock()
        self.calls = 0
        self.answer: Any = None

    def __call__(self) -> Any:
        """Call it."""
        with self._lock:
            self.calls += 1
        answer = self._retrieve()
        self.answer = awaited(answer) if inspect.isawaitable(answer) else answer
        return self.answer


class Subject:
    """Where the plugin is, what its getter is told, and how a test calls it."""

    getter: ClassVar[str]
    name: ClassVar[str | None] = None
    profile: ClassVar[str] = "default"
    region: ClassVar[str | None] = None
    options: ClassVar[Mapping[str, str]] = {}
    time_limit: ClassVar[float] = 10.0
    _stuck: ClassVar[str] = ""  # what has never returned: no test after it waits as long again

    _home: Home
    _secrets: Secrets
    _witness: Witness

    def _broken(self, found: str, wanted: str, advice: str) -> NoReturn:
        """Fail the test, and show no secret that is known."""
        broken(self._secrets.hidden_in(found), wanted, advice)

    def _call(self, what: str, function: Callable[[], Any]) -> tuple[Any, BaseException | None]:
        """Call the plugin in its thread, and return what it gave or raised, whatever it is."""
        if self._stuck:
            pytest.skip(f"{self._stuck} does not return, as a test before this one says")
        try:
            outcome = self._home.call(function)
        except StuckError as error:
            type(self)._stuck = what  # noqa: SLF001 - its own class
            self._broken(
                f"{what} has not returned after {self.time_limit:g} s; it stands at {error}",
                "a plugin may wait for a person or a network, but then it returns or raises",
                "look at that line, replace what it waits for in the fixtures, or raise time_limit",
            )
        self._witness.printed()
        return outcome.answer, outcome.error

    def _call_at_once(self, function: Callable[[], Any]) -> list[Outcome]:
        """Call the plugin in many threads."""
        outcomes = at_once(THREADS, function, self.time_limit)
        self._witness.printed()
        return outcomes

    def _load(self) -> Getter:
        """Import the plugin's module, and find the getter in it."""
        value = getattr(type(self), "getter", None)
        if not isinstance(value, str):
            raise PluginError(
                f"{type(self).__name__} has no getter that is a str. Write "
                'getter = "acme_creds:get_provider", as it stands in pyproject.toml'
            )
        name = self.name or DEFAULT_NAME
        return load(InstalledPlugin(name, value, f"{type(self).__name__}'s package", "under test"))

    def _open(self) -> Opened | None:
        """Call the getter, and return what it gave; None if it declines.

        Raises:
            PluginError: It cannot be found, or broke the contract.
        """
        opened: Opened | None = self._of_getter(self._open_here)
        return opened

    def _reopened(self, test: str) -> Opened:
        """Do so in a test of something else; skip it where `test` says what is wrong."""
        try:
            opened = self._open()
        except PluginError:
            opened = None
        return opened or not_asked(test)

    def _open_here(self) -> Opened | None:
        """Do so in this thread."""
        answers: list[object] = []
        getter = self._load()

        def noted(*arguments: Any, **keywords: Any) -> object:
            answers.append(getter.function(*arguments, **keywords))
            return answers[-1]

        functions = getter._replace(function=noted).functions(self._context())
        return None if functions is None else Opened(answers[-1], functions)

    def _of_getter(self, function: Callable[[], Any]) -> Any:
        """Call what calls the getter."""
        answer, error = self._call("The getter", function)
        if error is None:
            return answer
        if isinstance(error, PluginError):
            raise error.with_traceback(None)  # its frames hold what the getter gave
        raise PluginError(f"The getter raised {raised(error)}") from None

    def _retrieved(self, opened: Opened) -> Attempt:
        """Call `retrieve()`, and note what nobody may see."""
        retrieve = Recording(opened.functions.retrieve)
        reporter = Reporter("The plugin")

        def call() -> Value | Failure:
            return retrieved(retrieve, reporter, time.time, is_first=True, is_same=None)

        result, error = self._call("retrieve()", call)
        if error is not None:
            result = Failure("", found=f"it raised {raised(error)}")
        if isinstance(result, Failure):
            return Attempt(None, retrieve.answer, result)
        self._secrets.add(result)
        return Attempt(result, retrieve.answer, None)

    def _asked(self, opened: Opened) -> bool:
        """Return the answer, for tests of something else than its type."""
        answer, error = self._call("is_expired()", opened.functions.is_expired)
        close_coroutine(answer)
        if error is not None or not isinstance(answer, bool):
            not_asked("test_is_expired_returns_a_bool")
        return answer

    def _context(self) -> PluginContext:
        name = self.name or DEFAULT_NAME
        return PluginContext(
            name,
            profile=self.profile,
            region=self.region,
            options=self.options,
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


def close_coroutine(answer: object) -> None:
    """Close what an asynchronous `is_expired()` gave."""
    if inspect.iscoroutine(answer):
        answer.close()  # nobody will await it


def broken(found: str, wanted: str, advice: str) -> NoReturn:
    """Fail the test, without a traceback: one could show credentials."""
    message = f"{found}.\nThe contract: {wanted}.\nTo do: {advice}."
    raise pytest.fail.Exception(message, pytrace=False) from None  # nor that of the plugin's error


def not_asked(test: str) -> NoReturn:
    """Skip a test that needs what another one has found broken."""
    pytest.skip(f"{test} says what is wrong first")


def raised(error: BaseException) -> str:
    """Return what was raised, and where, without what looks like a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{described(error)}{where}"


def sentence(error: PluginError) -> str:
    """Return what an error of the package says, as the beginning of a message."""
    return str(error).rstrip(".")
