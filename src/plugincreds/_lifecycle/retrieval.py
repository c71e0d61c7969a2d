"""A plugin's two functions, called: what they gave, or a failure that says what is wrong."""

import inspect
from collections.abc import Callable
from typing import Any

from plugincreds._contract import Value
from plugincreds._lifecycle.policy import Failure
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.validation import read_answer
from plugincreds._redaction import described
from plugincreds._reentrancy import OWN_FLIGHT_ADVICE, was_refused
from plugincreds._threads import as_failure, faults


def retrieved(
    retrieve: Callable[[], Any],
    reporter: Reporter,
    clock: Callable[[], float],
    *,
    is_first: bool,
    is_same: Callable[[], bool] | None,
) -> Value | Failure:
    """Call retrieve(), and return what it gave as a checked value or as a failure.

    Args:
        retrieve: The function, which may be a coroutine function.
        reporter: Words the failure.
        clock: Returns seconds since the epoch.
        is_first: Whether there is no value yet, so that the plugin may still decline.
        is_same: Tells whether the plugin still gives the identity that is wanted.
    """
    try:
        answer = retrieve()
        if inspect.isawaitable(answer):
            from plugincreds._threads import awaited  # noqa: PLC0415 - it imports asyncio

            answer = awaited(answer)
    except SystemExit:
        reporter.warn_of_exit()
        raise
    except BaseException as error:  # noqa: BLE001 - an interruption is raised again
        # Any exception means "try again later". A cancellation is not the program's: nothing
        # here awaits.
        return _raised(as_failure(error), reporter)
    value, fault = read_answer(answer, clock())
    if fault:
        return reporter.failure(f"it returned {fault}")
    if value is None:
        if was_refused():
            found = f"it declined after it had asked for itself; {OWN_FLIGHT_ADVICE}"
            return reporter.failure(found)
        # On a refresh it is a failure: the chain does not move on to another identity.
        return reporter.failure("it declined", declined=is_first)
    if not _is_for_us(is_same):
        return reporter.failure(
            "its cache_key() has changed, so what it gave belongs to another identity; new "
            "sessions use that one"
        )
    return value


def _raised(error: Exception, reporter: Reporter) -> Failure:
    return reporter.failure(f"it raised {described(error)}", cause=error)


def judged(answer: object, reporter: Reporter) -> bool | Failure:
    """Return what is_expired() answered, or a failure if that is no bool, or an exception."""
    if answer is True or answer is False:
        return answer
    if isinstance(answer, Exception):
        return reporter.failure(f"its is_expired() raised {described(answer)}", cause=answer)
    if inspect.iscoroutine(answer):
        answer.close()  # nobody will await it
    kind = type(answer).__name__
    return reporter.failure(f"its is_expired() returned an object of type {kind}, not a bool")


def _is_for_us(is_same: Callable[[], bool] | None) -> bool:
    try:
        return is_same is None or is_same()
    except faults():  # one that cannot tell may give any identity
        return False
