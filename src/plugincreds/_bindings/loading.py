"""From what is chosen to a source with credentials in it. Chains that reach no plugin skip this."""

import logging
from traceback import format_tb

from plugincreds._bindings.request import Request
from plugincreds._redaction import described
from plugincreds._registry import registry
from plugincreds._resolution import automatic_source, none_answered, selected_source
from plugincreds._selection import Off, Selected, Selection
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")


def source_of(chosen: Selection, request: Request) -> Source | None:
    """Return the source of what is chosen, with credentials in it; None if all decline.

    Raises:
        PluginError: The selected plugin is missing, broken, declines or fails, or an
            automatic one is configured and fails.
    """
    if isinstance(chosen, Off):
        return None
    if isinstance(chosen, Selected):
        source = selected_source(chosen, request)
    else:
        found = automatic_source(request, is_required=chosen.asked_by is not None)
        if found is None:
            if chosen.asked_by is not None:
                raise none_answered(chosen.asked_by)
            return None
        source = found
    if warning := request.unread_options(source.plugin):
        registry().say_once(logging.WARNING, warning)
    if isinstance(chosen, Selected) and chosen.caution:
        registry().say_once(logging.WARNING, chosen.caution)
    return source


def tell_of_fault(error: Exception) -> None:
    """Tell of a fault of ours where no plugin is selected, so that the chain goes on."""
    message = f"Credential plugins are not used: {described(error)}."
    registry().say_once(logging.WARNING, message, key=type(error).__name__)
    # Where it was, but not its text: that may be a plugin's.
    logger.debug("It was raised here:\n%s", "".join(format_tb(error.__traceback__)))
