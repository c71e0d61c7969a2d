"""Use the default session in 32 threads while its plugin asks for itself.

The argument is "first" (load) or "refresh". Each thread, and then the main thread once more,
reports its error.
"""

import json
import os
import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3

THREADS = 32
start = Barrier(THREADS)


def outcome(sts: Any) -> dict[str, object]:
    """Return who this program is, or what kept it from knowing."""
    try:
        client = sts or boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        return {"arn": client.get_caller_identity()["Arn"]}
    except Exception as error:  # noqa: BLE001 - the report is about all of them
        kinds = [kind.__name__ for kind in type(error).__mro__]
        causes, cause = [], error.__cause__
        while cause is not None:
            causes.append(str(cause))
            cause = cause.__cause__
        return {"arn": None, "kinds": kinds, "message": str(error), "causes": causes}


def together(sts: Any) -> dict[str, object]:
    """Wait for the others, then try."""
    start.wait()
    return outcome(sts)


def prepared() -> None:
    """Make the default session's parts, all but credentials: botocore does it unsafely."""
    boto3.setup_default_session()
    boto3.client("sts", aws_access_key_id="unused", aws_secret_access_key="unused")
    boto3.DEFAULT_SESSION._session.get_component("credential_provider")


def main() -> None:
    """Run the threads and print the report."""
    prepared()
    report: dict[str, object] = {}
    sts = None
    if sys.argv[1] == "refresh":
        sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        report["before"] = outcome(sts)
        pathlib.Path(os.environ["ASKER_EXPIRED"]).touch()
    with ThreadPoolExecutor(THREADS) as pool:
        report["threads"] = list(pool.map(together, [sts] * THREADS))
    report["next"] = [outcome(sts), outcome(None)]
    print(json.dumps(report))


main()
