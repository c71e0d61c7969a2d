"""What would come of asking plugins: they are loaded and their getters called, and no more."""

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.request import Request
from plugincreds._cli.doctor.steps import ChainStep, PluginState, Status
from plugincreds._cli.streams import waiting_for
from plugincreds._contract import Declined
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    PluginError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
)
from plugincreds._plugins.discovery import discovered
from plugincreds._plugins.references import Plugin
from plugincreds._resolution import declined, loaded_functions
from plugincreds._selection import Automatic, Off, Selected
from plugincreds._sharing import lock_class, not_shared

# Where the plugin is not selected, the chain goes on after one of these.
_PASSED_OVER = (
    InvalidSymbolError,
    LookupSymbolError,
    PluginIsExpiredNilError,
    PluginRetrieveNilError,
)


def plugin_step(provider: PluginProvider) -> ChainStep:
    """Return what would come of asking the plugins that a provider stands for."""
    try:
        chosen = provider.chosen()
    except PluginError as error:
        return ChainStep(Status.ERROR, str(error), plugin=error.plugin)
    if isinstance(chosen, Off):
        return ChainStep(Status.NOT_CONFIGURED, "no plugin is asked here")
    request = provider.request(chosen)
    if isinstance(chosen, Selected):
        return _of_selected(request, chosen)
    return _of_automatic(request, chosen)


def _of_selected(request: Request, chosen: Selected) -> ChainStep:
    try:
        plugin = discovered().the_one(chosen.name, chosen.asked_by)
        state = _asked(request, plugin, chosen)
        if isinstance(state, Declined):
            raise declined(chosen, plugin, request, state.reason)
    except PluginError as error:
        return ChainStep(Status.ERROR, str(error), plugin=chosen.name)
    return ChainStep(
        Status.ASKED,
        f"{chosen.name} of {plugin.origin} is configured, selected by {chosen.asked_by}",
        plugin=chosen.name,
        cautions=state.cautions,
        not_shared=state.not_shared,
    )


def _of_automatic(request: Request, chosen: Automatic) -> ChainStep:
    states: list[PluginState] = []
    for name in discovered().plugins:
        states.append(_automatic_state(request, name))
        if states[-1].state == "error":
            error = states[-1].reason
            return ChainStep(Status.ERROR, error, plugin=name, plugins=tuple(states))
    configured = [state for state in states if state.state == "configured"]
    if configured:
        used = configured[0]
        # If it declines, another plugin may answer, or what comes later in the chain.
        is_certain = chosen.asked_by is not None and len(configured) == 1
        doubt = "" if is_certain else "; it may still decline when it is asked"
        return ChainStep(
            Status.ASKED,
            f"{used.name} of {used.reason} is configured, and no plugin is selected{doubt}",
            plugin=used.name,
            is_certain=is_certain,
            cautions=used.cautions,
            not_shared=used.not_shared,
            plugins=tuple(states),
        )
    reason = "no installed plugin is configured here" if states else "no plugin is installed"
    if chosen.asked_by is not None:
        message = f"{chosen.asked_by} asks for a credential plugin, but {reason}."
        return ChainStep(Status.ERROR, message, plugins=tuple(states))
    return ChainStep(Status.NOT_CONFIGURED, reason, plugins=tuple(states))


def _automatic_state(request: Request, name: str) -> PluginState:
    """Return what a plugin would do that is not selected."""
    discovery = discovered()
    fault = discovery.fault(name)
    if fault is not None:
        return PluginState(name, "broken", f"{fault}.")
    (plugin,) = discovery.plugins[name]
    try:
        state = _asked(request, plugin)
    except _PASSED_OVER as error:
        return PluginState(name, "broken", str(error))
    except PluginError as error:
        return PluginState(name, "error", str(error))
    if not isinstance(state, Declined):
        return state
    why = f": {state.reason}" if state.reason else " is not configured here"
    return PluginState(name, "declines", f"{plugin.origin}{why}")


def _asked(
    request: Request, plugin: Plugin, chosen: Selected | None = None
) -> PluginState | Declined:
    """Call a plugin's getter, and return what would be used of it, or that it declines.

    Args:
        request: The session's request.
        plugin: The plugin.
        chosen: How it is selected, if it is.

    Raises:
        PluginError: It is broken, or what the profile wants of it cannot be had.
    """
    with waiting_for(f"the credential plugin {plugin.name!r}"):
        *_, functions = loaded_functions(plugin, request)
    if isinstance(functions, Declined):
        return functions
    problem = ""
    if request.refresh_settings().cache_folder is not None:
        problem = not_shared(plugin, functions)
        if not problem:
            lock_class()
    uses_keys = functions.uses_profile_keys
    caution = "" if chosen is None else chosen.caution_for(uses_profile_keys=uses_keys)
    cautions = tuple(filter(None, (caution, request.unread_options(plugin))))
    return PluginState(plugin.name, "configured", plugin.origin, cautions, problem)
