"""The exceptions of plugincreds.

    PluginError                     misuse, or a setting that cannot be followed
    |-- NonRecoverableError         raised by a plugin: a person must act first
    |-- RecoverableError            raised by a plugin: it may succeed later, or when a person acts
    |-- PluginNotFoundError         no plugin of that name is installed, or several are
    |-- LookupSymbolError           the module or the getter cannot be loaded
    |-- InvalidSymbolError          the getter, or what it returned, breaks the contract
    |-- PluginRetrieveNilError      the plugin has no retrieve function
    |-- PluginIsExpiredNilError     the plugin has no is_expired function
    `-- PluginProviderRetrieveError the plugin was called, and gave no usable credentials

A message is one sentence of fact and one of advice, and never shows what a plugin returned.
This is the only module outside `_bindings` that imports an AWS package: programs catch
`BotoCoreError`, and the AWS CLI prints it without a traceback.
"""

from typing import Any

from botocore.exceptions import BotoCoreError, CredentialRetrievalError


def printable(text: str) -> str:
    """Return foreign text on one line, without terminal control characters.

    Foreign are the names in the metadata of packages, variables, profiles, arguments, paths and
    the texts of exceptions.
    """
    if text.isprintable():  # almost always
        return text
    lines = filter(None, map(str.strip, text.splitlines()))
    return "".join(map(_printable, " ".join(lines)))


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "?"


class PluginError(BotoCoreError):  # type: ignore[misc] # botocore has no type information
    """The base of all errors of this package; raised itself for misuse.

    Attributes:
        code: The name of the kind of error; the Go package's name where it has such an error.
        plugin: The name of the plugin, or None if the error is not about one plugin.
        distribution: Name and version of the package that supplies it, as "acme-creds 1.2",
            or None if that is not known.
        hint: What a person must do, in the plugin's words, or None.
    """

    fmt = "{message}"
    code = "PluginError"
    # Defaults, because a plugin's subclass may forget to call __init__.
    plugin: str | None = None
    distribution: str | None = None
    hint: str | None = None

    def __init__(
        self, message: str, *, plugin: str | None = None, distribution: str | None = None
    ) -> None:
        super().__init__(message=printable(str(message)), **self._facts(plugin, distribution))
        self.plugin = plugin
        self.distribution = distribution

    @staticmethod
    def _facts(plugin: str | None, distribution: str | None) -> dict[str, Any]:
        return {"plugin": plugin, "distribution": distribution}

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self), _facts_of(self), self.__dict__)


class HintedError(PluginError):
    """What plugins raise: its text ends with the hint."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        plugin: str | None = None,
        distribution: str | None = None,
    ) -> None:
        super().__init__(message, plugin=plugin, distribution=distribution)
        self.hint: str | None = hint and printable(str(hint))

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} ({self.hint})" if self.hint else message


class NonRecoverableError(HintedError):
    """A plugin raises it in `retrieve()` if retrying is useless until a person has acted.

    It ends the use of the current credentials, even if they have not expired.

    Args:
        message: What is wrong, as one sentence without secrets.
        hint: What the person must do, as in "run `acme login`".
    """

    code = "NonRecoverableError"


class RecoverableError(HintedError):
    """A plugin raises it in `retrieve()` if it may succeed later, for example after a login.

    The current credentials are used until they expire, and each warning shows the hint; after
    that, the error does. Any other exception means the same, but has no hint.

    Args:
        message: What is wrong, as one sentence without secrets.
        hint: What a person can do, as in "run `acme login`".
    """

    code = "RecoverableError"


class PluginNotFoundError(PluginError):
    """The selected name belongs to no installed plugin, or to more than one."""

    code = "PluginNotFoundError"


class LookupSymbolError(PluginError):
    """The plugin's module or attribute does not exist, or importing it failed."""

    code = "LookupSymbolError"


class InvalidSymbolError(PluginError):
    """The entry point does not name a getter, or the getter did not return a plugin."""

    code = "InvalidSymbolError"


class PluginRetrieveNilError(PluginError):
    """The plugin has no retrieve function, or None in its place."""

    code = "PluginRetrieveNilError"


class PluginIsExpiredNilError(PluginError):
    """The plugin has no is_expired function, or None in its place."""

    code = "PluginIsExpiredNilError"


class PluginProviderRetrieveError(PluginError, CredentialRetrievalError):  # type: ignore[misc]
    """The plugin raised, declined although it was selected, or returned bad credentials.

    What it raised is the `__cause__`. It is also botocore's `CredentialRetrievalError`.

    Attributes:
        declined: Whether the plugin declined: it is not configured here.
        reason: Why it declined, from the plugin's `Declined`, or None.
        hint: What a person must do, from the plugin's `NonRecoverableError` or
            `RecoverableError`, or None.
    """

    code = "PluginProviderRetrieveError"
    # Defaults, because 1.0.0 pickled none.
    declined: bool = False
    reason: str | None = None

    def __init__(  # noqa: PLR0913 - all optional but the first
        self,
        message: str,
        *,
        plugin: str | None = None,
        distribution: str | None = None,
        declined: bool = False,
        reason: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, plugin=plugin, distribution=distribution)
        self.declined = declined
        self.reason = reason and printable(str(reason))
        self.hint: str | None = hint and printable(str(hint))

    @staticmethod
    def _facts(plugin: str | None, distribution: str | None) -> dict[str, Any]:
        # Handlers of botocore's class may read this attribute of it.
        return {"plugin": plugin, "distribution": distribution, "provider": f"plugin:{plugin}"}


def again(error: Exception) -> Exception:
    """Return a copy of an error of ours, for another caller; any other error itself."""
    if not isinstance(error, PluginError):
        return error
    return _unpickled(type(error), _facts_of(error), error.__dict__)


def _facts_of(error: PluginError) -> dict[str, Any]:
    facts: dict[str, Any] | None = vars(error).get("kwargs")
    return {"message": Exception.__str__(error)} if facts is None else facts


def _unpickled(
    kind: type[PluginError], facts: dict[str, Any], state: dict[str, Any]
) -> PluginError:
    error = kind.__new__(kind)
    BotoCoreError.__init__(error, **facts)
    error.__dict__.update(state)
    return error


# Tracebacks show the public names.
for _kind in (PluginError, *PluginError.__subclasses__(), *HintedError.__subclasses__()):
    _kind.__module__ = "plugincreds"
