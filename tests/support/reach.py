"""Runs other clients with a plugin's credentials: each way to them, each kind of credentials."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.environments import Environment
from tests.support.moto_process import Identity, MotoServer

DEADLINE = 60.0
LIFETIME = 8  # seconds; a client must have signed by then, also on a slow machine

# The ways, and what is given to the plugin's calls one after the other.
WAYS = ("exec", "serve", "profile")
KEYS = "exec --env"
NO_MACHINE = "profile without the machine"  # the variable that switches its role off is set
LONG, SHORT, FAILING = KINDS = ("long-term", "short-lived", "failing")

# What comes of the last request.
SIGNS = "it signs with the plugin's newest credentials"
FAILS = "it fails, and no key is used"
KEEPS = "it goes on with the credentials that have expired"
REFUSED = "it signs with a key of the plugin, and the server refuses that"
MACHINE = "it signs as the machine"


class Scenario:
    """A plugin's credentials, the role of the machine, and one client.

    Attributes:
        environment: Where plugincreds and the plugin `relay` are.
    """

    def __init__(
        self, environment: Environment, server: MotoServer, identities: Sequence[Identity]
    ) -> None:
        """Take the first and the second identity of the plugin, and that of the machine."""
        self.environment = environment
        self._server = server
        self._first, self._second, self._machine = identities
        self._file = environment.home / "relay.json"
        self._variables = {
            **server.offer_on_machine(self._machine),
            "RELAY_FILE": str(self._file),
            "AWS_REGION": "us-east-1",
        }

    def outcome(self, way: str, kind: str, command: Sequence[str | Path]) -> str:
        """Run a client, and return what came of its last request.

        The client makes a request for each line that it reads. There are two; in between, the
        first credentials expire, if they ever do.
        """
        self._prepare(kind)
        with self._client(way, command) as client:
            before = client.request(), self._keys()
            self._wait()
            after = client.request(), self._keys()
        return self._verdict(kind, before, after)

    def _prepare(self, kind: str) -> None:
        answers = {
            LONG: [document(self._first)],
            SHORT: [document(self._first), document(self._second)],
            FAILING: [document(self._first), None],
        }[kind]
        lifetime = None if kind == LONG else LIFETIME
        self._file.write_text(json.dumps({"answers": answers, "lifetime": lifetime}))

    def _wait(self) -> None:
        """Wait until the first credentials have expired: clients cannot be given a clock."""
        expiries = self._file.with_suffix(".expiries")
        if expiries.exists():  # else they are for ever, or the client has not asked
            first = float(expiries.read_text(encoding="utf-8").split()[0])
            time.sleep(max(0.0, first - time.time()) + 0.2)

    def _keys(self) -> set[str]:
        """Return whose keys the server has seen since the last request."""
        keys = self._server.keys_seen()
        self._server.forget()
        return keys

    def _verdict(self, kind: str, before: tuple[str, set[str]], after: tuple[str, set[str]]) -> str:
        if self._machine.access_key in before[1] | after[1]:
            return MACHINE
        first, second = {self._first.access_key}, {self._second.access_key}
        if before == after == ("failed", first):
            return REFUSED
        newest = {LONG: first, SHORT: second, FAILING: set[str]()}[kind]
        if before[0] == "signed" and before[1] <= first | second:
            if after == ("signed", newest):
                return SIGNS
            if after == ("signed", first):
                return KEEPS
        if after == ("failed", set()) and (before[0] == "signed" or not before[1]):
            return FAILS
        return f"something else: {before} and then {after}"

    @contextmanager
    def _client(self, way: str, command: Sequence[str | Path]) -> Iterator[Client]:
        own, started = self.environment, self._variables
        plugincreds = own.script("plugincreds")
        if way == NO_MACHINE:
            started = {**started, "AWS_EC2_METADATA_DISABLED": "true"}
        if way in {"profile", NO_MACHINE}:
            own.write_config(
                "[default]\ncredential_plugin = relay\n"
                f"credential_process = {plugincreds} export relay\n"
            )
        if way == "serve":
            with Running(own, (plugincreds, "serve", "relay"), started) as server:
                given = dict(re.findall(r"^export (\w+)=(.*)$", server.output(), re.MULTILINE))
                with Running(own, command, {**started, **given}) as client:
                    yield client
            return
        through = (plugincreds, "exec", "relay")
        before = {"exec": (*through, "--"), KEYS: (*through, "--env", "--")}.get(way, ())
        with Running(own, (*before, *command), started) as client:
            yield client


class Running:
    """A process that reads and prints lines; it ends with the block."""

    def __init__(
        self, environment: Environment, command: Sequence[str | Path], variables: dict[str, str]
    ) -> None:
        """Start it. What it says to stderr is kept for a person who looks into a failure."""
        self._said = environment.home / f"{Path(command[0]).name}.stderr"
        with self._said.open("a", encoding="utf-8") as errors:
            self._process = environment.start(
                *command,
                variables=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._timer = threading.Timer(DEADLINE, self._process.kill)

    def __enter__(self) -> Running:  # noqa: PYI034 - Python 3.10 has no Self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.terminate()
        self._process.communicate()
        print(self._said.read_text(encoding="utf-8"))

    def request(self) -> str:
        """Have it make a request, and return its word for what came of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def output(self) -> str:
        """Return all that it prints."""
        assert self._process.stdout is not None
        return self._process.stdout.read()


Client = Running


def document(identity: Identity) -> dict[str, Any]:
    """Return credentials as a plugin's mapping has them."""
    token = {"SessionToken": identity.token} if identity.token else {}
    return {
        "AccessKeyId": identity.access_key,
        "SecretAccessKey": identity.secret_key,
        **token,
    }


def scenario_of(
    environment: Environment, server: MotoServer, alice: Identity, kind: str
) -> Scenario:
    """Return a plugin that hands out a user's keys, or short-lived ones of two roles in turn."""
    roles = [server.assume(server.create_role(name), name) for name in ("one", "two", "machine")]
    server.forget()
    return Scenario(environment, server, [alice if kind == LONG else roles[0], *roles[1:]])
