"""What a provider does when a chain comes to it: it is not loaded before."""

import logging
from traceback import format_tb
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.rejection import RejectionHandler
from plugincreds._errors import PluginError
from plugincreds._plugins.references import Plugin
from plugincreds._redaction import described
from plugincreds._registry import registry
from plugincreds._resolution import automatic_source, required_source, selected_source
from plugincreds._selection import Off, Selected, Selection
from plugincreds._settings import OPTIONS_KEY
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")


def load(provider: PluginProvider) -> Any:
    """Return credentials over the source of the plugin that is meant; None if all decline.

    Raises:
        PluginError: The selected plugin is missing, broken, declines or fails, or an
            automatic one is configured and fails.
    """
    chosen = provider.chosen()
    source = source_of(provider, chosen)
    if source is None or isinstance(chosen, Off):
        return None
    if isinstance(chosen, Selected) and chosen.caution:
        registry().say_once(logging.WARNING, chosen.caution)
    RejectionHandler(source).register(provider.session)
    return provider.credentials(source, chosen.account_id)


def source_of(provider: PluginProvider, chosen: Selection) -> Source | None:
    """Return the source of what is chosen, with a value in it; None if all decline."""
    source = _source_of(provider, chosen)
    if source is not None and (warning := unread_options(provider, source.plugin)):
        registry().say_once(logging.WARNING, warning)
    return source


def unread_options(provider: PluginProvider, plugin: Plugin) -> str:
    """Return that the profile's options are not read, as a sentence; empty if they may be."""
    if not provider.section().get(OPTIONS_KEY) or registry().getter(plugin).takes_context:
        return ""
    from plugincreds._bindings.request import unread  # noqa: PLC0415 - for this case alone

    return unread(provider, plugin)


def _source_of(provider: PluginProvider, chosen: Selection) -> Source | None:
    context, settings = provider.context, provider.refresh_settings
    if isinstance(chosen, Selected):
        return selected_source(chosen, context, settings, provider.plugin, provider.options_note)
    if isinstance(chosen, Off):
        return None
    if chosen.asked_by is not None:
        return required_source(chosen.asked_by, context, settings)
    try:
        return automatic_source(context, settings)
    except PluginError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours; nobody has asked for a plugin
        message = f"Credential plugins are not used: {described(error)}."
        registry().say_once(logging.WARNING, message, key=type(error).__name__)
        # Where it was, but not its text: that may be a plugin's.
        logger.debug("It was raised here:\n%s", "".join(format_tb(error.__traceback__)))
        return None
