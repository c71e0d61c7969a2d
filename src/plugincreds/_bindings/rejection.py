"""Reports to a source that a service has rejected its key."""

import re
from typing import Any, Protocol

_REJECTIONS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
# The access key in an Authorization header, in signature versions 4 and 2.
_SIGNED_BY = re.compile(r"Credential=([^/,\s]+)/|^AWS ([^:\s]+):")
_NOTE = "plugincreds_access_key"


class KeyRejecter(Protocol):
    """The part of a source that is needed here."""

    def reject(self, access_key: str) -> None:
        """Handle that a service has rejected a key."""


class RejectionHandler:
    """Two botocore event handlers: one notes the key of a request, one reads the response.

    The key is noted in the request's own context. When the response comes, the source may have a
    newer key, which must not be rejected instead.
    """

    def __init__(self, source: KeyRejecter) -> None:
        self._source = source

    def register(self, session: Any) -> None:
        """Register with a session, for all clients that it creates from now on."""
        # Handlers of a whole event run after those of one service, so after the signer.
        unique_id = f"plugincreds-{id(self._source)}"
        session.register("request-created", self._note, f"{unique_id}-note")
        session.register("response-received", self._check, f"{unique_id}-check")

    def _note(self, request: Any, **_: Any) -> None:
        authorization = request.headers.get("Authorization") or ""
        if isinstance(authorization, bytes):
            authorization = authorization.decode("ascii", "replace")
        match = _SIGNED_BY.search(authorization)
        request.context[_NOTE] = (match.group(1) or match.group(2)) if match else None

    def _check(self, parsed_response: Any, context: Any, **_: Any) -> None:
        code = ((parsed_response or {}).get("Error") or {}).get("Code")
        access_key = (context or {}).get(_NOTE)
        if code in _REJECTIONS and access_key is not None:
            self._source.reject(access_key)
