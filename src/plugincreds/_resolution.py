"""Which installed plugin answers: the selected one, or the first that does not decline.

If the selected plugin fails, nothing replaces it. An automatic plugin is skipped if it declines or
is broken. If it fails to retrieve, that is an error, too: it is configured, so it may be meant.
"""

import logging
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugincreds._base_identity import BaseIdentity
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
)
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin
from plugincreds._reentrancy import own_call_error, was_refused
from plugincreds._registry import registry
from plugincreds._selection import Selected
from plugincreds._sharing import not_shared
from plugincreds._source import Source

# A plugin, and the identity that its getter received, or None.
SourceKey = tuple[Plugin, tuple[Hashable, ...] | None]

if TYPE_CHECKING:
    from typing import Protocol

    from plugincreds._contract import PluginContext
    from plugincreds._plugin_settings import RefreshSettings

    class Request(Protocol):
        """A session's request, as `_bindings.request` implements it."""

        @property
        def plugin(self) -> Plugin | None:
            """The plugin, if a program has passed it; else it is looked up by name."""

        def context(self, plugin: str) -> tuple[PluginContext, tuple[Hashable, ...], BaseIdentity]:
            """Return the context for a plugin's getter, the identity, and the base identity.

            The identity is everything that may decide whose credentials the getter then gives. The
            base identity counts as well if the getter or `retrieve()` uses a base session.
            """

        def refresh_settings(self) -> RefreshSettings:
            """Return the profile's settings for refreshing and sharing credentials."""

        def options_note(self, plugin: Plugin) -> str:
            """Return which options a declining plugin received: a sentence, or nothing."""


logger = logging.getLogger("plugincreds")


def selected_source(wanted: Selected, request: "Request") -> Source:
    """Return the source of the selected plugin, with credentials in it.

    Raises:
        PluginError: It is missing, broken, declines or fails. Nothing replaces it.
    """
    while True:
        source, base = _configured(wanted, request)
        try:
            with _own_outcome(source, base):
                source.engine.get()
        except PluginProviderRetrieveError as error:
            if not error.declined:
                raise
            raise declined(wanted, source.plugin, request) from None
        if source.base.serves(base):
            _announce(source.plugin)
            return source


def configured_source(wanted: Selected, request: "Request") -> Source:
    """Return the source of the selected plugin, without retrieving anything.

    Raises:
        PluginError: It is missing, broken, or its getter declines.
    """
    source, _ = _configured(wanted, request)
    return source


def automatic_source(request: "Request", *, is_required: bool = False) -> Source | None:
    """Return the source of the first plugin that does not decline, with credentials in it.

    Args:
        request: The session's request.
        is_required: Whether the session needs a plugin, so that no other identity may be used.

    Raises:
        PluginError: A plugin is configured here, but fails to retrieve credentials.
    """
    discovery = registry().discovery()
    for problem in discovery.unreadable:
        registry().log_once(logging.WARNING, f"Credential plugins are skipped: {problem}.")
    for name in discovery.plugins:
        try:
            plugin = discovery.the_one(name, asked_by="The default chain")
        except PluginError as error:
            _warn_of_skipped(name, error)
            continue
        source = _answering_source(plugin, request, is_required=is_required)
        if source is not None:
            _announce(plugin)
            return source
    return None


def none_answered(asked_by: str) -> PluginProviderRetrieveError:
    """Return the error if a plugin is required, but all decline or are broken."""
    names = ", ".join(registry().discovery().plugins)
    message = (
        f"{asked_by} asks for a credential plugin, but "
        + (f"none of those installed is configured here: {names}" if names else "none is installed")
        + ". Configure or install one."
    )
    return PluginProviderRetrieveError(message, declined=True)


def declined(wanted: Selected, plugin: Plugin, request: "Request") -> PluginProviderRetrieveError:
    """Return the error for a selected plugin that declined."""
    message = (
        f"{plugin.label} is asked for by {wanted.asked_by}, but it declined: it is not "
        f"configured here. {request.options_note(plugin)}Configure it, or {wanted.remedy}."
    )
    return PluginProviderRetrieveError(
        message, plugin=plugin.name, distribution=plugin.origin, declined=True
    )


def loaded_functions(
    plugin: Plugin, request: "Request"
) -> tuple[SourceKey, BaseIdentity, Functions | None]:
    """Call the getter; return the source key, the base identity, and the functions.

    They are None if it declines.

    Raises:
        PluginError: It is broken, or asks for its own credentials.
    """
    getter = registry().getter(plugin)
    context, identity, base = (
        request.context(plugin.name) if getter.takes_context else (None, None, BaseIdentity())
    )
    key = (plugin, identity)

    def functions() -> Functions | None:
        with base.recorded():
            found = getter.functions(context)
        if found is None and was_refused():
            raise own_call_error(plugin.label, plugin.name, plugin.origin)
        return found

    return key, base, registry().single_call(key, plugin, functions)


def _configured(wanted: Selected, request: "Request") -> tuple[Source, BaseIdentity]:
    plugin = request.plugin or registry().discovery().the_one(wanted.name, wanted.asked_by)
    found = _source(plugin, request)
    if found is None:
        raise declined(wanted, plugin, request)
    found[0].require()
    return found


def _answering_source(plugin: Plugin, request: "Request", *, is_required: bool) -> Source | None:
    """Return the source of an automatic plugin; None if it declines or is broken."""
    if registry().is_broken(plugin):
        return None
    try:
        while (found := _source(plugin, request)) is not None:
            source, base = found
            if is_required:
                source.require()
            with _own_outcome(source, base):
                source.engine.get()
            if source.base.serves(base):
                return source
    except PluginProviderRetrieveError as error:
        if not error.declined:
            raise
    except LookupSymbolError as error:
        registry().set_broken(plugin)  # importing it again would take time and fail again
        _warn_of_skipped(plugin.name, error)
        return None
    except (InvalidSymbolError, PluginRetrieveNilError, PluginIsExpiredNilError) as error:
        _warn_of_skipped(plugin.name, error)
        return None
    logger.debug("%s declined.", plugin.label)
    return None


@contextmanager
def _own_outcome(source: Source, base: BaseIdentity) -> Iterator[None]:
    """Ignore a failure that belongs to another base identity; the caller must try again.

    Only a retrieval shows that a plugin uses base credentials. Until then, loads with others wait
    for its outcome, too.
    """
    try:
        yield
    except PluginProviderRetrieveError:
        if source.base.serves(base):
            raise


def _source(plugin: Plugin, request: "Request") -> tuple[Source, BaseIdentity] | None:
    """Call the getter, and return its source and base identity now; None if it declines."""
    key, base, functions = loaded_functions(plugin, request)
    if functions is None:
        return None
    settings = request.refresh_settings()
    if settings.cache_folder is not None and (problem := not_shared(plugin, functions)):
        registry().log_once(logging.WARNING, problem)
        settings = settings._replace(cache_folder=None)
    source = registry().source(
        (key, functions.cache_key),
        base,
        lambda: Source(plugin, functions, key, settings, base=base),
    )
    return source, base


def _announce(plugin: Plugin) -> None:
    message = f"Credentials come from the credential plugin {plugin.name!r} of {plugin.origin}."
    registry().log_once(logging.INFO, message)


def _warn_of_skipped(name: str, error: PluginError) -> None:
    message = f"The credential plugin {name!r} is skipped. {error}"
    registry().log_once(logging.WARNING, message, key=(name, type(error)))
