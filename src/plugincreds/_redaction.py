"""Makes foreign text safe for a message: on one line, without what looks like a secret."""

import re

from plugincreds._errors import NonRecoverableError, PluginError, printable

# Long words may be keys or tokens. The patterns are strings, because every first retrieval imports
# this module, and only errors need them compiled.
_LONG_WORD = r"[A-Za-z0-9+/=_-]{16,}"
_ACCESS_KEY = r"A[A-Z]{3}[A-Z0-9]{12,}"
_SHORTEST_SECRET = 30
_LEAST_PER_SLASH = 12  # letters per slash; paths have more slashes than base64
_LONGEST_TEXT = 500


def described(error: BaseException) -> str:
    """Return an exception's class and text on one line, without what looks like a secret."""
    name = "an exception"
    try:
        name = type(error).__name__
        is_ours = isinstance(error, NonRecoverableError)
        text = shown(PluginError.__str__(error) if is_ours else str(error))
    except Exception:  # noqa: BLE001 - str() of a foreign exception may raise anything
        return name
    return f"{name}: {text}" if text else name


def shown(text: str) -> str:
    """Return foreign text as a part of a sentence, without what looks like a secret."""
    text = printable(text).strip().rstrip(".")
    text = re.sub(_LONG_WORD, _without_secret, text)
    if len(text) > _LONGEST_TEXT:
        text = text[:_LONGEST_TEXT] + "..."
    return text


def _without_secret(match: "re.Match[str]") -> str:
    word = match.group()
    has_digit = any(map(str.isdigit, word))
    if re.fullmatch(_ACCESS_KEY, word) and has_digit:
        return "[redacted]"
    mixed = has_digit and word != word.lower() and word != word.upper()
    is_path = word.count("/") * _LEAST_PER_SLASH > len(word)
    return "[redacted]" if mixed and not is_path and len(word) >= _SHORTEST_SECRET else word
