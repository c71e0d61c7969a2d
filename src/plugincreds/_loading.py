"""A plugin -> its two functions, checked against the contract.

Every call into a plugin's code that happens while it is loaded is made here, and whatever
comes back is either what the contract says or a typed error.
"""

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from types import ModuleType
from typing import Any

from plugincreds._contract import PluginContext
from plugincreds._discovery import InstalledPlugin
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
    described,
)
from plugincreds._flight import own_flight_error

PROVIDER_SYMBOL_NAME = "get_aws_sdk_credential_provider"
OPENED_AS = "__plugincreds_prefix__"  # of the name of a module that was opened as a file
_WANTED = (
    "the getter must return the pair (retrieve, is_expired), an object with these two "
    "methods, or None to decline"
)
_PAIR = 2
# An import or a getter may end the interpreter; in somebody's program it must not.
_FAULTS = (Exception, SystemExit)


@dataclass(frozen=True, slots=True)
class GivenPlugin:
    """A module that a program hands over as a plugin, installed or not.

    Attributes:
        module: The module.
        symbol: The name of its getter.
    """

    module: ModuleType
    symbol: str = PROVIDER_SYMBOL_NAME

    @property
    def name(self) -> str:
        """The module's name, without the prefix of those that were opened as files."""
        return self.module.__name__.removeprefix(self.module.__dict__.get(OPENED_AS, ""))

    @property
    def value(self) -> str:
        """Where the getter is, as entry points say it."""
        return f"{self.name}:{self.symbol}"

    @property
    def origin(self) -> str:
        """The module's file; a module that is given to a program belongs to no distribution."""
        return getattr(self.module, "__file__", None) or f"module {self.name}"

    @property
    def label(self) -> str:
        """The plugin as messages call it."""
        return f"The credential plugin {self.name!r} of {self.origin}"


Plugin = InstalledPlugin | GivenPlugin


@dataclass(frozen=True, slots=True)
class Getter:
    """A plugin's getter, found and callable, not called.

    Attributes:
        plugin: The plugin that it is the getter of.
        function: The getter.
        takes_context: Whether it wants to be told of the session that asks.
    """

    plugin: Plugin
    function: Callable[..., Any]
    takes_context: bool

    def functions(self, context: PluginContext | None) -> "Functions | None":
        """Call the getter, with the context if it takes one; None: the plugin declines.

        Raises:
            InvalidSymbolError: It raised, or returned something else than the contract says.
            PluginRetrieveNilError: What it returned has no retrieve function.
            PluginIsExpiredNilError: What it returned has no is_expired function.
        """
        try:
            answer = self.function(context=context) if self.takes_context else self.function()
            read = None if answer is None else _read(answer)
        except PluginError:
            raise  # it asked for itself, or says itself what a person must do
        except _FAULTS as error:
            message = f"its getter raised {described(error)}; a getter that is not configured"
            raise _wrong(self.plugin, f"{message} must return None instead") from error
        del answer  # authors mistake a getter for retrieve(), so it may hold credentials
        if isinstance(read, tuple):
            raise _wrong(self.plugin, *read)
        return read


@dataclass(frozen=True, slots=True)
class Functions:
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


def load(plugin: Plugin) -> Getter:
    """Import the plugin's module and find its getter.

    Raises:
        LookupSymbolError: The module or the attribute does not exist, or importing failed.
        InvalidSymbolError: The attribute is not callable in the way that the contract says.
    """
    function = _symbol(plugin)
    if not callable(function):
        raise _wrong(
            plugin, f"{plugin.value} is of type {type(function).__name__}, but must be callable"
        )
    return Getter(plugin, function, _takes_context(plugin, function))


def with_symbol(plugin: Plugin, symbol: str) -> Plugin:
    """Return the same plugin with another getter of its module."""
    if isinstance(plugin, GivenPlugin):
        return replace(plugin, symbol=symbol)
    module_name, _ = _module_and_attribute(plugin)
    return replace(plugin, value=f"{module_name}:{symbol}")


def _symbol(plugin: Plugin) -> Any:
    module_name, attribute = _module_and_attribute(plugin)
    try:
        module = (
            plugin.module
            if isinstance(plugin, GivenPlugin)
            else importlib.import_module(module_name)
        )
    except _FAULTS as error:
        raise _lookup(plugin, _import_fault(module_name, error)) from error
    try:
        return reduce(getattr, attribute.split("."), module)
    except _FAULTS as error:
        if getattr(getattr(module, "__spec__", None), "_initializing", False):
            # Its own import has led here, and that was begun by the program.
            raise own_flight_error(plugin.label, plugin.name, plugin.origin) from error
        found = f"its module {module_name!r} has no attribute {attribute!r}"
        raise _lookup(plugin, found) from error


def _module_and_attribute(plugin: Plugin) -> tuple[str, str]:
    module_name, _, attribute = plugin.value.partition("[")[0].partition(":")
    return module_name.strip(), attribute.strip() or PROVIDER_SYMBOL_NAME


def _import_fault(module_name: str, error: BaseException) -> str:
    if not isinstance(error, ModuleNotFoundError):
        return f"its module {module_name!r} cannot be imported: {described(error)}"
    if error.name and f"{module_name}.".startswith(f"{error.name}."):
        return f"its module {module_name!r} does not exist"
    return f"its module {module_name!r} needs {error.name!r}, which is not installed here"


def _lookup(plugin: Plugin, found: str) -> LookupSymbolError:
    message = (
        f"{plugin.label} cannot be loaded: {found}. "
        "Install that package or what it needs again, or tell its authors; its entry point is "
        f"{plugin.value!r}."
    )
    return LookupSymbolError(message, plugin=plugin.name, distribution=plugin.origin)


def _wrong(plugin: Plugin, found: str, kind: type[PluginError] = InvalidSymbolError) -> PluginError:
    message = f"{plugin.label} breaks the contract: {found}. This is for its authors to mend."
    return kind(message, plugin=plugin.name, distribution=plugin.origin)


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
            f"its getter wants the parameters {', '.join(required)}, but may have one, 'context'"
        )
        raise _wrong(plugin, found)
    return any(
        parameter.name == "context" and parameter.kind is not parameter.POSITIONAL_ONLY
        for parameter in parameters
    )


def _read(answer: object) -> Functions | tuple[str, type[PluginError]]:
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
    except _FAULTS as error:
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
