"""The endpoint on a real socket, with clients that are many, slow, wrong or forked."""

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import botocore.credentials
import pytest

from plugincreds import PluginError
from plugincreds._endpoint.server import Endpoint

DOCUMENT = {
    "AccessKeyId": "AKID",
    "SecretAccessKey": "secret",
    "Token": "token",
    "Expiration": "2099-01-01T00:00:00Z",
}


@contextmanager
def running(endpoint: Endpoint, document: Mapping[str, str]) -> Iterator[Endpoint]:
    """Serve in a thread."""
    thread = threading.Thread(target=endpoint.serve, args=(lambda: document,))
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.close()
        thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Return an endpoint that gives clients two tenths of a second."""
    with running(Endpoint(longest_transfer=0.2), DOCUMENT) as served:
        yield served


def address(endpoint: Endpoint) -> tuple[str, int]:
    """Return host and port."""
    parts = urlsplit(endpoint.url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def path(endpoint: Endpoint) -> str:
    """Return the path of its address."""
    return urlsplit(endpoint.url).path


def asked(endpoint: Endpoint, token: str | None = None) -> tuple[int, dict[str, str]]:
    """Return the status and the document that a client gets."""
    connection = http.client.HTTPConnection(*address(endpoint), timeout=30)
    with closing(connection):
        headers = {"Authorization": endpoint.token if token is None else token}
        connection.request("GET", path(endpoint), headers=headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def test_botocore_takes_its_answer(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the variables and the document, as botocore's own provider reads them."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", endpoint.token)
    credentials = botocore.credentials.ContainerProvider().load()
    assert credentials.get_frozen_credentials()[:3] == ("AKID", "secret", "token")


def test_another_user_needs_the_token(endpoint: Endpoint) -> None:
    """Guards the credentials: every user of the machine can connect to the port."""
    status, answer = asked(endpoint, "guess")
    assert status == 403
    assert answer["code"] == "Forbidden"
    assert "secret" not in str(answer)


def test_each_endpoint_has_its_token() -> None:
    """Guards against a token that another endpoint has given away."""
    with closing(Endpoint()) as one, closing(Endpoint()) as other:
        assert one.token != other.token
        assert len(one.token) >= 43  # 256 bits


def test_only_this_machine_can_connect(endpoint: Endpoint) -> None:
    """Guards against other machines of the network."""
    assert endpoint._listener.getsockname()[0] == "127.0.0.1"


def test_a_thousand_requests_at_once(endpoint: Endpoint) -> None:
    """Guards many clients that start together: none is turned away."""
    with ThreadPoolExecutor(100) as pool:
        statuses = list(pool.map(lambda _: asked(endpoint)[0], range(1000)))
    assert statuses == [200] * 1000


def test_slow_clients_lose_their_connections(endpoint: Endpoint) -> None:
    """Guards other clients: all places are taken by some that never finish their request."""
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(address(endpoint))) for _ in range(70)]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        assert asked(endpoint)[0] == 200
        assert slow[0].recv(1) == b""


def test_a_trickle_does_not_extend_the_time(endpoint: Endpoint) -> None:
    """Guards likewise against a client that sends one byte after the other."""
    began = time.monotonic()
    with socket.create_connection(address(endpoint)) as connection:
        connection.settimeout(0.02)
        while is_open(connection):
            connection.sendall(b"x")
    assert time.monotonic() - began < 5


def is_open(connection: socket.socket) -> bool:
    """Tell whether the other side has closed the connection, after a moment."""
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False


def test_a_client_that_does_not_read_its_answer() -> None:
    """Guards likewise against one that never takes what it has asked for."""
    long = {"AccessKeyId": "x" * 10_000_000}
    with running(Endpoint(longest_transfer=0.2), long) as served, ExitStack() as stack:
        for _ in range(70):
            connection = stack.enter_context(socket.create_connection(address(served)))
            host = ":".join(map(str, address(served)))
            connection.sendall(
                f"GET {path(served)} HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: {served.token}\r\n\r\n".encode()
            )
        assert asked(served, "wrong")[0] == 403


def test_a_client_that_goes_away(endpoint: Endpoint) -> None:
    """Guards the endpoint against connections without a request, as port scanners make them."""
    for _ in range(100):
        socket.create_connection(address(endpoint)).close()
    assert asked(endpoint)[0] == 200


def test_a_port_in_use(endpoint: Endpoint) -> None:
    """Guards the message of `serve --port`, and that no second server shares the port."""
    port = address(endpoint)[1]
    with pytest.raises(PluginError, match=f"The port {port} on 127.0.0.1 cannot be used") as caught:
        Endpoint(port)
    assert "Address already in use" in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_port() -> None:
    """Guards clients: they would connect to a child that never answers."""
    endpoint = Endpoint()
    end, gate = os.pipe()
    child = os.fork()
    if not child:
        os.close(gate)
        os.read(end, 1)
        os._exit(0)
    try:
        endpoint.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address(endpoint))
    finally:
        os.close(gate)
        os.close(end)
        os.waitpid(child, 0)
