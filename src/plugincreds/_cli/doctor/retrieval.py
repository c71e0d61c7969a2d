"""Credentials that are really retrieved, and what may be shown of them."""

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from plugincreds._cli.terminal import sentence, stdout_kept_clean
from plugincreds._lifecycle.policy import State

NOBODY = "No provider of the chain has credentials."
_SHOWN = 4  # of an access key's characters; of the secret key none


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What came of it.

    Attributes:
        method: What botocore says of the origin of the credentials, or None without any.
        access_key_ends_with: The last characters of the access key, or None.
        expires_at: When they expire, or None.
        advisory_at: From when on a plugin's are renewed ahead, or None.
        mandatory_at: From when on a plugin's are not used while they are being renewed, or None.
        error: Why there are none, as a sentence, or None.
    """

    method: str | None = None
    access_key_ends_with: str | None = None
    expires_at: str | None = None
    advisory_at: str | None = None
    mandatory_at: str | None = None
    error: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return all that, for programs."""
        return asdict(self)


def retrieval(session: Any) -> Retrieval:
    """Retrieve the credentials that a client of a session would sign with."""
    try:
        with stdout_kept_clean():
            credentials = session.get_credentials()
            if credentials is None:
                return Retrieval(error=NOBODY)
            frozen = credentials.get_frozen_credentials()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a person gets a sentence
        return Retrieval(error=sentence(error))
    expiry = getattr(credentials, "_expiry_time", None)
    state = getattr(getattr(credentials, "_engine", None), "state", None)
    windows = (state.advisory_at, state.mandatory_at) if isinstance(state, State) else ()
    return Retrieval(
        credentials.method,
        str(frozen.access_key)[-_SHOWN:],
        expiry.isoformat(timespec="seconds") if isinstance(expiry, datetime) else None,
        *map(_moment, windows),
    )


def _moment(seconds: float) -> str | None:
    if not math.isfinite(seconds):
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
