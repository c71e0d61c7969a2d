"""The errors that people see.

    PluginError                     misuse: a flight that asks for itself
    |-- NonRecoverableError         raised by a plugin: a person must act first
    |-- PluginNotFoundError         nothing of that name is installed, or two things are
    |-- LookupSymbolError           the module or the attribute cannot be had
    |-- InvalidSymbolError          what was found there is no plugin
    |-- PluginRetrieveNilError      it has no retrieve function
    |-- PluginIsExpiredNilError     it has no is_expired function
    `-- PluginProviderRetrieveError it was asked, and gave no usable credentials

A message is one sentence of fact and one of advice, and never holds what a plugin returned.
This is the one module outside `_bindings` that imports an AWS package: programs catch
`BotoCoreError`, and the AWS CLI prints it without a traceback.
"""

import re
from typing import Any

from botocore.exceptions import BotoCoreError, CredentialRetrievalError

# What may be a key or a token in the text of somebody's exception: long, without a space.
# Compiled by who comes to an error: importing this module is a part of each first value.
_LONG_WORD = r"[A-Za-z0-9+/=_-]{16,}"
_ACCESS_KEY = r"A[A-Z]{3}[A-Z0-9]{12,}"
_SHORTEST_SECRET = 30
_LEAST_PER_SLASH = 12  # letters per slash; file names have more slashes than base64
_LONGEST_TEXT = 500


class PluginError(BotoCoreError):  # type: ignore[misc] # botocore has no type information
    """The base of all errors of this package; raised itself for misuse.

    Attributes:
        code: The name of the kind of error, that of the Go package where it has one.
        plugin: The name of the plugin, or None where it is about no single one.
        distribution: Name and version of the package that supplies it, as "acme-creds 1.2",
            or None where that is not known.
    """

    fmt = "{message}"
    code = "PluginError"
    # A subclass of a plugin's own may forget to call __init__.
    plugin: str | None = None
    distribution: str | None = None

    def __init__(
        self, message: str, *, plugin: str | None = None, distribution: str | None = None
    ) -> None:
        super().__init__(message=message, **self._facts(plugin, distribution))
        self.plugin = plugin
        self.distribution = distribution

    @staticmethod
    def _facts(plugin: str | None, distribution: str | None) -> dict[str, Any]:
        return {"plugin": plugin, "distribution": distribution}

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), self.kwargs, self.__dict__)


class NonRecoverableError(PluginError):
    """Raise it in `retrieve()` where trying again is useless until a person has acted.

    Args:
        message: What is wrong, as one sentence without secrets.
        hint: What the person is to do, as in "run `acme login`".
    """

    code = "NonRecoverableError"
    hint: str | None = None

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        plugin: str | None = None,
        distribution: str | None = None,
    ) -> None:
        super().__init__(message, plugin=plugin, distribution=distribution)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} ({self.hint})" if self.hint else message


class PluginNotFoundError(PluginError):
    """The selected name belongs to no installed plugin, or to more than one."""

    code = "PluginNotFoundError"


class LookupSymbolError(PluginError):
    """The plugin's module or attribute does not exist, or importing it failed."""

    code = "LookupSymbolError"


class InvalidSymbolError(PluginError):
    """What the entry point names is no getter, or what the getter returned is no plugin."""

    code = "InvalidSymbolError"


class PluginRetrieveNilError(PluginError):
    """The plugin has no retrieve function, or None in its place."""

    code = "PluginRetrieveNilError"


class PluginIsExpiredNilError(PluginError):
    """The plugin has no is_expired function, or None in its place."""

    code = "PluginIsExpiredNilError"


class PluginProviderRetrieveError(PluginError, CredentialRetrievalError):  # type: ignore[misc]
    """The plugin raised, declined though it was selected, or returned a bad value.

    What it raised is the `__cause__`. It is also botocore's `CredentialRetrievalError`.

    Attributes:
        declined: Whether the plugin says that it is not configured here.
        hint: What a person is to do, as the plugin's `NonRecoverableError` has it, or None.
    """

    code = "PluginProviderRetrieveError"

    def __init__(
        self,
        message: str,
        *,
        plugin: str | None = None,
        distribution: str | None = None,
        declined: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, plugin=plugin, distribution=distribution)
        self.declined = declined
        self.hint = hint

    @staticmethod
    def _facts(plugin: str | None, distribution: str | None) -> dict[str, Any]:
        # botocore's own class has this attribute; handlers of that class may read it.
        return {"plugin": plugin, "distribution": distribution, "provider": f"plugin:{plugin}"}


def again(error: Exception) -> Exception:
    """Return a new error of ours that says the same, for another caller; others as they are."""
    if not isinstance(error, PluginError):
        return error
    return _unpickled(type(error), error.kwargs, error.__dict__)


def described(error: BaseException) -> str:
    """Return an exception's class and text on one line, without what looks like a secret."""
    name = "an exception"
    try:
        name = type(error).__name__
        is_ours = isinstance(error, NonRecoverableError)
        text = shown(PluginError.__str__(error) if is_ours else str(error))
    except Exception:  # noqa: BLE001 - the text of somebody else's exception, just for a message
        return name
    return f"{name}: {text}" if text else name


def printable(text: str) -> str:
    """Return somebody else's text on one line, without what would steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def shown(text: str) -> str:
    """Return somebody else's text as a part of a sentence, without what looks like a secret."""
    text = printable(text).rstrip(".")
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


def _unpickled(
    kind: type[PluginError], facts: dict[str, Any], state: dict[str, Any]
) -> PluginError:
    error = kind.__new__(kind)
    BotoCoreError.__init__(error, **facts)
    error.__dict__.update(state)
    return error


# Tracebacks say where people import them from.
for _kind in (PluginError, *PluginError.__subclasses__()):
    _kind.__module__ = "plugincreds"
