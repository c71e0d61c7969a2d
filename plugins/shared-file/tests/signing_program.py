"""Sign with boto3 and with s3fs until both have a new identity; print what happened, as JSON.

The argument is a bucket. Each turn is the ARN that STS answers, or the error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time

import boto3
import fsspec

LONGEST = 30.0  # seconds


class Listener(logging.Handler):
    """Keeps the warnings of plugincreds."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        warnings.append(self.format(record))


warnings: list[str] = []
logging.getLogger("plugincreds").addHandler(Listener(logging.WARNING))
sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
files = fsspec.filesystem("s3")
turns: list[str] = []
until = time.monotonic() + LONGEST
print("ready", flush=True)
while len(set(turns)) < 2 and time.monotonic() < until:
    files.pipe_file(f"{sys.argv[1]}/greeting", b"hello")
    try:
        turns.append(sts.get_caller_identity()["Arn"])
    except Exception as error:  # noqa: BLE001 - the test compares what it was
        turns.append(str(error))
    time.sleep(0.05)
files.pipe_file(f"{sys.argv[1]}/greeting", b"hello")
print(json.dumps({"turns": turns, "warnings": warnings}))
