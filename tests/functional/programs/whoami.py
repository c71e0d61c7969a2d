"""Ask STS who this program is, in two sessions one after the other, and report all that happened.

The optional argument holds the arguments of `boto3.session.Session` as JSON.
"""

import json
import logging
import os
import sys

import boto3

PLUGIN_MODULES = ("_creds", "plugincreds_json_file")
log: list[tuple[str, str]] = []


class Listener(logging.Handler):
    """Keeps what plugincreds logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep level and text."""
        log.append((record.levelname, self.format(record)))


def described(error: BaseException) -> dict[str, object]:
    """Return what a program can know of an error."""
    facts = {name: getattr(error, name, None) for name in ("code", "plugin", "distribution")}
    kinds = [kind.__name__ for kind in type(error).__mro__]
    return {"kinds": kinds, "message": str(error), "cause": repr(error.__cause__), **facts}


def attempt(arguments: dict[str, str]) -> dict[str, object]:
    """Return who a new session is, or why it is nobody."""
    try:
        session = boto3.session.Session(**arguments)
        sts = session.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        arn = sts.get_caller_identity()["Arn"]
    except Exception as error:  # noqa: BLE001 - the report is about all of them
        return {"arn": None, "method": None, "error": described(error)}
    return {"arn": arn, "method": session.get_credentials().method, "error": None}


def main() -> None:
    """Attempt it twice and print the report."""
    logger = logging.getLogger("plugincreds")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(Listener())
    arguments = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    attempts = [attempt(arguments), attempt(arguments)]
    imported = [name for name in sys.modules if name.endswith(PLUGIN_MODULES)]
    print(json.dumps({"attempts": attempts, "log": log, "imported": sorted(imported)}))


main()
