"""Loads a plugin: from its entry point to its getter, and from the getter to its two functions.

Every call into a plugin's code during loading is made here. The result is what the contract
demands, or a typed error.
"""

import importlib
import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

from plugincreds._contract import Declined, PluginContext
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
)
from plugincreds._plugins.import_faults import advice_on_missing, import_fault, missing_module
from plugincreds._plugins.references import GivenPlugin, Plugin, module_and_attribute
from plugincreds._redaction import decline_in, described
from plugincreds._reentrancy import own_call_error, was_refused
from plugincreds._threads import as_failure, handlers

_WANTED = (
    "the getter must return the pair (retrieve, is_expired), an object with these two "
    "methods, or a plugincreds.Declined or None to decline"
)
_PAIR = 2


class Functions:
    """The two functions of the contract, and whose credentials they give.

    Attributes:
        retrieve: Takes nothing, returns or awaits credentials.
        is_expired: Takes nothing, returns a bool.
        cache_key: The plugin's `cache_key()`: what its identity depends on, or None.
        is_same: Tells whether `cache_key()` still returns that, or None.
        uses_profile_keys: Whether the plugin itself uses the static keys of the profile, so that
            they are no other identity.
    """

    __slots__ = ("cache_key", "is_expired", "is_same", "retrieve", "uses_profile_keys")

    def __init__(
        self,
        retrieve: Callable[[], Any],
        is_expired: Callable[[], Any],
        cache_key: str | None,
        is_same: Callable[[], bool] | None = None,
        *,
        uses_profile_keys: bool = False,
    ) -> None:
        self.retrieve: Callable[[], Any] = retrieve
        self.is_expired: Callable[[], Any] = is_expired
        self.cache_key: str | None = cache_key
        self.is_same: Callable[[], bool] | None = is_same
        self.uses_profile_keys: bool = uses_profile_keys


class Getter:
    """A plugin's getter, found and callable, not called.

    Attributes:
        plugin: The plugin that it is the getter of.
        function: The getter.
        takes_context: Whether it has a parameter `context`.
    """

    def __init__(
        self, plugin: Plugin, function: Callable[..., Any], *, takes_context: bool
    ) -> None:
        self.plugin = plugin
        self.function = function
        self.takes_context = takes_context

    def functions(self, context: PluginContext | None) -> Functions | Declined:
        """Call the getter, with the context if it takes one.

        Raises:
            InvalidSymbolError: It raised, or what it returned breaks the contract.
            PluginRetrieveNilError: What it returned has no retrieve function.
            PluginIsExpiredNilError: What it returned has no is_expired function.
        """
        of_program = handlers()
        try:
            answer = self.function(context=context) if self.takes_context else self.function()
            read = decline_in(answer) or _read_functions(answer)
        except BaseException as error:
            error = as_failure(error, of_program)
            if was_refused() and isinstance(error, PluginError):
                raise  # it asked for its own credentials
            _check_for_circle(self.plugin, error)
            found = f"its getter raised {described(error)}; a getter that is not configured"
            advice = "must return a plugincreds.Declined instead"
            raise _broken(self.plugin, f"{found} {advice}") from error
        # A getter that was mistaken for retrieve() has returned credentials, which the traceback
        # of the error below must not hold.
        del answer
        if isinstance(read, (Functions, Declined)):
            return read
        raise _broken(self.plugin, *read)


def load(plugin: Plugin) -> Getter:
    """Import the plugin's module and find its getter.

    Raises:
        LookupSymbolError: The module or the attribute does not exist, or importing failed.
        InvalidSymbolError: The attribute is not callable, or takes other parameters than a getter.
    """
    function = _symbol(plugin)
    if not callable(function):
        raise _broken(
            plugin, f"{plugin.value} is of type {type(function).__name__}, but must be callable"
        )
    return Getter(plugin, function, takes_context=_takes_context(plugin, function))


