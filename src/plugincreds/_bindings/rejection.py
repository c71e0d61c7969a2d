"""Reports to a source that a service has rejected its key."""

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
        request.context[_NOTE] = _access_key(authorization)

    def _check(self, parsed_response: Any, context: Any, **_: Any) -> None:
        code = ((parsed_response or {}).get("Error") or {}).get("Code")
        access_key = (context or {}).get(_NOTE)
        if code in _REJECTIONS and access_key is not None:
            self._source.reject(access_key)


def _access_key(authorization: str) -> str | None:
    """Return the access key in an Authorization header, in signature version 4 or 2."""
    # Not with a pattern: every first signature would wait until it is compiled.
    scheme, _, rest = authorization.partition(" ")
    if scheme == "AWS":
        key, end, _ = rest.partition(":")
    else:
        key, end, _ = rest.partition("Credential=")[2].partition("/")
    return key if end else None
