"""What would come of asking plugins: they are loaded and their getters called, and no more."""

from typing import NamedTuple

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._cli.doctor.steps import PluginState, Status, Step
from plugincreds._cli.terminal import stdout_kept_clean
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
)
from plugincreds._plugins.references import Plugin
from plugincreds._registry import registry
from plugincreds._resolution import declined, loaded_functions
from plugincreds._selection import Automatic, Off, Selected
from plugincreds._sharing import check_extra, not_shared

# Where nobody has selected the plugin, the chain goes on after one of these.
_PASSED_OVER = (
    InvalidSymbolError,
    LookupSymbolError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
)


def plugin_step(provider: PluginProvider) -> Step:
    """Return what would come of asking the plugins that a provider stands for."""
    try:
        chosen = provider.chosen()
    except PluginError as error:
        return Step(Status.ERROR, str(error), plugin=error.plugin)
    if isinstance(chosen, Selected):
        return _of_selected(provider, chosen)
    if isinstance(chosen, Off):
        return Step(Status.NOT_CONFIGURED, "no plugin is asked here")
    return _of_automatic(provider, chosen)


def _of_selected(provider: PluginProvider, chosen: Selected) -> Step:
    name = chosen.name
    try:
        plugin = registry().discovery().the_one(name, chosen.asked_by)
        willing = _willing(provider, plugin)
        if willing is None:
            raise declined(chosen, plugin, provider.request())
    except PluginError as error:
        return Step(Status.ERROR, str(error), plugin=name)
    reason = f"{name} of {plugin.origin} is configured, selected by {chosen.asked_by}"
    cautions = (chosen.caution, *willing.cautions)
    return Step(Status.ASKED, reason, plugin=name, cautions=cautions, not_shared=willing.not_shared)


def _of_automatic(provider: PluginProvider, chosen: Automatic) -> Step:
    states = []
    for name in registry().discovery().plugins:
        state = _state(provider, name)
        states.append(state)
        if state.state == "error":
            return Step(Status.ERROR, state.reason, plugin=name, plugins=tuple(states))
    configured = [state for state in states if state.state == "configured"]
    if configured:
        first = configured[0]
        reason = f"{first.name} of {first.reason} is configured, and nobody selects another"
        return Step(
            Status.ASKED,
            reason,
            plugin=first.name,
            cautions=first.cautions,
            not_shared=first.not_shared,
            plugins=tuple(states),
        )
    reason = "no installed plugin is configured here" if states else "no plugin is installed"
    if chosen.asked_by is not None:
        message = f"{chosen.asked_by} asks for a credential plugin, but {reason}."
        return Step(Status.ERROR, message, plugins=tuple(states))
    return Step(Status.NOT_CONFIGURED, reason, plugins=tuple(states))


def _state(provider: PluginProvider, name: str) -> PluginState:
    discovery = registry().discovery()
    fault = discovery.fault(name)
    if fault is not None:
        return PluginState(name, "broken", f"{fault}.")
    (plugin,) = discovery.plugins[name]
    try:
        willing = _willing(provider, plugin)
    except _PASSED_OVER as error:
        return PluginState(name, "broken", str(error))
    except PluginError as error:
        return PluginState(name, "error", str(error))
    if willing is None:
        return PluginState(name, "declines", f"{plugin.origin} is not configured here")
    return PluginState(name, "configured", plugin.origin, *willing)


class _Willing(NamedTuple):
    """What else is to be said of a plugin that does not decline."""

    cautions: tuple[str, ...]
    not_shared: str


def _willing(provider: PluginProvider, plugin: Plugin) -> _Willing | None:
    """Return what is to be said of a plugin; None: it declines.

    Raises:
        PluginError: It is broken, or what the profile wants of it cannot be had.
    """
    with stdout_kept_clean():
        _, functions = loaded_functions(plugin, provider.request())
    if functions is None:
        return None
    problem = ""
    if provider.request().refresh_settings().cache_folder is not None:
        problem = not_shared(plugin, functions)
        if not problem:
            check_extra()
    unread = provider.request().unread_options(plugin)
    return _Willing((unread,) if unread else (), problem)
