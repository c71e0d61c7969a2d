"""Which installed plugin answers: the selected one, or the first that does not decline.

If the selected plugin fails, nothing replaces it. An automatic plugin is skipped if it declines or
is broken. If it fails to retrieve, that is an error, too: it is configured, so it may be meant.
"""

import logging
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from plugincreds._base_identity import BaseIdentity
from plugincreds._contract import Declined
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
)
from plugincreds._plugin_settings import RefreshSettings
from plugincreds._plugins.discovery import discovered
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin
from plugincreds._reentrancy import own_call_error, was_refused
from plugincreds._registry import registry
from plugincreds._selection import Selected
from plugincreds._source import Source

# A plugin, and the identity that its getter received, or None.
SourceKey = tuple[Plugin, tuple[Hashable, ...] | None]

if TYPE_CHECKING:
    from typing import Protocol

    from plugincreds._contract import PluginContext

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

        def unused_options(self, declined: str) -> str:
            """Return a warning that all plugins declined the profile's options, or nothing."""


logger = logging.getLogger("plugincreds")

_BROKEN = Declined("")  # the chain goes on, as after a decline; a warning has the reason


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
            raise declined(wanted, source.plugin, request, error.reason) from None
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


def automatic_source(request: "Request", asked_by: str | None = None) -> Source | None:
    """Return the source of the first plugin that does not decline, with credentials in it.

    Args:
        request: The session's request.
        asked_by: The setting that needs a plugin, so that no other identity may be used; None if
            the chain may go on.

    Raises:
        PluginError: A plugin is configured here, but fails to retrieve credentials; or none is
            configured, but one is needed.
    """
    reasons: dict[str, str] = {}
    discovery = discovered()
    for problem in discovery.unreadable:
        registry().log_once(logging.WARNING, f"Credential plugins are skipped: {problem}.")
    for name in discovery.plugins:
        try:
            plugin = discovery.the_one(name, asked_by="The default chain")
        except PluginError as error:
            _warn_of_skipped(name, error)
            continue
        answer = _answer(plugin, request, is_required=asked_by is not None)
        if isinstance(answer, Source):
            _announce(plugin)
            return answer
        if answer is not _BROKEN:
            reasons[name] = answer.reason
    if asked_by is not None:
        raise none_answered(asked_by, reasons)
    if reasons and (warning := request.unused_options(_with_reasons(reasons))):
        registry().log_once(logging.WARNING, warning)
    return None


def none_answered(asked_by: str, reasons: Mapping[str, str]) -> PluginProviderRetrieveError:
    """Return the error if a plugin is needed, but all decline or are broken.

    Args:
        asked_by: The setting that needs one.
        reasons: Why plugins declined, by their names.
    """
    names = dict.fromkeys(discovered().plugins, "") | dict(reasons)
    found = "none of those installed is configured here: " if names else "none is installed"
    message = f"{asked_by} asks for a credential plugin, but {found}{_with_reasons(names)}"
    return PluginProviderRetrieveError(f"{message}. Configure or install one.", declined=True)


def _with_reasons(reasons: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({why})" if why else name for name, why in reasons.items())


def declined(
    wanted: Selected, plugin: Plugin, request: "Request", reason: str | None
) -> PluginProviderRetrieveError:
    """Return the error for a selected plugin that declined, with its reason, if it gave one."""
    message = (
        f"{plugin.label} is asked for by {wanted.asked_by}, but it declined: "
        f"{reason or 'it is not configured here'}. {request.options_note(plugin)}Configure "
        f"{plugin.name}, or {wanted.remedy}."
    )
    return PluginProviderRetrieveError(
        message,
        plugin=plugin.name,
        distribution=plugin.origin,
        declined=True,
        reason=reason,
    )


def loaded_functions(
    plugin: Plugin, request: "Request"
) -> tuple[SourceKey, BaseIdentity, Functions | Declined]:
    """Call the getter; return the source key, the base identity, and the functions or a decline.

    Raises:
        PluginError: It is broken, or asks for its own credentials.
    """
    getter = registry().getter(plugin)
    context, identity, base = (
        request.context(plugin.name) if getter.takes_context else (None, None, BaseIdentity())
    )
    key = (plugin, identity)

    def functions() -> Functions | Declined:
        with base.recorded():
            found = getter.functions(context)
        if isinstance(found, Declined) and was_refused():
            raise own_call_error(plugin.label, plugin.name, plugin.origin)
        return found

    return key, base, registry().single_call(key, plugin, functions)


def _configured(wanted: Selected, request: "Request") -> tuple[Source, BaseIdentity]:
    plugin = request.plugin or discovered().the_one(wanted.name, wanted.asked_by)
    found = _source(plugin, request)
    if isinstance(found, Declined):
        raise declined(wanted, plugin, request, found.reason)
    found[0].require()
    return found


def _answer(plugin: Plugin, request: "Request", *, is_required: bool) -> Source | Declined:
    """Return the source of an automatic plugin, unless it declines or is broken."""
    if registry().is_broken(plugin):
        return _BROKEN
    try:
        while not isinstance(found := _source(plugin, request), Declined):
            source, base = found
            if is_required:
                source.require()
            with _own_outcome(source, base):
                source.engine.get()
            if source.base.serves(base):
                return source
        reason = found.reason
    except PluginProviderRetrieveError as error:
        if not error.declined:
            raise
        reason = error.reason or ""
    except LookupSymbolError as error:
        registry().set_broken(plugin)  # importing it again would take time and fail again
        _warn_of_skipped(plugin.name, error)
        return _BROKEN
    except (InvalidSymbolError, PluginRetrieveNilError, PluginIsExpiredNilError) as error:
        _warn_of_skipped(plugin.name, error)
        return _BROKEN
    logger.debug("%s declined%s.", plugin.label, f": {reason}" if reason else "")
    return Declined(reason)


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


def _source(plugin: Plugin, request: "Request") -> tuple[Source, BaseIdentity] | Declined:
    """Call the getter, and return its source and base identity now, unless it declines."""
    key, base, functions = loaded_functions(plugin, request)
    if isinstance(functions, Declined):
        return functions
    settings = request.refresh_settings()
    if settings.cache_folder is not None:
        from plugincreds._sharing import not_shared  # noqa: PLC0415 - few profiles use it

        if problem := not_shared(plugin, functions):
            registry().log_once(logging.WARNING, problem)
            settings = RefreshSettings(settings.advisory_window, settings.timeout)
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
