"""Calls a plugin's two functions, and returns checked answers or failures."""

import inspect
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from plugincreds._base_identity import BaseIdentity
from plugincreds._contract import CredentialPlugin, Declined, Value
from plugincreds._lifecycle.policy import Failure
from plugincreds._lifecycle.processes import CallMark, chain_fault
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.validation import validated
from plugincreds._lifecycle.watch import Watch
from plugincreds._redaction import described
from plugincreds._reentrancy import OWN_CALL_ADVICE, was_refused
from plugincreds._threads import as_failure, awaited, handlers

# Credentials and when they were retrieved, in seconds since the epoch, or why there are none.
Retrieved = tuple[Value, float] | Failure

_SLOW_ANSWER = 0.05  # seconds that is_expired() may take before a warning is logged


class Retrieval:
    """Calls `retrieve()`, and checks its answer.

    Args:
        retrieve: The function, which may be a coroutine function.
        reporter: Words the failures.
        clock: Returns seconds since the epoch.
        is_same: Tells whether the plugin still has the identity of the source.
        base: Notes whose base credentials the plugin uses; None: they do not matter.
    """

    def __init__(
        self,
        retrieve: Callable[[], Any],
        reporter: Reporter,
        clock: Callable[[], float],
        is_same: Callable[[], bool] | None = None,
        base: BaseIdentity | None = None,
    ) -> None:
        self._retrieve = retrieve
        self._reporter = reporter
        self._clock = clock
        self._is_same = is_same
        self._base = base

    def __call__(self, *, is_first: bool) -> Retrieved:
        """Call the function; it may decline only if there are no credentials yet (`is_first`)."""
        reporter = self._reporter
        if fault := chain_fault():
            return reporter.failure(fault)
        mark, watch, of_program = CallMark(), Watch(reporter.warn_of_wait), handlers()
        try:
            mark.begin()
            watch.begin()
            with nullcontext() if self._base is None else self._base.recorded():
                # No variable holds the raw answer: the call of cache_key() below may take long, and
                # an exception that a signal handler raises meanwhile must not find the raw keys.
                answer = validated(_settled(self._retrieve()), now := self._clock())
            return self._checked(answer, now, is_first=is_first)
        except BaseException as error:  # noqa: BLE001 - an interruption is raised again
            # Any exception means "try again later". A cancellation comes from the plugin: nothing
            # here awaits, so it cannot be a cancellation of the program's task.
            return _raised(as_failure(error, of_program), reporter)
        finally:
            mark.end()
            watch.end()
            watch.leave()

    def _checked(self, answer: Value | Declined | str, now: float, *, is_first: bool) -> Retrieved:
        reporter = self._reporter
        if isinstance(answer, str):
            return reporter.failure(f"it returned {answer}")
        if isinstance(answer, Declined):
            if was_refused():
                found = f"it declined after it had asked for its own credentials; {OWN_CALL_ADVICE}"
                return reporter.failure(found)
            return reporter.decline(answer.reason, is_first=is_first)
        if found := self._other_identity():
            return reporter.failure(found)
        return answer, now

    def _other_identity(self) -> str:
        """Return why the credentials may belong to another identity, or an empty text."""
        try:
            changed = "" if self._is_same is None or self._is_same() else "its cache_key()"
        except BaseException as error:  # noqa: BLE001 - an interruption is raised again
            found = f"its cache_key() raised {described(as_failure(error))} after retrieve()"
            return f"{found}, so it is not known whose credentials these are"
        if self._base is not None and self._base.has_changed:
            changed = "the environment that its base session reads"
        if not changed:
            return ""
        return (
            f"{changed} has changed, so these credentials belong to another identity; new "
            "sessions use that one"
        )


def _settled(answer: Any) -> Any:
    return awaited(answer) if inspect.isawaitable(answer) else answer


def _raised(error: BaseException, reporter: Reporter) -> Failure:
    # A function of its own: the frame that called the plugin is in the error's traceback, and a
    # variable there that held the error would be a reference cycle.
    found = f"its retrieve() raised {described(error, with_hint=False)}"
    return reporter.failure(found, cause=error)


def asked(is_expired: Callable[[], object], reporter: Reporter) -> bool | Failure:
    """Return the answer of `is_expired()`, and log a warning if that takes long twice in a row.

    Once may be because the machine is busy.

    Adapters call the function itself for most uses of credentials, because reading the clock twice
    takes longer than most of these functions.
    """
    started = time.perf_counter()
    try:
        # No variable holds an exception: this frame is in its traceback.
        return judged(is_expired(), reporter)
    except BaseException as error:  # noqa: BLE001 - interruptions are raised again
        return judged(as_failure(error), reporter)
    finally:
        is_slow = time.perf_counter() - started > _SLOW_ANSWER
        if is_slow and reporter.was_slow:
            reporter.warn_of_slow_answer(_SLOW_ANSWER)
        reporter.was_slow = is_slow


def judged(answer: object, reporter: Reporter) -> bool | Failure:
    """Return the answer of `is_expired()`; a failure if it is an exception, or not a bool."""
    if answer is True or answer is False:
        return answer
    if isinstance(answer, BaseException):
        found = f"its is_expired() raised {described(answer, with_hint=False)}"
        return reporter.failure(found, cause=answer)
    if inspect.iscoroutine(answer):
        answer.close()  # else Python would warn on stderr that it was never awaited
    kind = type(answer).__name__
    return reporter.failure(f"its is_expired() returned an object of type {kind}, not a bool")


def own_is_expired(is_expired: Callable[[], Any]) -> Callable[[], Any] | None:
    """Return the function, or None for the base class's, which need not be called."""
    inherited = getattr(is_expired, "__func__", None) is CredentialPlugin.is_expired
    return None if inherited else is_expired
