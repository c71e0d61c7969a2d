"""moto's server as a process of its own: prints its port, records who signed, ends with its parent.

`moto_process.MotoServer` runs this file. Beside AWS it serves, for the tests alone,

* `GET /_seen`: a list of [access key, service], one for each signed request, and
  ["", "container"] for each look at the next one;
* `DELETE /_seen`: forget that list;
* `PUT /_container` and `GET /_container`: the credentials endpoint that a container would have;
* `PUT /_machine` and `GET /latest/...`: the instance metadata of a machine with a role; a look at
  its credentials is noted as ["", "machine"].
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
METADATA = "/latest/"
ROLES = "/latest/meta-data/iam/security-credentials/"
TTL = ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")


class QuietHandler(WSGIRequestHandler):  # type: ignore[misc] # mypy does not look at werkzeug
    """Requests are not worth a line each; `/_seen` tells what a test wants to know."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


class Recorder:
    """A WSGI application that notes the access key of each request, then hands it to moto."""

    def __init__(self, application: Any) -> None:
        """Stand in front of one application."""
        self._application = application
        self._seen: list[tuple[str, str]] = []
        self._container = b"{}"
        self._machine = b"{}"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer the tests' own paths, pass on the rest."""
        path = environ["PATH_INFO"]
        if path.startswith(METADATA):
            return self._as_machine(path, start_response)
        if path not in {"/_seen", "/_container", "/_machine"}:
            self._note(environ.get("HTTP_AUTHORIZATION", ""))
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        if path == "/_machine":
            self._machine = body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        else:
            about = self._about_requests if path == "/_seen" else self._as_container
            body = about(environ)
        start_response(
            "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        )
        return [body]

    def _note(self, authorization: str) -> None:
        scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
        if len(scope) == 5:  # key, date, region, service, "aws4_request"
            self._seen.append((scope[0], scope[3]))

    def _about_requests(self, environ: dict[str, Any]) -> bytes:
        answer = json.dumps(self._seen).encode()
        if environ["REQUEST_METHOD"] == "DELETE":
            self._seen.clear()
        return answer

    def _as_machine(self, path: str, start_response: Any) -> Iterable[bytes]:
        documents = {
            "/latest/api/token": b"token",
            ROLES: b"machine",
            ROLES.removesuffix("/"): b"machine",
            f"{ROLES}machine": self._machine,
        }
        body = documents.get(path)
        if path == f"{ROLES}machine":
            self._seen.append(("", "machine"))
        status = "404 Not Found" if body is None else "200 OK"
        start_response(status, [TTL, ("Content-Length", str(len(body or b"")))])
        return [body or b""]

    def _as_container(self, environ: dict[str, Any]) -> bytes:
        if environ["REQUEST_METHOD"] == "PUT":
            self._container = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return b"{}"
        self._seen.append(("", "container"))
        return self._container


def end_with_parent() -> None:
    """Leave as soon as nobody holds the other end of standard input."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Bind a free port, tell it, and serve."""
    application = Recorder(DomainDispatcherApplication(create_backend_app))
    server = make_server(HOST, 0, application, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
