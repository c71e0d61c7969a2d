"""What the AWS SDK for Python (smithy) signs with: a plugin's credentials, or those of a role.

The plugin gets its options and settings through a session of botocore, so it is one source with
that of boto3. Chains that reach no plugin never import this module.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._errors import PluginError
from plugincreds._lifecycle.awaiting import in_thread, refreshed, settled
from plugincreds._profile_selection import role_source
from plugincreds._selection import Selection
from plugincreds._settings import ACCOUNT_KEY, OWN_KEYS, Section
from plugincreds._source import Source

# The keys of a profile that decide whose credentials a plugin, or a role over it, gives.
_DECIDING = (*OWN_KEYS, ACCOUNT_KEY, "credential_source", "role_arn", "source_profile")
_COMMENT = re.compile(r"[ \t][#;]")  # the SDK removes comments behind values, botocore does not


@contextmanager
def sdk_errors() -> Iterator[None]:
    """Raise every error as the SDK's own, whose cause it is, as the SDK does with those of a call.

    Not as its `SmithyIdentityError`, after which a chain goes on to the next resolver.
    """
    from smithy_core.exceptions import SmithyError  # noqa: PLC0415 - optional

    try:
        yield
    except Exception as error:
        raise SmithyError(error) from error


class PluginResolver:
    """Gives the SDK the current credentials of a source."""

    def __init__(self, source: Source, account_id: str | None) -> None:
        self._source = source
        self._account_id = account_id
        self._given: str | None = None

    async def get_identity(self, *, properties: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the SDK's interface
        """Return the credentials as an identity of the SDK; a refresh runs in a thread."""
        engine = self._source.engine
        state = engine.state
        with sdk_errors():
            value = await refreshed(engine, state, engine.ask(state))
        self._given = value.access_key
        account_id = value.account_id or self._account_id
        return _identity(value, value.expiry_time, account_id)

    async def invalidate(self) -> None:
        """Refresh at the next use: a service has rejected the key that was given last."""
        if self._given is not None:
            # In a thread, because the processes that share the credentials are told by a file.
            await settled(in_thread(partial(self._source.reject, self._given)))


class RoleResolver:
    """Gives the SDK the credentials of a role that botocore assumes with those of a plugin."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def get_identity(self, *, properties: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the SDK's interface
        """Return the credentials as an identity of the SDK; a refresh runs in a thread."""
        role = self._credentials
        with sdk_errors():
            if role.refresh_needed():
                frozen = await settled(in_thread(role.get_frozen_credentials))
            else:
                frozen = role.get_frozen_credentials()
        expiry_time = role._expiry_time  # noqa: SLF001 - no public name leads to it; a test pins it
        return _identity(frozen, expiry_time, getattr(frozen, "account_id", None))

    async def invalidate(self) -> None:
        """Do nothing, as botocore does when a service rejects the key of a role."""


class _SourceProvider(PluginProvider):
    """Finds a source as the provider in botocore's chain does, and returns what the SDK uses."""

    def credentials(self, source: Source, account_id: str | None = None) -> PluginResolver:
        return PluginResolver(source, account_id)


def loaded(session: Any, config: Any, choose: Callable[[Section], Selection]) -> Any:
    """Return the resolver for the chosen plugin, with credentials in it; None if it declines.

    Args:
        session: The session of botocore with the chain's profile.
        config: The configuration as the SDK has read it, or None.
        choose: Returns which plugin is selected.

    Raises:
        PluginError: As `PluginProvider.load` does.
    """
    profile = active_profile(session)
    _check_same(config, session, profile)
    module = importlib.import_module("botocore.credentials")
    return _SourceProvider(module, session, profile, choose).load()


def loaded_role(session: Any, config: Any) -> RoleResolver:
    """Return the resolver for the role of the session's profile, with credentials in it."""
    profile = active_profile(session)
    source = role_source(profiles_of(session), profile)
    for each in dict.fromkeys([profile, profile if source is None else source.profile]):
        _check_same(config, session, each)
    credentials = session.get_credentials()
    credentials.get_frozen_credentials()
    return RoleResolver(credentials)


def open_session(profile: str | None, region: str | None, *, in_code: bool) -> Any:
    """Return a session of botocore with the profile and the region of a chain of the SDK."""
    session_class: Any = importlib.import_module("botocore.session").Session
    if in_code:
        session = session_class(profile=profile)
    else:
        # As a default, so that it does not count as given in code. The SDK does not read
        # AWS_DEFAULT_PROFILE, which would come first in botocore.
        session = session_class(session_vars={"profile": (None, None, profile, None)})
    if region is not None:
        session.set_config_variable("region", region)
    return session


def _identity(keys: Any, expiry_time: datetime | None, account_id: str | None) -> Any:
    from smithy_aws_core.identity import AWSCredentialsIdentity  # noqa: PLC0415 - optional

    return AWSCredentialsIdentity(
        access_key_id=keys.access_key,
        secret_access_key=keys.secret_key,
        session_token=keys.token,
        expiration=expiry_time,
        account_id=account_id,
    )


def _check_same(config: Any, session: Any, profile: str) -> None:
    """Check that the SDK and botocore read the same in a profile about plugins.

    Raises:
        PluginError: They do not, as where the program has given the SDK other files. Then the
            plugin might get the options of another identity.
    """
    if config is None:  # the SDK has not read it yet, so it reads the same files
        return
    sdk = _deciding(getattr(config.get_profile(profile), "properties", {}))
    botocore = _deciding(session.full_config["profiles"].get(profile, {}))
    if differing := [key for key in _DECIDING if sdk[key] != botocore[key]]:
        message = (
            f"The AWS SDK for Python and botocore read {' and '.join(differing)} in the profile "
            f"{profile!r} differently, and plugins read what botocore does. If the program gives "
            "the SDK other files, set AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE instead; "
            "else write these lines so that both read the same."
        )
        raise PluginError(message)


def _deciding(section: Mapping[str, Any]) -> dict[str, object]:
    """Return what decides in a profile; no more, because a traceback may show the variables."""
    return {key: _compared(section.get(key)) for key in _DECIDING}


def _compared(value: Any) -> object:
    """Return a value of a profile without the known differences between the two parsers."""
    if isinstance(value, Mapping):
        return {key.lower(): text for key, text in value.items()}
    return value if value is None else _COMMENT.split(str(value))[0].strip()
