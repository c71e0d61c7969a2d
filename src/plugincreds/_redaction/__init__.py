"""Makes foreign text safe for a message: on one line, without what looks like a secret."""

from plugincreds._contract import Declined
from plugincreds._errors import HintedError, PluginError, printable
from plugincreds._redaction.secret_forms import without_secrets
from plugincreds._threads import as_failure

_LONGEST_READ = 20_000  # a limit for time; it leaves room for long secrets before what is shown
_LONGEST_TEXT = 500


def described(error: BaseException, *, with_hint: bool = True) -> str:
    """Return an exception's class and text on one line, without what looks like a secret.

    Args:
        error: The exception.
        with_hint: Whether the text ends with the hint, if it has one; else that is shown elsewhere.
    """
    name = "an exception"
    try:
        name = type(error).__name__
        # A plugin's own class may have another text than this one, which ends with the hint.
        is_plain = type(error).__str__ is HintedError.__str__
        text = shown(PluginError.__str__(error) if is_plain else str(error))
        hint = hint_of(error) if with_hint else ""
        if hint and hint not in text:
            text = f"{text} ({hint})".lstrip()
    except BaseException as failure:  # noqa: BLE001 - str() of a foreign one may raise anything
        as_failure(failure)
        return name
    return f"{name}: {text}" if text else name


def hint_of(error: BaseException | None) -> str:
    """Return the hint in what a plugin raised, as it can be shown, or an empty text."""
    if not issubclass(type(error), HintedError):
        return ""
    try:
        hint = error.hint  # type: ignore[union-attr] # see above
        return shown(str(hint)) if hint else ""
    except BaseException as failure:  # noqa: BLE001 - str() of a plugin's object may raise anything
        as_failure(failure)
        return ""


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
