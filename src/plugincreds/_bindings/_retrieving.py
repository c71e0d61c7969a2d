"""What a provider does when a chain comes to it: it is not loaded before."""

import logging
from traceback import format_tb
from typing import Any

from plugincreds._bindings._rejection import RejectionHandler
from plugincreds._bindings.botocore import PluginProvider
from plugincreds._errors import PluginError, described
from plugincreds._resolution import automatic_source, required_source, selected_source
from plugincreds._selection import Off, Selected, Selection
from plugincreds._source import Source, registry

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
    context, settings = provider.context, provider.refresh_settings
    if isinstance(chosen, Selected):
        return selected_source(chosen, context, settings, provider.plugin)
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
