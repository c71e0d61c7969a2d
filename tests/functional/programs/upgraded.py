"""Signs, waits for a line on stdin while plugincreds is upgraded, and signs again.

The arguments are what it does before and after: `nothing`, or to sign with `keys` in the
environment or a `plugin`; and to sign with the `same` client, one of a `new` session, or of a
`profile`.
"""

import json
import os
import sys
from typing import Any


def client(profile: str | None = None) -> Any:
    """Return a client of a new session."""
    import boto3  # noqa: PLC0415 - not before the upgrade, if nothing is to be imported

    return boto3.Session(profile_name=profile).client("sts")


def arn(signer: Any) -> str:
    """Return the identity, or the error's text."""
    try:
        return str(signer().get_caller_identity()["Arn"])
    except Exception as error:  # noqa: BLE001 - it is reported
        return f"{type(error).__name__}: {error}"


def main(before: str, after: str) -> None:
    """Report both."""
    report = []
    if before != "nothing":
        signer = client()
        report.append(arn(lambda: signer))
    if before == "keys":
        del os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    print("ready", flush=True)
    sys.stdin.readline()
    new = {"same": lambda: signer, "new": client, "profile": lambda: client("asks")}[after]
    report.append(arn(new))
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
