"""What a plugin raised, as it is kept for later callers: without the frames that led to it.

A traceback refers to all frames from the program's own down to the plugin's, with their variables.
An exception that is kept must not keep these alive, nor must the exceptions that are its
arguments, as in those of requests.
"""

import traceback
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from plugincreds._errors import NonRecoverableError
from plugincreds._redaction import described
from plugincreds._threads import as_failure

_PLAIN = {str, bytes, int, float, bool, type(None)}
_DEEPEST = 4  # levels of containers and exceptions


def without_frames(error: BaseException, depth: int = 0) -> BaseException:
    """Return a copy of an exception that refers to no frames: the same class, text and facts.

    No code of its class runs, except for `__new__()`. If that is impossible, the copy is an
    exception of a class of Python or of ours, with the text.
    """
    kind = type(error)
    try:
        args = _plain(error.args, depth + 1)
        copy = kind.__new__(kind, *args)
        if not isinstance(kind.__init__, FunctionType):  # one of Python's own
            copy.__init__(*args)  # type: ignore[misc]
        vars(copy).update(_plain(vars(error), depth + 1))
    except BaseException as failure:  # noqa: BLE001 - a class of a plugin may do anything
        as_failure(failure)
        is_final = issubclass(kind, NonRecoverableError)
        return (NonRecoverableError if is_final else Exception)(described(error))
    return copy


def traceback_text(error: BaseException) -> str:
    """Return the traceback of an exception, and of those that it comes from, without secrets."""
    try:
        return "\n".join(
            "".join(traceback.format_tb(each.__traceback__)) + described(each)
            for each in reversed(list(_chain(error)))
        )
    except BaseException as failure:  # noqa: BLE001 - a class of a plugin may do anything
        as_failure(failure)
        return described(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        cause, context = error.__cause__, error.__context__
        error = context if cause is None and not error.__suppress_context__ else cause


def _plain(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if depth <= _DEEPEST:
        if kind in {list, tuple}:
            return kind(_plain(each, depth + 1) for each in value)
        if kind is dict:
            return {_plain(key, _DEEPEST + 1): _plain(value[key], depth + 1) for key in value}
        if isinstance(value, BaseException):
            return without_frames(value, depth)
    return _text(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except BaseException as failure:  # noqa: BLE001 - str() of a plugin's object may raise anything
        as_failure(failure)
        return type(value).__name__
