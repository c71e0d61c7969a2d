"""The endpoint: a socket on the loopback address, and a thread for each connection."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus

from plugincreds._endpoint import HOST, PATH
from plugincreds._endpoint.requests import (
    LONGEST_REQUEST,
    Access,
    RefusedError,
    check,
    is_complete,
    refusal,
    response,
)
from plugincreds._errors import PluginError

Document = Callable[[], Mapping[str, str]]

_CONNECTIONS = 64  # at a time; the system keeps further ones waiting
_WAITING_CONNECTIONS = 1024
_LONGEST_TRANSFER = 2.0  # seconds for a request to arrive, and for an answer to be read
# Seconds in accept(). A signal that comes right before it does not interrupt it.
_LONGEST_ACCEPT = 2.0
_NO_DESCRIPTOR_WAIT = 0.1  # seconds until the next attempt where the process has no descriptor left


class Endpoint:
    """Gives credentials to clients that have the token.

    Args:
        port: The port; 0 for one that the system chooses.
        longest_transfer: Seconds that a client may take to send its request.

    Attributes:
        token: What clients send in the `Authorization` header.
        url: The address for `AWS_CONTAINER_CREDENTIALS_FULL_URI`.

    Raises:
        PluginError: The port cannot be used.
    """

    def __init__(self, port: int = 0, *, longest_transfer: float = _LONGEST_TRANSFER) -> None:
        self._longest_transfer = longest_transfer
        self._places = threading.BoundedSemaphore(_CONNECTIONS)
        self._is_closed = threading.Event()
        try:
            self._listener = socket.create_server((HOST, port), backlog=_WAITING_CONNECTIONS)
        except OSError as error:
            message = (
                f"The port {port} on {HOST} cannot be used ({os.strerror(error.errno or 0)}). "
                "Choose another --port, or leave it out."
            )
            raise PluginError(message) from error
        if hasattr(os, "register_at_fork"):  # not on Windows
            # A child process that a plugin forks would keep the port, and never answer.
            os.register_at_fork(after_in_child=self._listener.close)
        self._listener.settimeout(_LONGEST_ACCEPT)
        port = self._listener.getsockname()[1]
        self.token = secrets.token_urlsafe(32)
        self.url = f"http://{HOST}:{port}{PATH}"
        self._access = Access(port, self.token)

    def serve(self, document: Document) -> None:
        """Answer requests until `close` is called.

        Args:
            document: Returns the credentials for an answer, or raises `RefusedError`.
        """
        while not self._is_closed.is_set():
            self._places.acquire()
            try:
                connection, _ = self._listener.accept()
                threading.Thread(
                    target=self._talk, args=(connection, document), daemon=True
                ).start()
            except TimeoutError:
                self._places.release()
            except (OSError, RuntimeError):  # no descriptor is left, or no thread
                self._places.release()
                self._is_closed.wait(_NO_DESCRIPTOR_WAIT)

    def close(self) -> None:
        """Answer no further requests."""
        self._is_closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends accept() in the other thread
        self._listener.close()

    def _talk(self, connection: socket.socket, document: Document) -> None:
        try:
            with connection, suppress(OSError):  # the client has gone, or is too slow
                answer = self._answer(connection, document)
                connection.settimeout(self._longest_transfer)
                connection.sendall(answer)
        finally:
            self._places.release()

    def _answer(self, connection: socket.socket, document: Document) -> bytes:
        try:
            check(self._received(connection), self._access)
            return response(HTTPStatus.OK, {**document()})
        except RefusedError as error:
            return refusal(error)

    def _received(self, connection: socket.socket) -> bytes:
        """Return a request, which must be complete in time, however slowly its bytes come."""
        end = time.monotonic() + self._longest_transfer
        received = b""
        while not is_complete(received):
            connection.settimeout(max(end - time.monotonic(), 0.001))
            more = connection.recv(LONGEST_REQUEST)
            if not more:
                raise ConnectionAbortedError
            received += more
        return received
