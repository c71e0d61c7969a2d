"""Credentials that are really retrieved, and what may be shown of them."""

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from plugincreds._cli.streams import waiting_for
from plugincreds._cli.terminal import sentence
from plugincreds._errors import PluginError
from plugincreds._lifecycle.policy import State
from plugincreds._settings import PROVIDER_NAME

NO_CREDENTIALS = "No provider of the chain has credentials."
_OF_PLUGIN = f"{PROVIDER_NAME}:"  # how the method of a plugin's credentials begins
_SHOWN = 4  # of an access key's characters; of the secret key none


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What came of it.

    Attributes:
        method: What botocore says of the origin of the credentials, or None without any.
        plugin: The plugin whose credentials these are, or with whose the role is assumed, or None.
        access_key_ends_with: The last characters of the access key, or None.
        expires_at: When they expire, or None.
        advisory_at: From when on a plugin's are refreshed early, or None.
        mandatory_at: From when on a plugin's are not used before they are refreshed, or None.
        error: Why there are none, as a sentence, or None.
        failed_plugin: The plugin that the error is about, or None.
    """

    method: str | None = None
    plugin: str | None = None
    access_key_ends_with: str | None = None
    expires_at: str | None = None
    advisory_at: str | None = None
    mandatory_at: str | None = None
    error: str | None = None
    failed_plugin: str | None = None


def retrieval(session: Any, origin: str) -> Retrieval:
    """Retrieve the credentials that a client of a session would sign with.

    Args:
        session: The session.
        origin: Where they are expected to come from, in the words of a message.
    """
    try:
        with waiting_for(f"credentials from {origin}"):
            credentials = session.get_credentials()
            if credentials is None:
                return Retrieval(error=NO_CREDENTIALS)
            frozen = credentials.get_frozen_credentials()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a person gets a sentence
        failed = error.plugin if isinstance(error, PluginError) else None
        return Retrieval(error=sentence(error), failed_plugin=failed)
    expiry = getattr(credentials, "_expiry_time", None)
    state = _engine_state(credentials)
    return Retrieval(
        method=credentials.method,
        plugin=_plugin_of(credentials),
        access_key_ends_with=str(frozen.access_key)[-_SHOWN:],
        expires_at=_shown(expiry) if isinstance(expiry, datetime) else None,
        advisory_at=None if state is None else _moment(state.advisory_at),
        mandatory_at=None if state is None else _moment(state.mandatory_at),
    )


def _plugin_of(credentials: Any) -> str | None:
    while credentials is not None:
        method = str(getattr(credentials, "method", None))
        if method.startswith(_OF_PLUGIN):
            return method.removeprefix(_OF_PLUGIN)
        # botocore has no public way to what a role is assumed with; a test pins these names.
        fetch = getattr(credentials, "_refresh_using", None)
        credentials = getattr(getattr(fetch, "__self__", None), "_source_credentials", None)
    return None


def _engine_state(credentials: Any) -> State | None:
    """Return what the refresh engine behind a plugin's credentials holds; None for others."""
    state = getattr(getattr(credentials, "_engine", None), "state", None)
    return state if isinstance(state, State) else None


def _moment(seconds: float) -> str | None:
    if not math.isfinite(seconds):  # credentials without an expiry have no windows
        return None
    return _shown(datetime.fromtimestamp(seconds, timezone.utc))


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
