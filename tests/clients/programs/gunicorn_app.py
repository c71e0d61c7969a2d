"""A WSGI application that signs once before its server forks, and at each request."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import boto3

sts = boto3.client("sts")
at_start = {"pid": os.getpid(), "arn": sts.get_caller_identity()["Arn"]}


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer who signed before the fork, and who this worker is."""
    arn = sts.get_caller_identity()["Arn"]
    body = json.dumps({"start": at_start, "pid": os.getpid(), "arn": arn}).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]
