"""What people are told of a profile's options: their names, never their values."""

from collections.abc import Mapping

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._plugins.references import Plugin
from plugincreds._redaction import printable
from plugincreds._registry import registry
from plugincreds._settings import OPTIONS_KEY, PLUGIN_KEY, own_plugin


def told(provider: PluginProvider, plugin: Plugin) -> str:
    """Return which options a plugin was told that has declined: a sentence and a space."""
    section, whose = provider.section(), f"the profile {provider.profile!r}"
    if not section.get(OPTIONS_KEY):
        return ""
    # What a program asks for itself is told the options in any case.
    if provider.plugin is None and not _are_for(provider, plugin):
        meant = f"{PLUGIN_KEY} = {own_plugin(section)}"
        return f"It was told no options: those of {whose} are for {meant}. "
    if not registry().getter(plugin).takes_context:
        return f"It was told no options: {whose} has some, but its getter takes no context. "
    return f"It was told these options of {whose}: {_names(provider)}. "


def unread(provider: PluginProvider, plugin: Plugin) -> str:
    """Return that a plugin whose getter takes no context is not told them, if it was meant."""
    if not _are_for(provider, plugin):
        return ""
    names = _names(provider)
    which = f" ({names})" if names else ""
    return (
        f"{plugin.label} is not told the options of the profile {provider.profile!r}{which}, "
        "because its getter takes no context, so they have no effect. Select the plugin that they "
        "are for, or remove them."
    )


def _are_for(provider: PluginProvider, plugin: Plugin) -> bool:
    return own_plugin(provider.section()) in {"", plugin.name}


def _names(provider: PluginProvider) -> str:
    options = provider.section().get(OPTIONS_KEY)
    return printable(", ".join(sorted(options))) if isinstance(options, Mapping) else ""
