"""Which requests the endpoint answers with credentials: pure functions of the bytes received.

The token keeps out other users of the machine. The `Host` header keeps out a web page whose name
resolves to the loopback address. Any other web page cannot read an answer without CORS headers.
"""

import hmac
import json
from http import HTTPStatus
from typing import Any, NamedTuple

from plugincreds._endpoint import HOST, PATH

LONGEST_REQUEST = 8192  # bytes; clients send a few hundred
_END = b"\r\n\r\n"


class RefusedError(Exception):
    """A request that gets no credentials.

    Args:
        status: The status of the answer.
        message: What is wrong with the request, and what to do.
    """

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Access(NamedTuple):
    """What a request must have.

    Attributes:
        port: The port in its `Host` header.
        token: Its `Authorization` header.
    """

    port: int
    token: str


def is_complete(received: bytes) -> bool:
    """Tell whether all headers have been received; a GET request has no body.

    Raises:
        RefusedError: It is too long.
    """
    if len(received) > LONGEST_REQUEST:
        raise RefusedError(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"The request has more than {LONGEST_REQUEST} bytes. Send fewer headers.",
        )
    return _END in received


def check(received: bytes, access: Access) -> None:
    """Check that a request is one for credentials, and may have them.

    Raises:
        RefusedError: It is not, or may not.
    """
    line, *fields = received.partition(_END)[0].split(b"\r\n")
    headers: dict[bytes, list[bytes]] = {}
    for field in fields:
        name, _, value = field.partition(b":")
        headers.setdefault(name.lower(), []).append(value.strip())
    method, _, rest = line.partition(b" ")
    path, _, version = rest.partition(b" ")
    if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "This is no HTTP/1.1 request.")
    hosts = headers.get(b"host", [])
    # awscrt leaves the port out. A page of another site can send neither, only its own name.
    if len(hosts) != 1 or hosts[0] not in {HOST.encode(), f"{HOST}:{access.port}".encode()}:
        raise RefusedError(
            HTTPStatus.MISDIRECTED_REQUEST,
            f"The Host header is not {HOST}. Use this address, not a name.",
        )
    if method != b"GET":
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "The method is not GET. Use GET.")
    if path != PATH.encode():
        raise RefusedError(
            HTTPStatus.NOT_FOUND,
            "There is nothing at this path. Use AWS_CONTAINER_CREDENTIALS_FULL_URI as it is.",
        )
    tokens = headers.get(b"authorization", [])
    if len(tokens) != 1 or not hmac.compare_digest(tokens[0], access.token.encode()):
        raise RefusedError(
            HTTPStatus.FORBIDDEN,
            "The Authorization header is not the token of this endpoint. If it was started again, "
            "use its new variables.",
        )


def response(status: HTTPStatus, document: dict[str, Any]) -> bytes:
    """Return an answer, after which the connection is closed."""
    body = json.dumps(document).encode()
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        head.append("Allow: GET")
    return "\r\n".join(head).encode() + _END + body


def refusal(error: RefusedError) -> bytes:
    """Return the answer to a refused request, in the form that ECS gives to errors."""
    code = error.status.phrase.title().replace(" ", "")
    return response(error.status, {"code": code, "message": error.message})