def _symbol(plugin: Plugin) -> Any:
    module_name, attribute = module_and_attribute(plugin)
    if not all(part.isidentifier() for part in attribute.split(".")):
        found = f"{attribute!r} cannot be the name of a getter"
        raise _not_loaded(plugin, found, is_name=True)
    of_program = handlers()
    try:
        module = (
            plugin.module
            if isinstance(plugin, GivenPlugin)
            else importlib.import_module(module_name)
        )
    except BaseException as error:
        error = as_failure(error, of_program)
        _check_for_circle(plugin, error)
        found = import_fault(module_name, error)
        raise _not_loaded(plugin, found, missing=missing_module(module_name, error)) from error
    try:
        return reduce(getattr, attribute.split("."), module)
    except BaseException as error:
        error = as_failure(error, of_program)
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            # The program is importing the module, and that import has led here.
            raise own_call_error(plugin.label, plugin.name, plugin.origin) from error
        is_missing = isinstance(error, AttributeError) and error.__cause__ is None
        found = (
            f"its module {module_name!r} has no attribute {attribute!r}"
            if is_missing
            # A lazy import, of Python 3.15 or of the module's own __getattr__(), fails only now.
            else import_fault(module_name, error, attribute)
        )
        missing = missing_module(module_name, error)
        raise _not_loaded(plugin, found, is_name=is_missing, missing=missing) from error


def _check_for_circle(plugin: Plugin, error: BaseException) -> None:
    """Raise an error that says so, if two threads wait for each other's imports.

    The plugin is not broken: it can be loaded when these imports have ended.
    """
    if type(error).__name__ == "_DeadlockError":  # of importlib, which has no public name for it
        message = (
            f"{plugin.label} cannot be loaded now: this thread asks for its credentials while it "
            "imports a module, and another thread, which loads the plugin, waits for that module. "
            "Do not use AWS while a module is imported."
        )
        raise PluginError(message, plugin=plugin.name, distribution=plugin.origin) from error


def _takes_context(plugin: Plugin, function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C, without a signature
        return False
    required = [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if required not in ([], ["context"]):
        found = (
            f"its getter must be called with {', '.join(required)}, but it may take one "
            "parameter, which must be named context, or none"
        )
        raise _broken(plugin, found)
    return any(
        parameter.name == "context" and parameter.kind is not parameter.POSITIONAL_ONLY
        for parameter in parameters
    )


def _read_functions(answer: object) -> Functions | tuple[str, type[PluginError]]:
    """Return a getter's answer as functions, or what is wrong with it."""
    fault = _fault(answer)
    if fault:
        return fault
    retrieve, is_expired = _pair(answer)
    cache_key = getattr(answer, "cache_key", None)
    uses_profile_keys = getattr(answer, "uses_profile_keys", False) is True
    if cache_key is None:
        return Functions(retrieve, is_expired, None, uses_profile_keys=uses_profile_keys)
    of_program = handlers()
    try:
        key = cache_key()
    except BaseException as error:  # noqa: BLE001 - an interruption is raised again
        error = as_failure(error, of_program)
        return f"its cache_key() raised {described(error)}", InvalidSymbolError
    if isinstance(key, str):
        return Functions(
            retrieve,
            is_expired,
            key,
            lambda: cache_key() == key,
            uses_profile_keys=uses_profile_keys,
        )
    if inspect.iscoroutine(key):
        key.close()  # else Python would warn on stderr that it was never awaited
    found = f"its cache_key() returned an object of type {type(key).__name__}"
    return f"{found}, but must return a str", InvalidSymbolError


def _fault(answer: object) -> tuple[str, type[PluginError]] | None:
    """Return what is wrong with a getter's answer, without showing any part of it."""
    if inspect.iscoroutine(answer):
        answer.close()  # else Python would warn on stderr that it was never awaited
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


def _not_loaded(
    plugin: Plugin, found: str, *, is_name: bool = False, missing: str = ""
) -> LookupSymbolError:
    """Return the error.

    Args:
        plugin: The plugin.
        found: What is wrong.
        is_name: Whether only the getter's name may be wrong.
        missing: The module that must be installed, if that is what is wrong.
    """
    if isinstance(plugin, GivenPlugin):
        advice = "Fix that module, or pass a name that it has."
    elif is_name and plugin.has_other_getter:
        advice = "Correct the name."
    elif missing:
        advice = advice_on_missing(missing, plugin.origin)
    else:
        advice = (
            f"Install {plugin.distribution} again, or tell its authors; its entry point is "
            f"{plugin.value!r}."
        )
    message = f"{plugin.label} cannot be loaded: {found}. {advice}"
    return LookupSymbolError(message, plugin=plugin.name, distribution=plugin.origin)


def _broken(
    plugin: Plugin, found: str, kind: type[PluginError] = InvalidSymbolError
) -> PluginError:
    message = f"{plugin.label} breaks the contract: {found}. Its authors must fix this."
    return kind(message, plugin=plugin.name, distribution=plugin.origin)
