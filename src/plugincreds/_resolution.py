"""Which installed plugin answers: the selected one, or the first that does not decline.

This is where the rule is kept that a selected plugin has no second choice, while an
automatic one may be passed over as long as nobody can have meant it.
"""

import logging
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from plugincreds._contract import PluginContext
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
)
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin
from plugincreds._reentrancy import flight, own_flight_error, was_refused
from plugincreds._registry import registry
from plugincreds._selection import Selected
from plugincreds._sharing import not_shared
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")

# Makes what a getter with the parameter `context` is told; takes the plugin's name.
ContextMaker = Callable[[str], PluginContext]
# Reads how the profile wants values to be renewed, once a plugin has not declined.
RefreshMaker = Callable[[], RefreshSettings]
# Says which options a plugin was told that has declined: a sentence and a space, or nothing.
OptionsNote = Callable[[Plugin], str]


def no_note(_plugin: Plugin) -> str:
    """Say nothing of options."""
    return ""


def selected_source(
    wanted: Selected,
    make_context: ContextMaker,
    refresh: RefreshMaker = RefreshSettings,
    plugin: Plugin | None = None,
    note: OptionsNote = no_note,
) -> Source:
    """Return the source of a plugin that is asked for by name, with a value in it.

    The plugin itself may be given, too, where a program has it at hand.

    Raises:
        PluginError: It is missing, broken, declines or fails. There is no second choice.
    """
    source = configured_source(wanted, make_context, refresh, plugin, note)
    try:
        source.cache.get()
    except PluginProviderRetrieveError as error:
        if not error.declined:
            raise
        raise declined(wanted, source.plugin, note) from None
    _announce(source.plugin)
    return source


def configured_source(
    wanted: Selected,
    make_context: ContextMaker,
    refresh: RefreshMaker = RefreshSettings,
    plugin: Plugin | None = None,
    note: OptionsNote = no_note,
) -> Source:
    """Return the source of a plugin that is asked for by name, without retrieving anything.

    Raises:
        PluginError: It is missing, broken, or its getter declines.
    """
    plugin = plugin or registry().discovery().the_one(wanted.name, wanted.asked_by)
    source = _source(plugin, make_context, refresh)
    if source is None:
        raise declined(wanted, plugin, note)
    source.ask()
    return source


def configured_functions(
    wanted: Selected, make_context: ContextMaker, plugin: Plugin, note: OptionsNote = no_note
) -> Functions:
    """Return what a plugin's getter gives, without keeping anything.

    Raises:
        PluginError: It is broken, or declines.
    """
    functions = given_functions(plugin, make_context)
    if functions is None:
        raise declined(wanted, plugin, note)
    return functions


def given_functions(plugin: Plugin, make_context: ContextMaker) -> Functions | None:
    """Return what a plugin's getter gives, None if it declines, without keeping anything.

    Raises:
        PluginError: It is broken.
    """
    _, functions = _functions(plugin, make_context)
    return functions


def required_source(
    asked_by: str, make_context: ContextMaker, refresh: RefreshMaker = RefreshSettings
) -> Source:
    """Return the source of the first plugin that does not decline, for who needs one.

    Raises:
        PluginError: All decline or are broken, or one is configured here, but fails.
    """
    source = automatic_source(make_context, refresh, is_asked_for=True)
    if source is None:
        names = ", ".join(registry().discovery().plugins)
        message = (
            f"{asked_by} asks for a credential plugin, but "
            + (f"none of those installed is configured here: {names}" if names else "none is here")
            + ". Configure or install one."
        )
        raise PluginProviderRetrieveError(message, declined=True)
    return source


