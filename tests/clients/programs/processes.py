"""Sign in a parent, then in four children, each with a session it has and one of its own.

The argument is how `multiprocessing` starts them.
"""

import json
import multiprocessing
import os
import sys
from typing import Any

import boto3

CHILDREN = 4
session = boto3.session.Session()


def who(number: int) -> dict[str, Any]:
    """Return the process, and who it is in the module's session and in a new one."""
    sessions = [session, boto3.session.Session()]
    arns = [each.client("sts").get_caller_identity()["Arn"] for each in sessions]
    return {"number": number, "pid": os.getpid(), "arns": arns}


def child(number: int, queue: Any) -> None:
    """Put into the queue who this process is."""
    queue.put(who(number))


def main() -> None:
    """Run all and print the report."""
    context: Any = multiprocessing.get_context(sys.argv[1])
    report = [who(0)]
    queue: Any = context.Queue()
    children = [
        context.Process(target=child, args=(number, queue)) for number in range(1, CHILDREN + 1)
    ]
    for each in children:
        each.start()
    report += [queue.get(timeout=60) for _ in children]
    for each in children:
        each.join(60)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
