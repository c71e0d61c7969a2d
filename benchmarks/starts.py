"""What a start of Python costs, and an import of boto3, with and without plugincreds."""

import platform
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environments import Environments
from benchmarks.processes import Case, in_both_units
from benchmarks.rows import Row
from tests.support.environments import checked

START = "a Python {} that never imports botocore (`python -c pass`)"
HERE = START.format(platform.python_version())
IMPORT = "`import boto3`"
WITHOUT, WITH = "without plugincreds", "with plugincreds"
SETUPTOOLS = "with setuptools' distutils-precedence.pth"
NEWEST = ("python3.14", "python3.15")
_VERSION = "import platform; print(platform.python_version())"


def rows(environments: Environments, pythons: Sequence[str], rounds: int) -> list[Row]:
    """Compare starts, in this Python and in others, and imports in this one."""
    variables = environments.variables()
    imports = {
        WITHOUT: Case(environments.python("without"), variables),
        WITH: Case(environments.python("with", "plugincreds"), variables),
    }
    found = _starts(HERE, environments, rounds)
    for python in pythons:
        found += _starts_of(python, environments, rounds)
    return found + in_both_units(IMPORT, "import boto3", imports, rounds)


def _starts_of(name: str, environments: Environments, rounds: int) -> list[Row]:
    """Return the rows of another Python, or one that says that it was not found."""
    python = shutil.which(name)
    if python is None:
        return [Row(START.format(name), f"not measured: `{name}` was not found")]
    version = checked([python, "-c", _VERSION], environments.variables()).strip()
    if START.format(version) == HERE:
        return []
    return _starts(START.format(version), environments.of(Path(python), version), rounds)


def _starts(question: str, environments: Environments, rounds: int) -> list[Row]:
    variables = environments.variables()
    cases = {
        WITHOUT: Case(environments.python("without"), variables),
        WITH: Case(environments.python("with", "plugincreds"), variables),
        SETUPTOOLS: Case(environments.python("setuptools", "setuptools"), variables),
    }
    return in_both_units(question, "pass", cases, rounds)
