"""Use STS and S3 in several sessions, and report who each is.

The first argument is a JSON list of the arguments of `boto3.session.Session`; a second argument
"together" gives each session a thread of its own, and leaves S3 out.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3
import botocore.session

sessions = json.loads(sys.argv[1])
together = sys.argv[2:] == ["together"]
start = Barrier(len(sessions) if together else 1)
url = os.environ["AWS_ENDPOINT_URL"]


def used(arguments: dict[str, Any]) -> dict[str, object]:
    """Return who a new session is, or why it is nobody."""
    start.wait()
    try:
        session = boto3.session.Session(**arguments)
        arn = session.client("sts", endpoint_url=url).get_caller_identity()["Arn"]
        if not together:
            session.client("s3", endpoint_url=url).list_buckets()
    except Exception as error:  # noqa: BLE001 - the report is about all of them
        return {"error": f"{type(error).__name__}: {error}"}
    signer = session.get_credentials()
    return {"arn": arn, "method": signer.method, "access_key": signer.access_key}


def share_data() -> None:
    """Let all sessions have botocore's data from one that has read it: that takes seconds."""
    first = botocore.session.Session()
    first.create_client("sts", aws_access_key_id="unused", aws_secret_access_key="unused")
    for arguments in sessions:
        arguments["botocore_session"] = botocore.session.Session()
        loader = first.get_component("data_loader")
        arguments["botocore_session"].register_component("data_loader", loader)


def main() -> None:
    """Use them and print the report."""
    if together:
        share_data()
    with ThreadPoolExecutor(len(sessions) if together else 1) as pool:
        print(json.dumps(list(pool.map(used, sessions))))


main()
