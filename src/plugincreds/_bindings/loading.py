"""Finds the source of a selection. A module of its own, so that other chains never import it."""

import logging
from traceback import format_tb

from plugincreds._bindings.request import Request
from plugincreds._redaction import described
from plugincreds._registry import registry
from plugincreds._resolution import automatic_source, selected_source
from plugincreds._selection import Automatic, Selected
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")


def source_of(chosen: Selected | Automatic, request: Request) -> Source | None:
    """Return the source of a selection, with credentials in it; None if all plugins decline.

    Raises:
        PluginError: The selected plugin is missing, broken, declines or fails, or an
            automatic one is configured and fails.
    """
    if isinstance(chosen, Selected):
        source = selected_source(chosen, request)
    else:
        found = automatic_source(request, chosen.asked_by)
        if found is None:
            return None
        source = found
    if warning := request.unread_options(source.plugin):
        registry().log_once(logging.WARNING, warning)
    if isinstance(chosen, Selected) and (
        caution := chosen.caution_for(uses_profile_keys=source.uses_profile_keys)
    ):
        registry().log_once(logging.WARNING, caution)
    return source


def warn_of_fault(error: Exception) -> None:
    """Log a fault of this package where no plugin is selected, so that the chain goes on."""
    message = f"Credential plugins are not used: {described(error)}."
    registry().log_once(logging.WARNING, message, key=type(error).__name__)
    # Only where it was raised: its text may come from a plugin.
    logger.debug("It was raised here:\n%s", "".join(format_tb(error.__traceback__)))