def automatic_source(
    make_context: ContextMaker,
    refresh: RefreshMaker = RefreshSettings,
    *,
    is_asked_for: bool = False,
) -> Source | None:
    """Return the source of the first plugin that does not decline, with a value in it.

    It may be that somebody asks for any of them, and cannot do without.

    Raises:
        PluginError: A plugin is configured here, but fails to retrieve credentials.
    """
    discovery = registry().discovery()
    for problem in discovery.unreadable:
        registry().say_once(logging.WARNING, f"Credential plugins are passed over: {problem}.")
    for name in discovery.plugins:
        try:
            plugin = discovery.the_one(name, asked_by="The default chain")
        except PluginError as error:
            _pass_over(name, error)
            continue
        source = _willing_source(plugin, make_context, refresh, is_asked_for=is_asked_for)
        if source is not None:
            _announce(plugin)
            return source
    return None


def _willing_source(
    plugin: Plugin, make_context: ContextMaker, refresh: RefreshMaker, *, is_asked_for: bool
) -> Source | None:
    if registry().is_broken(plugin):
        return None
    try:
        source = _source(plugin, make_context, refresh)
        if source is not None:
            if is_asked_for:
                source.ask()
            source.cache.get()
            return source
    except PluginProviderRetrieveError as error:
        if not error.declined:
            raise
    except LookupSymbolError as error:
        registry().set_broken(plugin)  # importing it again would fail again, and take time
        _pass_over(plugin.name, error)
        return None
    except (InvalidSymbolError, PluginRetrieveNilError, PluginIsExpiredNilError) as error:
        _pass_over(plugin.name, error)
        return None
    logger.debug("%s declined.", plugin.label)
    return None


def _source(plugin: Plugin, make_context: ContextMaker, refresh: RefreshMaker) -> Source | None:
    """Call the getter, and return the source of the identity that it gives now."""
    mark, functions = _functions(plugin, make_context)
    if functions is None:
        return None
    settings = refresh()
    if settings.cache_folder is not None and (problem := not_shared(plugin, functions)):
        registry().say_once(logging.WARNING, problem)
    return registry().source(
        (mark, functions.cache_key), lambda: Source(plugin, functions, mark, settings)
    )


def _functions(plugin: Plugin, make_context: ContextMaker) -> tuple[Hashable, Functions | None]:
    """Call the getter, and return what its flight is known by, and what it gave."""
    with _loading(plugin, plugin):
        getter = registry().getter(plugin)
    context = make_context(plugin.name) if getter.takes_context else None
    mark = (plugin, context and context.identity)
    with _loading(mark, plugin):
        functions = getter.functions(context)
        if functions is None and was_refused():
            raise own_flight_error(plugin.label, plugin.name, plugin.origin)
    return mark, functions


@contextmanager
def _loading(mark: Hashable, plugin: Plugin) -> Iterator[None]:
    """Run the body as a flight; one that asked for itself is never taken for a mere fault.

    A fault lets the chain go on to another identity, which the program would then keep.
    """
    with flight(mark, plugin.label, plugin.name, plugin.origin):
        try:
            yield
        except PluginError as error:
            if was_refused():
                raise own_flight_error(plugin.label, plugin.name, plugin.origin) from error
            raise


def declined(
    wanted: Selected, plugin: Plugin, note: OptionsNote = no_note
) -> PluginProviderRetrieveError:
    """Return the error for a plugin that is asked for by name, and declined."""
    message = (
        f"{plugin.label} is asked for by {wanted.asked_by}, but it declined: it is not "
        f"configured here. {note(plugin)}Configure it, or {wanted.remedy}."
    )
    return PluginProviderRetrieveError(
        message, plugin=plugin.name, distribution=plugin.origin, declined=True
    )


def _announce(plugin: Plugin) -> None:
    message = f"Credentials come from the credential plugin {plugin.name!r} of {plugin.origin}."
    registry().say_once(logging.INFO, message)


def _pass_over(name: str, error: PluginError) -> None:
    message = f"The credential plugin {name!r} is passed over. {error}"
    registry().say_once(logging.WARNING, message, key=(name, type(error)))
