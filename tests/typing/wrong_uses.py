"""Uses that a type checker must refuse: type-checked, never run.

Where it does not refuse one, its comment is unused, which is an error in turn.
"""

from __future__ import annotations

import plugincreds


def retrieve() -> tuple[str, str]:
    """Return what is right."""
    return "key", "secret"


def is_expired() -> bool:
    """Answer what is right."""
    return False


def number() -> int:
    """Return what is neither credentials nor a truth value."""
    return 1


def one_key() -> tuple[str]:
    """Return a key without its secret."""
    return ("key",)


def bytes_keys() -> tuple[bytes, bytes]:
    """Return keys as bytes."""
    return b"key", b"secret"


def with_parameter(name: str) -> tuple[str, str]:
    """Ask for what nobody gives."""
    return name, "secret"


# A value.
plugincreds.Value("key")  # type: ignore[call-arg]
plugincreds.Value(b"key", "secret")  # type: ignore[arg-type]
plugincreds.Value("key", "secret", "token", None)  # type: ignore[call-arg]
plugincreds.Value("key", "secret", expiry_time="2030-01-01T00:00:00Z")  # type: ignore[arg-type]
plugincreds.Value("key", "secret", account_id=123456789012)  # type: ignore[arg-type]
plugincreds.Value("key", "secret").token = ""  # type: ignore[misc]
plugincreds.Value("key", "secret").tokn = ""  # type: ignore[assignment]

# Two functions.
plugincreds.Provider(retrieve)  # type: ignore[call-arg]
plugincreds.Provider(retrieve, None)  # type: ignore[arg-type]
plugincreds.Provider(number, is_expired)  # type: ignore[arg-type]
plugincreds.Provider(one_key, is_expired)  # type: ignore[arg-type]
plugincreds.Provider(bytes_keys, is_expired)  # type: ignore[arg-type]
plugincreds.Provider(with_parameter, is_expired)  # type: ignore[arg-type]
plugincreds.Provider(retrieve, number)  # type: ignore[arg-type]
plugincreds.Provider(retrieve(), is_expired)  # type: ignore[arg-type]
plugincreds.CredentialsCache(number)  # type: ignore[arg-type]
plugincreds.CredentialsCache(retrieve, is_expired, 60)  # type: ignore[call-arg, arg-type]
plugincreds.CredentialsCache(retrieve, advisory_window="60")  # type: ignore[arg-type]
plugincreds.CredentialsCache(retrieve).expires_at = None  # type: ignore[misc]


# A class.
plugincreds.CredentialPlugin()  # type: ignore[abstract]


class Number(plugincreds.CredentialPlugin):
    """Answers a number."""

    def retrieve(self) -> int:  # type: ignore[override]
        """Return no credentials."""
        return 1


class Late(plugincreds.CredentialPlugin):
    """Must be awaited to say whether its value has expired."""

    def retrieve(self) -> tuple[str, str]:
        """Return what is right."""
        return "key", "secret"

    async def is_expired(self) -> bool:  # type: ignore[override]
        """Answer too late."""
        return False


def get_provider(context: plugincreds.PluginContext) -> Late:
    """Misunderstand the context."""
    context.options["server"] = "localhost"  # type: ignore[index]
    context.session = None  # type: ignore[misc]
    context.nosuch  # type: ignore[attr-defined]  # noqa: B018
    region: str = context.region  # type: ignore[assignment]  # noqa: F841
    return Late()


# A plugin's name, or its module.
plugincreds.create_session(1)  # type: ignore[arg-type]
plugincreds.new_credentials(retrieve)  # type: ignore[arg-type]
plugincreds.get_plugin_provider_fns(None)  # type: ignore[arg-type]
plugincreds.get_plugin_provider_fns_by_name("acme")  # type: ignore[call-arg]
plugincreds.open_plugin(b"broker.py")  # type: ignore[arg-type]
plugincreds.installed_plugins()[0].name = ""  # type: ignore[misc]

# Functions and names.
plugincreds.install("acme")  # type: ignore[call-arg]
plugincreds.uninstall("acme")  # type: ignore[call-arg]
plugincreds.reset("acme")  # type: ignore[call-arg]
plugincreds.base_session("acme")  # type: ignore[call-arg]
plugincreds.base_environ()["AWS_PROFILE"] = None  # type: ignore[assignment]
plugincreds.nosuch  # type: ignore[attr-defined]  # noqa: B018

# Errors.
plugincreds.PluginError()  # type: ignore[call-arg]
plugincreds.NonRecoverableError("A fact.", "advice")  # type: ignore[call-arg]
plugincreds.NonRecoverableError("A fact.", hint=1)  # type: ignore[arg-type]
