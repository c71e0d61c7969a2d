"""The code against an independent specification of who signs (section 4 of the design).

The situations are the same in every run. For more of them, in all clients, on all processors:

    nox -s model
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pages import ROOT
from tests.unit.model.comparison import difference, disagreements
from tests.unit.model.generator import PER_NUMBER, situations
from tests.unit.model.situations import BROKEN, Situation
from tests.unit.model.specification import outcome
from tests.unit.model.world import World

CASES = int(os.environ.get("PLUGINCREDS_MODEL_CASES", "300"))
NUMBERS = range(-(-CASES // PER_NUMBER))
CLIENTS = ("botocore", "boto3", "aiobotocore", "awscli")
PARTS = max(1, len(NUMBERS) // 400)  # of each client's numbers; several processes share them
LONGEST = 600  # seconds


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("client", CLIENTS)
def test_the_code_agrees_with_the_specification(client: str, part: int, tmp_path: Path) -> None:
    """Guards who signs, what is imported and what is skipped, in thousands of situations."""
    if importlib.util.find_spec(client) is None:
        pytest.skip(f"{client} is not installed; `nox -s model` has it")
    first = CLIENTS.index(client) + part * len(CLIENTS)
    numbers = NUMBERS[first :: len(CLIENTS) * PARTS]
    compare = in_the_aws_cli if client == "awscli" else disagreements
    found = compare(client, numbers, tmp_path)
    assert not found, "\n".join([f"{len(found)} of {len(numbers)} numbers", *found[:10]])


def in_the_aws_cli(client: str, numbers: range, folder: Path) -> list[str]:
    """Compare in a process that uses the CLI's copy of botocore."""
    program = [sys.executable, "-m", "tests.unit.model.aws_cli", str(folder), *map(str, numbers)]
    done = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert Path(report["botocore"]).parent.parent.name == client
    return list(report["disagreements"])
