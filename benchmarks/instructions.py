"""How many instructions a program takes: the same on a busy machine as on an idle one."""

import re
import shutil
from pathlib import Path

from tests.support.environments import checked

MILLION = 1e6
_COLLECTED = re.compile(r"Collected : (\d+)")


def can_count() -> bool:
    """Tell whether valgrind is here."""
    return shutil.which("valgrind") is not None


def instructions(python: Path, code: str, variables: dict[str, str]) -> float:
    """Run a piece of code; return the millions of instructions of it and of what it starts."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command.append("--trace-children=yes")
    # The order of a set decides how often it grows.
    printed = checked([*command, str(python), "-c", code], {**variables, "PYTHONHASHSEED": "0"})
    found = [int(count) for count in _COLLECTED.findall(printed)]
    if not found:
        raise RuntimeError(f"callgrind has counted nothing:\n{printed}")
    return sum(found) / MILLION
