"""Which requests get credentials, as bytes."""

from http import HTTPStatus

import pytest

from plugincreds._endpoint.requests import (
    LONGEST_REQUEST,
    Access,
    RefusedError,
    check,
    is_complete,
    refusal,
    response,
)

ACCESS = Access(4711, "the-token")
GOOD = (
    b"GET /plugincreds/credentials HTTP/1.1\r\n"
    b"Host: 127.0.0.1:4711\r\n"
    b"Authorization: the-token\r\n"
    b"Accept: application/json\r\n\r\n"
)
PATH = b"/plugincreds/credentials"


def test_a_good_request_is_accepted() -> None:
    """Guards clients, whose header names may be in any case, and which may send HTTP/1.0."""
    check(GOOD, ACCESS)
    check(GOOD.replace(b"Authorization", b"authorization").replace(b"Host: ", b"HOST:"), ACCESS)
    check(GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"), ACCESS)
    check(GOOD.replace(b":4711", b""), ACCESS)  # as awscrt sends it


REFUSED = {
    "no token": (GOOD.replace(b"Authorization: the-token\r\n", b""), HTTPStatus.FORBIDDEN),
    "another token": (GOOD.replace(b"the-token", b"the-tokes"), HTTPStatus.FORBIDDEN),
    "a part of the token": (GOOD.replace(b"the-token", b"the-toke"), HTTPStatus.FORBIDDEN),
    "an empty token": (GOOD.replace(b"the-token", b""), HTTPStatus.FORBIDDEN),
    "a token that is no text": (GOOD.replace(b"the-token", b"\xff\xfe"), HTTPStatus.FORBIDDEN),
    "two tokens": (
        GOOD.replace(b"Accept: application/json", b"Authorization: the-token"),
        HTTPStatus.FORBIDDEN,
    ),
    "a name that resolves to this machine": (
        GOOD.replace(b"127.0.0.1:4711", b"attacker.example:4711"),
        HTTPStatus.MISDIRECTED_REQUEST,
    ),
    "localhost": (GOOD.replace(b"127.0.0.1", b"localhost"), HTTPStatus.MISDIRECTED_REQUEST),
    "another port": (GOOD.replace(b":4711", b":4712"), HTTPStatus.MISDIRECTED_REQUEST),
    "a name that begins like it": (
        GOOD.replace(b"127.0.0.1:4711", b"127.0.0.1.attacker.example"),
        HTTPStatus.MISDIRECTED_REQUEST,
    ),
    "no host": (GOOD.replace(b"Host: 127.0.0.1:4711\r\n", b""), HTTPStatus.MISDIRECTED_REQUEST),
    "two hosts": (
        GOOD.replace(b"Accept: application/json", b"Host: attacker.example"),
        HTTPStatus.MISDIRECTED_REQUEST,
    ),
    "a query": (GOOD.replace(PATH, PATH + b"?a=b"), HTTPStatus.NOT_FOUND),
    "another path": (GOOD.replace(PATH, b"/"), HTTPStatus.NOT_FOUND),
    "a longer path": (GOOD.replace(PATH, PATH + b"/"), HTTPStatus.NOT_FOUND),
    "a way around": (GOOD.replace(PATH, b"/x/.." + PATH), HTTPStatus.NOT_FOUND),
    "a request for a proxy": (
        GOOD.replace(PATH, b"http://127.0.0.1:4711" + PATH),
        HTTPStatus.NOT_FOUND,
    ),
    "POST": (GOOD.replace(b"GET", b"POST"), HTTPStatus.METHOD_NOT_ALLOWED),
    "HEAD": (GOOD.replace(b"GET", b"HEAD"), HTTPStatus.METHOD_NOT_ALLOWED),
    "OPTIONS, as before a request across origins": (
        GOOD.replace(b"GET", b"OPTIONS"),
        HTTPStatus.METHOD_NOT_ALLOWED,
    ),
    "HTTP/0.9": (b"GET /plugincreds/credentials\r\n\r\n", HTTPStatus.BAD_REQUEST),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTPStatus.BAD_REQUEST),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", HTTPStatus.BAD_REQUEST),
    "nothing": (b"\r\n\r\n", HTTPStatus.BAD_REQUEST),
}


@pytest.mark.parametrize(("request_", "status"), REFUSED.values(), ids=REFUSED)
def test_every_other_request_is_refused(request_: bytes, status: HTTPStatus) -> None:
    """Guards the credentials against other users, web pages, proxies and confused clients."""
    with pytest.raises(RefusedError) as caught:
        check(request_, ACCESS)
    assert caught.value.status == status
    answer = refusal(caught.value)
    assert answer.startswith(f"HTTP/1.1 {status.value} ".encode())
    assert b"the-token" not in answer
    assert b"access-control" not in answer.lower()


def test_a_request_is_complete_with_its_headers() -> None:
    """Guards clients that send slowly: no part of a request is taken for all of it."""
    assert not any(is_complete(GOOD[:length]) for length in range(len(GOOD)))
    assert is_complete(GOOD)


def test_a_long_request_is_refused() -> None:
    """Guards memory: headers without end are not kept."""
    with pytest.raises(RefusedError, match="more than 8192 bytes") as caught:
        is_complete(b"x" * (LONGEST_REQUEST + 1))
    assert caught.value.status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_an_answer_is_not_kept_anywhere() -> None:
    """Guards against caches, and clients that wait for more after the body."""
    head, _, body = response(HTTPStatus.OK, {"AccessKeyId": "AKID"}).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"Cache-Control: no-store",
        b"Connection: close",
    ]
