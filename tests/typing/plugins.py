"""Plugins as their authors write them: type-checked, never run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypedDict

from typing_extensions import assert_type

import plugincreds


def retrieve() -> tuple[str, str, str]:
    """Return the plainest answer."""
    return "key", "secret", "token"


def is_expired() -> bool:
    """Answer without looking."""
    return False


def get_provider() -> tuple[Callable[[], tuple[str, str, str]], Callable[[], bool]]:
    """Return the README's pair."""
    return retrieve, is_expired


async def retrieve_later() -> plugincreds.Value:
    """Return a value from an event loop."""
    return plugincreds.Value(
        "key", "secret", expiry_time=datetime.now(timezone.utc), account_id="123456789012"
    )


class Vault(plugincreds.CredentialPlugin):
    """A class with an expiry in its values, an identity, and a parameter."""

    def __init__(self, context: plugincreds.PluginContext) -> None:
        """Look at the configuration only."""
        assert_type(context.plugin, str)
        assert_type(context.profile, str)
        assert_type(context.region, str | None)
        assert_type(context.options, Mapping[str, str])
        assert_type(context.session, Any)
        self._server = context.options.get("server", "localhost")

    def retrieve(self) -> plugincreds.Value | None:
        """Return a value, or decline."""
        value = plugincreds.Value("key", "secret", None)
        assert_type(value.access_key, str)
        assert_type(value.secret_key, str)
        assert_type(value.token, str | None)
        assert_type(value.expiry_time, datetime | None)
        assert_type(value.account_id, str | None)
        return value

    def cache_key(self) -> str:
        """Name the server."""
        return self._server


def get_vault(context: plugincreds.PluginContext) -> Vault | None:
    """Return the plugin where it is configured."""
    vault = Vault(context)
    assert_type(vault.is_expired(), bool)
    return vault if context.options else None


class AsynchronousVault(plugincreds.CredentialPlugin):
    """A class whose answer is awaited."""

    async def retrieve(self) -> tuple[str, str]:
        """Return a pair from an event loop."""
        return "key", "secret"

    def is_expired(self) -> bool:
        """Answer anew."""
        return True


class Printed(TypedDict):
    """What STS returns and `credential_process` prints, as stubs of boto3 declare it."""

    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: datetime


class Role(plugincreds.CredentialPlugin):
    """A class that needs AWS itself."""

    def retrieve(self) -> Printed:
        """Return a mapping with AWS's names, or say who must act."""
        session = plugincreds.base_session()
        assert_type(session, Any)
        assert_type(plugincreds.base_environ(), dict[str, str])
        if session.get_credentials() is None:
            message = "Nobody is logged in."
            raise plugincreds.NonRecoverableError(message, hint="run acme login")
        found: Printed = session.create_client("sts").assume_role()["Credentials"]
        return found


class Plain:
    """A class that knows nothing of this package."""

    def retrieve(self) -> dict[str, str]:
        """Return a mapping."""
        return {"AccessKeyId": "key", "SecretAccessKey": "secret"}

    def is_expired(self) -> bool:
        """Answer without looking."""
        return False


# The two functions of each of these plugins fit wherever two functions are wanted.
plain, role, later = Plain(), Role(), AsynchronousVault()
plugincreds.Provider(retrieve, is_expired)
plugincreds.Provider(retrieve_later, is_expired)
plugincreds.Provider(plain.retrieve, plain.is_expired)
plugincreds.Provider(role.retrieve, role.is_expired)
plugincreds.Provider(later.retrieve, later.is_expired)
plugincreds.CredentialsCache(retrieve_later)
plugincreds.CredentialsCache(plain.retrieve, plain.is_expired, advisory_window=60)
plugincreds.CredentialsCache(lambda: None)


def get_vault_or_a_reason(context: plugincreds.PluginContext) -> Vault | plugincreds.Declined:
    """Decline with a reason."""
    declined = plugincreds.Declined("the option 'server' is missing")
    assert_type(declined.reason, str)
    return Vault(context) if "server" in context.options else declined


class LoggedOut(plugincreds.CredentialPlugin):
    """A class that declines, or says what a person can do."""

    def retrieve(self) -> plugincreds.Declined:
        """Raise or decline."""
        error = plugincreds.RecoverableError("Logged out.", hint="run acme login")
        assert_type(error.hint, str | None)
        if error.hint:
            raise error
        return plugincreds.Declined("never logged in")


LOGGED_OUT = plugincreds.Provider(LoggedOut().retrieve, LoggedOut().is_expired)
