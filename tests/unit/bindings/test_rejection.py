"""A service rejects a key: the next call signs with another one."""

import json
import re
from contextlib import suppress
from typing import Any

import botocore.awsrequest
import botocore.config
import botocore.session
import pytest

from plugincreds._bindings.rejection import RejectionHandler
from tests.unit.conftest import Install

COUNTING = """
    calls = []
    def retrieve():
        calls.append(1)
        return f"KEY{len(calls)}", "secret", "token"
    def get_provider(): return retrieve, lambda: False
"""


class Service:
    """Answers a client's requests in the place of AWS, and notes which keys signed them."""

    def __init__(self, client: Any) -> None:
        self.code: str | None = None
        self.signed_by: list[str] = []
        client.meta.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> Any:
        authorization = request.headers["Authorization"]
        if isinstance(authorization, bytes):
            authorization = authorization.decode()
        found = re.search(r"Credential=(\w+)/|AWS (\w+):", authorization)
        assert found is not None
        self.signed_by.append(found.group(1) or found.group(2))
        is_s3 = "dynamodb" not in request.url
        document = json.dumps({"__type": f"com.amazon#{self.code}"} if self.code else {})
        body = b"<ListAllMyBucketsResult/>" if is_s3 else document.encode()
        response = botocore.awsrequest.AWSResponse(request.url, 400 if self.code else 200, {}, None)
        response._content = body
        return response


def made(session: Any, **config: Any) -> tuple[Any, Service]:
    """Return a client of a JSON service, and what answers it."""
    client = session.create_client("dynamodb", config=botocore.config.Config(**config))
    return client, Service(client)


def ask(client: Any) -> None:
    """Send one request; the service may reject it."""
    try:
        client.list_tables()
    except client.exceptions.ClientError as error:
        assert error.response["Error"]["Code"]  # noqa: PT017 - any code will do


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        ("ExpiredToken", "legacy"),
        ("ExpiredToken", "standard"),
        ("ExpiredToken", "adaptive"),
        ("ExpiredTokenException", "standard"),
        ("InvalidToken", "standard"),
        ("InvalidAccessKeyId", "standard"),
        ("InvalidClientTokenId", "standard"),
        ("UnrecognizedClientException", "standard"),
    ],
)
def test_the_next_call_signs_with_new_credentials(install: Install, code: str, mode: str) -> None:
    """Without a restart, whatever the retry mode is."""
    install(COUNTING)
    client, service = made(botocore.session.Session(), retries={"mode": mode})
    ask(client)
    service.code = code
    ask(client)
    service.code = None
    ask(client)
    ask(client)
    assert service.signed_by[:2] == ["KEY1", "KEY1"]
    assert service.signed_by[-2:] == ["KEY2", "KEY2"]


def test_all_clients_of_the_process_get_the_new_credentials(install: Install) -> None:
    """One source serves them, so one rejection is enough."""
    install(COUNTING)
    (first, service), (second, other) = (made(botocore.session.Session()) for _ in range(2))
    service.code = "ExpiredToken"
    ask(first)
    ask(second)
    assert (service.signed_by, other.signed_by) == (["KEY1"], ["KEY2"])


@pytest.mark.parametrize("code", ["AccessDenied", "SignatureDoesNotMatch", "ThrottlingException"])
def test_other_errors_change_nothing(install: Install, code: str) -> None:
    """A new key would not help, and the plugin's source may be rate-limited."""
    install(COUNTING)
    client, service = made(botocore.session.Session(), retries={"max_attempts": 0})
    service.code = code
    ask(client)
    ask(client)
    assert service.signed_by == ["KEY1", "KEY1"]


def test_a_rejection_of_another_key_changes_nothing(install: Install) -> None:
    """Keys that were passed in code, or that an older request was signed with."""
    install(COUNTING)
    session = botocore.session.Session()
    ours, service = made(session)
    theirs = session.create_client(
        "dynamodb", aws_access_key_id="THEIRS", aws_secret_access_key="secret"
    )
    other = Service(theirs)
    other.code = "InvalidClientTokenId"
    ask(theirs)
    ask(ours)
    assert (other.signed_by, service.signed_by) == (["THEIRS"], ["KEY1"])
    late = botocore.session.Session()
    client, slow = made(late)

    def renewed_meanwhile(**_: Any) -> None:
        late.get_credentials()._engine.invalidate("KEY1")
        late.get_credentials().get_frozen_credentials()

    client.meta.events.register_first("before-send", renewed_meanwhile)
    slow.code = "ExpiredToken"
    ask(client)  # signed with KEY1, rejected when KEY2 is there already
    ask(ours)
    assert service.signed_by == ["KEY1", "KEY2"]


def test_requests_that_nobody_signs_are_no_trouble(install: Install) -> None:
    """Public objects are read without a signature."""
    install(COUNTING)
    session = botocore.session.Session()
    made(session)
    unsigned = botocore.config.Config(signature_version=botocore.UNSIGNED)
    client = session.create_client("dynamodb", config=unsigned)

    def answer(request: Any, **_: Any) -> Any:
        response = botocore.awsrequest.AWSResponse(request.url, 400, {}, None)
        response._content = b'{"__type": "com.amazon#ExpiredToken"}'
        return response

    client.meta.events.register("before-send", answer)
    ask(client)


def test_signature_version_2_is_understood(install: Install) -> None:
    """Some stores that speak S3 know no other."""
    install(COUNTING)
    session = botocore.session.Session()
    config = botocore.config.Config(signature_version="s3", retries={"max_attempts": 0})
    client = session.create_client("s3", config=config)
    service = Service(client)
    client.meta.events.register_first(
        "response-received",
        lambda parsed_response, **_: parsed_response.update(Error={"Code": "ExpiredToken"}),
    )
    for _ in range(2):
        with suppress(client.exceptions.ClientError):  # newer ones raise, though it says 200
            client.list_buckets()
    assert service.signed_by == ["KEY1", "KEY2"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=AKIA/20300131/sts/aws4_request, Signature=0",
            "AKIA",
        ),
        ("AWS4-ECDSA-P256-SHA256 Credential=AKIA/20300131/s3/aws4_request, Signature=0", "AKIA"),
        (b"AWS4-HMAC-SHA256 SignedHeaders=host, Credential=AKIA/20300131/s3, Signature=0", "AKIA"),
        ("AWS AKIA:c2lnbmF0dXJl=", "AKIA"),
        ("AWS4-HMAC-SHA256 Credential=AKIA", None),
        ("AWS AKIA", None),
        ("Bearer a/b:c", None),
        ("", None),
        (None, None),
    ],
)
def test_the_key_in_a_header(header: str | bytes | None, expected: str | None) -> None:
    """Guards the first signature, too: no pattern is compiled for this."""
    request = botocore.awsrequest.AWSRequest()
    if header is not None:
        request.headers["Authorization"] = header
    RejectionHandler(Rejecter())._note(request)
    assert request.context["plugincreds_access_key"] == expected


class Rejecter:
    def reject(self, access_key: str) -> None:
        raise AssertionError(access_key)
