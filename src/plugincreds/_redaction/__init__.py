"""Makes foreign text safe for a message: on one line, without what looks like a secret."""

from plugincreds._contract import Declined
from plugincreds._errors import HintedError, PluginError, printable
from plugincreds._redaction.secret_forms import without_secrets
from plugincreds._threads import as_failure

_LONGEST_READ = 20_000  # a limit for time; it leaves room for long secrets before what is shown
_LONGEST_TEXT = 500


def described(error: BaseException) -> str:
    """Return an exception's class and text on one line, without what looks like a secret."""
    name = "an exception"
    try:
        name = type(error).__name__
        has_hint = issubclass(type(error), HintedError)  # which is shown by itself
        text = shown(PluginError.__str__(error) if has_hint else str(error))
    except BaseException as failure:  # noqa: BLE001 - str() of a foreign one may raise anything
        as_failure(failure)
        return name
    return f"{name}: {text}" if text else name


def decline_in(answer: object) -> Declined | None:
    """Return a plugin's answer, if it declines, with a reason that can be shown.

    Raises:
        Exception: What the reason raised; it may be any object.
    """
    if answer is None:
        return Declined("")
    return Declined(shown(str(answer.reason))) if isinstance(answer, Declined) else None


def shown(text: str) -> str:
    """Return foreign text as a part of a sentence, without what looks like a secret."""
    is_cut = len(text) > _LONGEST_READ
    text = without_secrets(printable(text[:_LONGEST_READ]).strip().rstrip("."))
    if is_cut:  # the last word may be the beginning of a secret
        text = text.rpartition(" ")[0] + "..."
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "..."
    return text
