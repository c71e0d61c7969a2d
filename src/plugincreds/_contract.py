"""The contract: what plugin authors implement, receive and return. Imports no AWS package."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Value:
    """One set of AWS credentials, as `retrieve()` may return it (Go: `credentials.Value`).

    Args:
        access_key: The access key id, such as `AKIA...`.
        secret_key: The secret access key.
        token: The session token; None or empty if there is none.
        expiry_time: A timezone-aware `datetime`, or None if the credentials do not expire.
        account_id: The account, 12 digits, or None if it is not known.

    It is checked after `retrieve()` has returned it, not when it is created.
    """

    access_key: str
    secret_key: str
    token: str | None = None
    expiry_time: datetime | None = field(default=None, kw_only=True)
    account_id: str | None = field(default=None, kw_only=True)

    def __repr__(self) -> str:
        """Show the expiry and no part of a key."""
        expiry = self.expiry_time.isoformat() if isinstance(self.expiry_time, datetime) else None
        return f"Value(<keys not shown>, expiry_time={expiry})"


PluginAnswer = Value | tuple[str, str] | tuple[str, str, str | None] | Mapping[str, Any] | None


class CredentialPlugin(ABC):
    """A base class for plugins whose credentials have an expiry: `is_expired()` returns False.

    Deriving from it is optional: any object with `retrieve()` and `is_expired()` is a plugin.
    You may add a method `cache_key()`. It returns a string without secrets that contains
    everything that decides *whose* credentials these are (server, role, file).
    """

    @abstractmethod
    def retrieve(self) -> PluginAnswer | Awaitable[PluginAnswer]:
        """Return credentials; raise an exception if that fails, return None to decline.

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
