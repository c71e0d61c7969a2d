"""A moto server that checks signatures and policies, and the identities that it knows."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, final

import boto3
from botocore.config import Config

from tests.support.endpoint import leading_to

ENTRY = Path(__file__).with_name("moto_entry.py")
HOST = "127.0.0.1"
REGION = "us-east-1"
SETUP_CALLS = (
    3  # CreateUser, PutUserPolicy, CreateAccessKey: what it takes to have a first administrator
)


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    """Return a policy document that allows these actions."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom the server knows."""

    arn: str
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    user: str = ""

    def variables(
        self, key: str = "AWS_ACCESS_KEY_ID", secret: str = "AWS_SECRET_ACCESS_KEY"
    ) -> dict[str, str]:
        """Return the environment variables that hold these keys."""
        token = {"AWS_SESSION_TOKEN": self.token} if self.token else {}
        return {key: self.access_key, secret: self.secret_key, **token}

    def for_plugin(self, name: str) -> dict[str, str]:
        """Return the variables that give these keys to a fixture plugin, or to what it calls so."""
        return self.variables(f"{name.upper()}_KEY", f"{name.upper()}_SECRET")

    def document(self) -> dict[str, str]:
        """Return the keys as the sample plugin's JSON file holds them."""
        return {"Key": self.access_key, "Secret": self.secret_key}


@final
class MotoServer:
    """A moto process with IAM enforcement: `with MotoServer() as server` starts and stops it.

    Attributes:
        port: Where it listens.
        secrets: All secret keys and tokens that it gave out, to be looked for where none may be.
    """

    def __init__(self) -> None:
        """Prepare, without starting anything."""
        self.port = 0
        self.secrets: set[str] = set()
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self._admin = Identity("", "SETUP", "setup")

    def __enter__(self) -> MotoServer:
        """Start the process and make its administrator."""
        try:
            self.port = self._start()
            self._admin = self._create_user("administrator", allow("*"))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the process."""
        self.stop()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead programs to it."""
        return leading_to(self.url, Path(self._folder.name))

    @property
    def container_url(self) -> str:
        """The address for `AWS_CONTAINER_CREDENTIALS_FULL_URI`; see `offer_in_container`."""
        return f"{self.url}/_container"

    def stop(self) -> None:
        """End the process and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()
        if self._errors is not None:
            self._errors.close()
        self._folder.cleanup()

    def client(self, service: str, identity: Identity | None = None) -> Any:
        """Return a boto3 client that signs as this identity, else as the administrator."""
        who = identity or self._admin
        return boto3.session.Session().client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=who.access_key,
            aws_secret_access_key=who.secret_key,
            aws_session_token=who.token,
            config=Config(retries={"max_attempts": 0}),
        )

    def create_identity(
        self, name: str = "user", policy: Mapping[str, Any] | None = None
    ) -> Identity:
        """Create an IAM user of this name (made unique) with one key and one inline policy."""
        return self._create_user(f"{name}-{secrets.token_hex(4)}", policy or allow("s3:*", "sts:*"))

    def create_role(self, name: str = "role", policy: Mapping[str, Any] | None = None) -> str:
        """Create a role that every user of the account may assume, and return its ARN."""
        name = f"{name}-{secrets.token_hex(4)}"
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        rights = json.dumps(policy or allow("s3:*", "sts:*"))
        iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)
        return str(arn)

    def assume(self, role_arn: str, session_name: str) -> Identity:
        """Return temporary credentials for a role."""
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)
        keys = answer["Credentials"]
        self.secrets |= {keys["SecretAccessKey"], keys["SessionToken"]}
        arn = answer["AssumedRoleUser"]["Arn"]
        return Identity(arn, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def delete_key(self, identity: Identity) -> None:
        """Delete a user's access key, so that the server no longer knows it."""
        self.client("iam").delete_access_key(
            UserName=identity.user, AccessKeyId=identity.access_key
        )

    def offer_in_container(self, identity: Identity) -> None:
        """Serve these temporary credentials where a container's role would be."""
        document = {
            "AccessKeyId": identity.access_key,
            "SecretAccessKey": identity.secret_key,
            "Token": identity.token,
            "Expiration": "2099-01-01T00:00:00Z",
        }
        self._ask("PUT", "/_container", json.dumps(document))

    def offer_on_machine(self, identity: Identity) -> dict[str, str]:
        """Serve these temporary credentials where a machine's role would be.

        Returns:
            The variables that lead clients there: the SDKs read the first ones, object_store the
            last.
        """
        document = {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "LastUpdated": "2026-01-01T00:00:00Z",
            "AccessKeyId": identity.access_key,
            "SecretAccessKey": identity.secret_key,
            "Token": identity.token,
            "Expiration": "2099-01-01T00:00:00Z",
        }
        self._ask("PUT", "/_machine", json.dumps(document))
        return {
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
            "AWS_METADATA_ENDPOINT": self.url,
        }

    def seen(self) -> list[tuple[str, str]]:
        """Return (access key, service) of each request since `forget`, but the administrator's."""
        return [
            (key, service)
            for key, service in self._ask("GET", "/_seen")
            if key != self._admin.access_key
        ]

    def keys_seen(self) -> set[str]:
        """Return the access keys that signed since `forget`; "" for a look at the container's."""
        return {key for key, _ in self.seen()}

    def forget(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "/_seen")

    def _start(self) -> int:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - see stop()
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR")
            if name in os.environ
        }
        self._process = subprocess.Popen(
            [sys.executable, str(ENTRY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={
                **kept,
                "INITIAL_NO_AUTH_ACTION_COUNT": str(SETUP_CALLS),
                "AWS_CREDENTIAL_PLUGIN": "none",
            },
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise RuntimeError(f"moto did not start:\n{self._errors.read()}")
        return int(line)

    def _create_user(self, name: str, policy: Mapping[str, Any]) -> Identity:
        iam = self.client("iam")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self.secrets.add(key["SecretAccessKey"])
        return Identity(arn, key["AccessKeyId"], key["SecretAccessKey"], user=name)

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, body)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
