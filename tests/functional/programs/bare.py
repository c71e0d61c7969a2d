"""Prints the method of its credentials and its ARN; it runs without Python's startup files.

The arguments are the folder of packages and one of

    (nothing)               print it
    write FILE              write it to a file
    retrieved TRACE NUMBER  sign again until the plugin has left so many lines in its trace
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

LONGEST = 20.0


def main(packages: str, action: str = "", file: str = "", number: str = "") -> None:
    """Sign, and report."""
    sys.path.append(packages)
    import boto3  # noqa: PLC0415 - it is found now

    session: Any = boto3.Session()
    client = session.client("sts")
    report = json.dumps([session.get_credentials().method, client.get_caller_identity()["Arn"]])
    if action == "write":
        Path(file).write_text(report, encoding="utf-8")
        return
    end = time.monotonic() + LONGEST
    while action == "retrieved" and Path(file).read_text().count("retrieved") < int(number):
        client.get_caller_identity()
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "plugincreds" not in sys.modules
    print(report)


if __name__ == "__main__":
    main(*sys.argv[1:])
