"""How many instructions a program takes: the same on a busy machine as on an idle one."""

import re
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks.environments import Environments
from benchmarks.rows import Row, in_turn
from tests.support.environments import checked

MILLION = 1e6
_COLLECTED = re.compile(r"Collected : (\d+)")
START = "a Python that never imports botocore (`python -c pass`)"
IMPORT = "`import boto3`"

Case = tuple[Path, dict[str, str]]  # an interpreter, and the variables that it finds


def can_count() -> bool:
    """Tell whether valgrind is here."""
    return shutil.which("valgrind") is not None


def instructions(python: Path, code: str, variables: dict[str, str]) -> float:
    """Run a piece of code, and return how many instructions that took, in millions."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    # The order of a set decides how often it grows.
    printed = checked([*command, str(python), "-c", code], {**variables, "PYTHONHASHSEED": "0"})
    found = _COLLECTED.search(printed)
    if found is None:
        raise RuntimeError(f"callgrind has counted nothing:\n{printed}")
    return int(found.group(1)) / MILLION


def counted(question: str, code: str, cases: Mapping[str, Case], rounds: int) -> list[Row]:
    """Compare what a piece of code takes in several environments."""
    measures = [partial(instructions, python, code, had) for python, had in cases.values()]
    found = in_turn(measures, rounds)
    return [
        Row(question, who, f"{count:.1f} million instructions", factor)
        for who, (count, factor) in zip(cases, found, strict=True)
    ]


def rows(environments: Environments, rounds: int) -> list[Row]:
    """Compare starts of Python, and imports of boto3."""
    without = environments.python("without")
    ours = environments.python("with", "plugincreds")
    theirs = environments.python("setuptools", "setuptools")
    variables = environments.variables()
    starts = {
        "without any startup file": (without, variables),
        "with plugincreds": (ours, variables),
        "with setuptools' distutils-precedence.pth": (theirs, variables),
    }
    imports = {
        "without plugincreds": (without, variables),
        "with plugincreds": (ours, variables),
    }
    return [
        *counted(START, "pass", starts, rounds),
        *counted(IMPORT, "import boto3", imports, rounds),
    ]
