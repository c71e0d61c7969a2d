"""The exchange at STS, against a server on the loopback that answers what it is told."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from plugincreds import RecoverableError, Value
from tests.support.endpoint import leading_to

import plugincreds_keyring
from plugincreds_keyring import _sts
from plugincreds_keyring._item import write_item
from plugincreds_keyring._plugin import KeyringPlugin

OURS = Path(plugincreds_keyring.__file__).parent
SERIAL = "arn:aws:iam::123456789012:mfa/alice"
CODE = "135792"
SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7"
GRANTED = (
    "<GetSessionTokenResponse><GetSessionTokenResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>"
    "<SecretAccessKey>temporary</SecretAccessKey><SessionToken>token</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></GetSessionTokenResult>"
    "</GetSessionTokenResponse>"
)


class Server(HTTPServer):
    """What it answers, and what it was asked."""

    status = 200
    body = GRANTED

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, list[str]]]] = []

    def refuse(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )


class Handler(BaseHTTPRequestHandler):
    """Answers for `Server`."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.headers["Authorization"], parse_qs(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """Run the server, in place of STS."""
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    _lead_to(running.server_port, monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(_sts, "ask_for_code", lambda _: CODE)
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def _lead_to(port: int, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name, value in leading_to(f"http://127.0.0.1:{port}", folder).items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def _stored(kept: Any, home: Path) -> None:
    (home / ".aws" / "config").write_text("[profile work]\n")
    kept.items["aws", "work"] = write_item(Value("AKIASTORED", SECRET, account_id="123456789012"))


def test_the_stored_keys_ask_for_a_session(server: Server, new_context: Any) -> None:
    """Guards who signs, where, and what is asked; and that other keys around are not used."""
    value = KeyringPlugin(new_context(region="eu-west-3", duration_seconds="900")).retrieve()
    assert value is not None
    assert (value.access_key, value.secret_key, value.token) == ("ASIA1", "temporary", "token")
    assert value.expiry_time is not None
    assert value.expiry_time.year == 2099
    assert value.account_id == "123456789012"
    ((authorization, asked),) = server.asked
    assert "Credential=AKIASTORED/" in authorization
    assert "/eu-west-3/sts/" in authorization
    assert asked["Action"] == ["GetSessionToken"]
    assert asked["DurationSeconds"] == ["900"]
    assert "TokenCode" not in asked


def test_a_device_and_its_code(
    server: Server, new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the code, the usual duration and region, and keys in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "other")
    assert KeyringPlugin(new_context(mfa_serial=SERIAL)).retrieve()
    ((authorization, asked),) = server.asked
    assert "Credential=AKIASTORED/" in authorization
    assert "/us-east-1/sts/" in authorization
    assert (asked["SerialNumber"], asked["TokenCode"]) == ([SERIAL], [CODE])
    assert asked["DurationSeconds"] == ["43200"]


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "said"),
    [
        (
            403,
            "AccessDenied",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            RecoverableError,
            "does not accept the code",
        ),
        (403, "InvalidClientTokenId", "x", RecoverableError, "plugincreds-keyring set"),
        (403, "SignatureDoesNotMatch", SECRET, RecoverableError, "plugincreds-keyring set"),
        (403, "AccessDenied", SECRET, RecoverableError, "what the user may do"),
        (400, "ValidationError", f"Value '{CODE}'", RecoverableError, "ValidationError"),
        (400, "Throttling", "Rate exceeded", RecoverableError, "Throttling"),
        (503, "ServiceUnavailable", "x", RecoverableError, "no session now"),
    ],
)
def test_a_refusal_is_worded_anew(
    server: Server,
    new_context: Any,
    status: int,
    code: str,
    message: str,
    kind: type[Exception],
    said: str,
) -> None:
    """Guards what a person reads, whether it is tried again, and the code and the keys."""
    server.refuse(status, code, message)
    with pytest.raises(kind, match=said) as caught:
        KeyringPlugin(new_context(mfa_serial=SERIAL)).retrieve()
    assert len(server.asked) == 1
    assert caught.value.__context__ is None
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if Path(frame.filename).is_relative_to(OURS)]
    text = str(caught.value) + "".join(str(frame.locals) for frame in ours)
    assert CODE not in text
    assert SECRET not in text


@pytest.mark.usefixtures("server")
def test_a_network_that_fails_is_worded_anew(
    new_context: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards the code, which stands in the frames of botocore's own error."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    _lead_to(port, monkeypatch, tmp_path)
    with pytest.raises(RecoverableError, match="EndpointConnectionError") as caught:
        KeyringPlugin(new_context(mfa_serial=SERIAL)).retrieve()
    assert caught.value.__context__ is None


@pytest.mark.usefixtures("server")
def test_a_person_who_cannot_be_asked_is_told_so(
    new_context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the error of the question itself, which is no failure of the network."""

    def nobody(_: str) -> str:
        raise RecoverableError("no terminal")

    monkeypatch.setattr(_sts, "ask_for_code", nobody)
    with pytest.raises(RecoverableError, match="no terminal"):
        KeyringPlugin(new_context(mfa_serial=SERIAL)).retrieve()


def test_temporary_keys_are_not_exchanged(server: Server, new_context: Any, kept: Any) -> None:
    """Guards options that the stored item cannot satisfy: they are not skipped."""
    kept.items["aws", "work"] = write_item(Value("ASIA", "s", "t"))
    with pytest.raises(RecoverableError, match="has a session token"):
        KeyringPlugin(new_context(duration_seconds="900")).retrieve()
    assert server.asked == []
