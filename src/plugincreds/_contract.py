"""The contract: what plugin authors implement, receive and return. Imports no AWS package."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NoReturn

_FIELDS = ("access_key", "secret_key", "token", "expiry_time", "account_id")
_IMMUTABLE = "A plugincreds.Value cannot be changed. Create another one."


class Value:
    """One set of AWS credentials, as `retrieve()` may return it (Go: `credentials.Value`).

    It is immutable, and equal to another one with the same attributes. It is no dataclass and has
    no list of its fields, because test and debugging tools would print each of them.
    `copy.replace(value, token=None)` (Python 3.13) returns a changed copy.

    Args:
        access_key: The access key id, such as `AKIA...`.
        secret_key: The secret access key.
        token: The session token; None or empty if there is none.
        expiry_time: A timezone-aware `datetime`, or None if the credentials do not expire.
        account_id: The account, 12 digits, or None if it is not known.

    It is checked after `retrieve()` has returned it, not when it is created.
    """

    __slots__ = _FIELDS
    __match_args__ = ("access_key", "secret_key", "token")

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        token: str | None = None,
        *,
        expiry_time: datetime | None = None,
        account_id: str | None = None,
    ) -> None:
        self.access_key: Final[str] = access_key
        self.secret_key: Final[str] = secret_key
        self.token: Final[str | None] = token
        self.expiry_time: Final[datetime | None] = expiry_time
        self.account_id: Final[str | None] = account_id

    def __setattr__(self, name: str, value: NoReturn) -> None:  # so type checkers refuse any value
        """Set what `__init__()` sets, once."""
        if name in _FIELDS and hasattr(self, name):
            raise AttributeError(_IMMUTABLE)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        """Refuse it for the fields."""
        if name in _FIELDS:
            raise AttributeError(_IMMUTABLE)
        super().__delattr__(name)

    def __eq__(self, other: object) -> bool:
        """Compare all fields, with another object of the same class."""
        if not isinstance(other, Value) or type(self) is not type(other):
            return NotImplemented
        return self.__getstate__() == other.__getstate__()

    def __hash__(self) -> int:
        """Return the same for equal ones."""
        return hash(tuple(self.__getstate__()))

    def __replace__(self, **changes: Any) -> "Value":
        """Return a copy with other fields, for `copy.replace()`."""
        return type(self)(**dict(zip(_FIELDS, self.__getstate__(), strict=True)) | changes)

    def __getstate__(self) -> list[Any]:
        """Return what is pickled; versions 1.0.0 and later read each other's pickles."""
        return [getattr(self, name) for name in _FIELDS]

    def __setstate__(self, state: list[Any]) -> None:
        """Set the fields of a copy or of an unpickled one."""
        for name, value in zip(_FIELDS, state, strict=True):
            setattr(self, name, value)

    def __repr__(self) -> str:
        """Show the expiry and no part of a key."""
        expiry = self.expiry_time.isoformat() if isinstance(self.expiry_time, datetime) else None
        return f"Value(<keys not shown>, expiry_time={expiry})"

    def _repr_pretty_(self, printer: Any, _: object) -> None:
        # Without this, hypothesis prints the arguments of `builds(Value, ...)`.
        printer.text(repr(self))


# Tools that print objects look for it. Python needs it only while it creates the class.
del Value.__slots__


class Declined:
    """What a getter or `retrieve()` returns to decline and say why; None declines without a reason.

    Args:
        reason: What is missing or wrong, as a part of a sentence without secrets, such as "the
            option 'role' is missing".
    """

    def __init__(self, reason: str) -> None:
        self.reason: str = str(reason)

    def __repr__(self) -> str:
        """Show the reason."""
        return f"Declined({self.reason!r})"


PluginAnswer = (
    Value | tuple[str, str] | tuple[str, str, str | None] | Mapping[str, Any] | Declined | None
)


class CredentialPlugin(ABC):
    """A base class for plugins whose credentials have an expiry: `is_expired()` returns False.

    Deriving from it is optional: any object with `retrieve()` and `is_expired()` is a plugin.
    You may add a method `cache_key()`. It returns a string without secrets that contains
    everything that decides *whose* credentials these are (server, role, file). A plugin that
    itself uses the static keys of the profile sets `uses_profile_keys = True`, and then there is
    no warning about them.
    """

    @abstractmethod
    def retrieve(self) -> PluginAnswer | Awaitable[PluginAnswer]:
        """Return credentials; raise an exception if that fails, return `Declined` to decline.

        If it raises anything but a `NonRecoverableError`, the last credentials are used until
        they expire.
        """

    def is_expired(self) -> bool:
        """Tell whether the last credentials must no longer be used; it must not block."""
        return False


class PluginContext:
    """What a getter with a parameter `context` receives about the session that asks.

    plugincreds creates it, never a plugin.

    Attributes:
        plugin: The plugin's name.
        profile: The name of the active profile, "default" if none was chosen.
        region: The session's configured region, not a client's, or None.
        options: The profile's block `credential_plugin_options`, str to str, read-only.
    """

    __slots__ = (
        "_is_selected",
        "_open_session",
        "_sessions",
        "options",
        "plugin",
        "profile",
        "region",
    )

    def __init__(  # noqa: PLR0913 - only plugincreds calls it
        self,
        plugin: str,
        *,
        profile: str,
        region: str | None,
        options: Mapping[str, str],
        open_session: Callable[[], Any],
        is_selected: bool = False,
    ) -> None:
        self.plugin: str = plugin
        self.profile: str = profile
        self.region: str | None = region
        self.options: Mapping[str, str] = MappingProxyType(dict(options))
        # Whether the plugin is selected. plugincreds-keyring reads this, because it never answers
        # as an automatic plugin.
        self._is_selected = is_selected
        self._open_session = open_session
        self._sessions: list[Any] = []

    @property
    def session(self) -> Any:
        """A botocore session whose chain has no plugins, created at first use.

        It is for plugins that call AWS themselves (such as STS).
        """
        if not self._sessions:  # two threads may both open one; both then use the first
            self._sessions.append(self._open_session())
        return self._sessions[0]

    def __repr__(self) -> str:
        """Show the names; of the options, which may be secrets, only their names."""
        return (
            f"PluginContext({self.plugin!r}, profile={self.profile!r}, region={self.region!r}, "
            f"options={sorted(self.options)})"
        )
