"""A plugin's two functions, called: checked credentials, or a failure that says what is wrong."""

import inspect
from collections.abc import Callable
from typing import Any

from plugincreds._contract import CredentialPlugin, Value
from plugincreds._lifecycle.policy import Failure
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.validation import validated
from plugincreds._redaction import described
from plugincreds._reentrancy import OWN_CALL_ADVICE, was_refused
from plugincreds._threads import as_failure, awaited, faults

# Credentials and when they were retrieved, in seconds since the epoch, or why there are none.
Retrieved = tuple[Value, float] | Failure


class Retrieval:
    """Calls `retrieve()`, and checks its answer once.

    Args:
        retrieve: The function, which may be a coroutine function.
        reporter: Words the failure.
        clock: Returns seconds since the epoch.
        is_same: Tells whether the plugin still gives the identity that is wanted.
    """

    def __init__(
        self,
        retrieve: Callable[[], Any],
        reporter: Reporter,
        clock: Callable[[], float],
        is_same: Callable[[], bool] | None = None,
    ) -> None:
        self._retrieve = retrieve
        self._reporter = reporter
        self._clock = clock
        self._is_same = is_same

    def __call__(self, *, is_first: bool) -> Retrieved:
        """Call it; as long as there are no credentials yet (`is_first`), it may decline."""
        reporter = self._reporter
        try:
            answer = self._retrieve()
            if inspect.isawaitable(answer):
                answer = awaited(answer)
        except SystemExit:
            reporter.warn_of_exit()
            raise
        except BaseException as error:  # noqa: BLE001 - an interruption is raised again
            # Any exception means "try again later". A cancellation is not the program's: nothing
            # here awaits.
            return _raised(as_failure(error), reporter)
        now = self._clock()
        value, fault = validated(answer, now)
        if fault:
            return reporter.failure(f"it returned {fault}")
        if value is None:
            if was_refused():
                found = f"it declined after it had asked for itself; {OWN_CALL_ADVICE}"
                return reporter.failure(found)
            # On a refresh it is a failure: the chain does not move on to another identity.
            return reporter.failure("it declined", declined=is_first)
        if not _is_for_us(self._is_same):
            return reporter.failure(
                "its cache_key() has changed, so what it gave belongs to another identity; new "
                "sessions use that one"
            )
        return value, now


def _raised(error: Exception, reporter: Reporter) -> Failure:
    # Not in the frame that called the plugin: it would hold the error that has it in its traceback.
    return reporter.failure(f"it raised {described(error)}", cause=error)


def judged(answer: object, reporter: Reporter) -> bool | Failure:
    """Return the answer of `is_expired()`; a failure if it is an exception, or not a bool."""
    if answer is True or answer is False:
        return answer
    if isinstance(answer, Exception):
        return reporter.failure(f"its is_expired() raised {described(answer)}", cause=answer)
    if inspect.iscoroutine(answer):
        answer.close()  # it is never awaited
    kind = type(answer).__name__
    return reporter.failure(f"its is_expired() returned an object of type {kind}, not a bool")


def own_is_expired(is_expired: Callable[[], Any]) -> Callable[[], Any] | None:
    """Return the function, or None for that of the base class, which need not be called."""
    inherited = getattr(is_expired, "__func__", None) is CredentialPlugin.is_expired
    return None if inherited else is_expired


def _is_for_us(is_same: Callable[[], bool] | None) -> bool:
    try:
        return is_same is None or is_same()
    except faults():  # a cache_key() that fails may stand for any identity
        return False
