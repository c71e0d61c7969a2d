"""How many instructions a program takes: the same on a busy machine as on an idle one."""

import re
import shutil
import tempfile
from pathlib import Path

from tests.support.environments import checked

MILLION = 1e6
_COLLECTED = re.compile(r"Collected : (\d+)")


def can_count() -> bool:
    """Tell whether valgrind is here."""
    return shutil.which("valgrind") is not None


def instructions(python: Path, code: str, variables: dict[str, str]) -> float:
    """Run a piece of code; return the millions of instructions of it and of what it starts."""
    with tempfile.TemporaryDirectory() as logs:
        # A file for each process: botocore keeps what a `credential_process` says on stderr.
        options = [
            "--callgrind-out-file=/dev/null",
            "--trace-children=yes",
            f"--log-file={logs}/%p",
        ]
        command = ["valgrind", "--tool=callgrind", *options, str(python), "-c", code]
        # The order of a set decides how often it grows.
        checked(command, {**variables, "PYTHONHASHSEED": "0"})
        printed = "".join(log.read_text() for log in Path(logs).iterdir())
    found = [int(count) for count in _COLLECTED.findall(printed)]
    if not found:
        raise RuntimeError(f"callgrind has counted nothing:\n{printed}")
    return sum(found) / MILLION
