"""What a getter answered -> the two functions of the contract, or what is wrong with it."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from plugincreds._errors import (
    InvalidSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
    described,
)
from plugincreds._worker import faults

_WANTED = (
    "the getter must return the pair (retrieve, is_expired), an object with these two "
    "methods, or None to decline"
)
_PAIR = 2


class Functions(NamedTuple):
    """The two functions of the contract, and whose credentials they give.

    Attributes:
        retrieve: Takes nothing, returns or awaits credentials.
        is_expired: Takes nothing, returns a bool.
        cache_key: What the plugin says its identity depends on, or None.
        is_same: Tells whether it still says that, or None.
    """

    retrieve: Callable[[], Any]
    is_expired: Callable[[], Any]
    cache_key: str | None
    is_same: Callable[[], bool] | None = None


def read_functions(answer: object) -> Functions | tuple[str, type[PluginError]]:
    """Return a getter's answer as functions, or what is wrong with it."""
    fault = _fault(answer)
    if fault:
        return fault
    retrieve, is_expired = _pair(answer)
    cache_key = getattr(answer, "cache_key", None)
    if cache_key is None:
        return Functions(retrieve, is_expired, None)
    try:
        key = cache_key()
    except faults() as error:
        return f"its cache_key() raised {described(error)}", InvalidSymbolError
    if isinstance(key, str):
        return Functions(retrieve, is_expired, key, lambda: cache_key() == key)
    if inspect.iscoroutine(key):
        key.close()  # nobody will await it
    found = f"its cache_key() returned an object of type {type(key).__name__}"
    return f"{found}, but must return a str", InvalidSymbolError


def _fault(answer: object) -> tuple[str, type[PluginError]] | None:
    """Return what is wrong with a getter's answer, in words that hold no part of it."""
    if inspect.iscoroutine(answer):
        answer.close()  # nobody will await it, and Python would say so on stderr
    if isinstance(answer, tuple) and len(answer) != _PAIR:
        return (
            f"its getter returned a tuple of {len(answer)} elements; {_WANTED}",
            InvalidSymbolError,
        )
    retrieve, is_expired = _pair(answer)
    if isinstance(answer, tuple) and isinstance(retrieve, str):
        found = "its getter returned strings. If they are credentials, return them from retrieve()"
        return f"{found}; {_WANTED}", InvalidSymbolError
    if isinstance(answer, type) or (retrieve is None and is_expired is None):
        kind = (
            "a class" if isinstance(answer, type) else f"an object of type {type(answer).__name__}"
        )
        return f"its getter returned {kind}; {_WANTED}", InvalidSymbolError
    return _function_fault("retrieve", retrieve, PluginRetrieveNilError) or _function_fault(
        "is_expired", is_expired, PluginIsExpiredNilError
    )


def _pair(answer: object) -> tuple[Any, Any]:
    if isinstance(answer, tuple):
        return answer
    return getattr(answer, "retrieve", None), getattr(answer, "is_expired", None)


def _function_fault(
    name: str, function: object, missing: type[PluginError]
) -> tuple[str, type[PluginError]] | None:
    if function is None:
        return f"it has no function {name}; {_WANTED}", missing
    if not callable(function):
        found = f"its {name} is of type {type(function).__name__}, but must be callable"
        return found, InvalidSymbolError
    return None
