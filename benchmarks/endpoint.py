"""What the endpoint of `plugincreds serve` costs, beside a bare `http.server` on this machine."""

import http.client
import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from botocore.credentials import ContainerProvider

from benchmarks.environments import PLUGIN, Environments
from benchmarks.first_client import ANSWER, python_script
from benchmarks.processes import milliseconds
from benchmarks.rows import Row, compared
from tests.support.environments import checked

PROVIDER = "one request of botocore's container provider"
BARE_CLIENT = "one request of Python's `http.client`"
RATE = "requests per second from {}; more is better"
MEMORY = "memory of the process after the requests above (RSS, with shared pages)"
START = "a command that prints or passes on credentials, start to end"
SERVER, OURS = "Python's `http.server` with a fixed answer", "`plugincreds serve`"
CLIENTS = 1, 16
_URI, _TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
_ANSWER = {"Token": "", "Expiration": "2099-01-01T00:00:00Z"}
# A thread for each connection, which ends with its request, as in our endpoint.
_BARE_SERVER = f"""
import http.server, json, os, sys

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({{**json.loads({ANSWER!r}), **{_ANSWER!r}}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

server = Server(("127.0.0.1", 0), Handler)
print("{_URI}=http://127.0.0.1:%d/" % server.server_port)
print("{_TOKEN}=token", flush=True)
os.close(sys.stdout.fileno())
server.serve_forever()
"""
_WITH_BOTO3 = 'import boto3, sys; boto3.client("sts", region_name="eu-central-1"); sys.stdin.read()'


class Served(NamedTuple):
    """A running server: its process, and the variables that lead clients there."""

    process: int
    variables: dict[str, str]

    def ask_with_provider(self) -> None:
        """Get credentials as botocore does in a container."""
        found = ContainerProvider(environ=self.variables).load()
        assert found is not None

    def ask_with_client(self) -> None:
        """Get the bytes of an answer."""
        address = urlsplit(self.variables[_URI])
        connection = http.client.HTTPConnection(address.netloc)
        connection.request("GET", address.path, headers={"Authorization": self.variables[_TOKEN]})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == HTTPStatus.OK

    def ask_often(self, number: int) -> None:
        """Send requests one after the other, with as little work as possible."""
        address = urlsplit(self.variables[_URI])
        request = (
            f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: {self.variables[_TOKEN]}\r\n\r\n"
        ).encode()
        for _ in range(number):
            with socket.create_connection((address.hostname, address.port)) as connection:
                connection.sendall(request)
                answer = b"".join(iter(partial(connection.recv, 65536), b""))
            assert answer.split(None, 2)[1] == b"200"


@contextmanager
def serving(command: list[str | Path], variables: dict[str, str]) -> Iterator[Served]:
    """Have a server while the body runs, which prints its variables and closes stdout."""
    with running(command, variables) as process:
        assert process.stdout is not None
        words = shlex.split(process.stdout.read())
        yield Served(process.pid, dict(word.split("=", 1) for word in words))


@contextmanager
def running(
    command: list[str | Path], variables: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Have a process while the body runs."""
    with subprocess.Popen(
        command,
        env=variables,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def endpoint_command(python: Path) -> list[str | Path]:
    """Return the command for the endpoint of the plugin in this environment."""
    return [python.with_name("plugincreds"), "serve", "acme", "--format", "env-no-export"]


def milliseconds_each(call: Callable[[], None], number: int) -> float:
    """Return what one of several calls takes."""
    started = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - started) / number * 1000


def per_second(served: Served, clients: int, number: int) -> float:
    """Return how many requests are answered in a second, by so many threads of this process."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        asked = [pool.submit(served.ask_often, number // clients) for _ in range(clients)]
        for each in asked:
            each.result()
    return number / (time.perf_counter() - started)


def megabytes(process: int) -> float:
    """Return how much memory a process has."""
    return int(checked(["ps", "-o", "rss=", "-p", str(process)], {})) / 1024


def requests(servers: dict[str, Served], rounds: int, number: int) -> list[Row]:
    """Compare single requests, and many."""
    found = []
    for question, way in {
        PROVIDER: Served.ask_with_provider,
        BARE_CLIENT: Served.ask_with_client,
    }.items():
        measures = {
            who: partial(milliseconds_each, partial(way, server), number)
            for who, server in servers.items()
        }
        found += compared(question, measures, rounds, "{:.2f} ms")
    for clients in CLIENTS:
        words = "1 client" if clients == 1 else f"{clients} clients at a time"
        rates = {
            who: partial(per_second, server, clients, number * max(CLIENTS))
            for who, server in servers.items()
        }
        found += compared(RATE.format(words), rates, rounds, "{:.0f}")
    return found


def commands(environments: Environments, directory: Path, rounds: int) -> list[Row]:
    """Compare commands that give credentials."""
    python = environments.python("automatic", "plugincreds", plugin=PLUGIN)
    plugincreds, variables = python.with_name("plugincreds"), environments.variables()
    # What `credential_process` would run.
    script: list[str | Path] = [environments.python("without"), "-I", python_script(directory)]
    measures = {
        "a Python script of one line": partial(milliseconds, script, variables),
        "`plugincreds export acme`": partial(
            milliseconds, [plugincreds, "export", "acme"], variables
        ),
        "`plugincreds exec acme -- true`": partial(
            milliseconds, [plugincreds, "exec", "acme", "--", "true"], variables
        ),
    }
    return compared(START, measures, rounds, "{:.0f} ms")


def rows(environments: Environments, directory: Path, rounds: int, number: int) -> list[Row]:
    """Compare requests, memory and starts; `number` requests in each round."""
    python = environments.python("automatic", "plugincreds", plugin=PLUGIN)
    bare, variables = environments.python("without"), environments.variables()
    with (
        serving([bare, "-c", _BARE_SERVER], variables) as server,
        serving(endpoint_command(python), variables) as ours,
        running([bare, "-c", _WITH_BOTO3], variables) as client,
    ):
        found = requests({SERVER: server, OURS: ours}, rounds, number)
        processes = {
            SERVER: server.process,
            OURS: ours.process,
            "for comparison, a process with one boto3 client": client.pid,
        }
        memory = {who: partial(megabytes, process) for who, process in processes.items()}
        found += compared(MEMORY, memory, rounds, "{:.0f} MB")
    return found + commands(environments, directory, rounds)
