"""The code against an independent specification of who signs (section 4 of the design).

The situations are the same in every run. For thousands of them, also in the AWS CLI:

    nox -s model
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.pages import ROOT
from tests.unit.model import comparison
from tests.unit.model.generator import PER_NUMBER, situations
from tests.unit.model.plugins import BROKEN, DECLINING, FAILING, SIGNING
from tests.unit.model.situations import Situation
from tests.unit.model.specification import outcome

SAMPLE = 300
CASES = int(os.environ.get("PLUGINCREDS_MODEL_CASES", SAMPLE))
NUMBERS = range(-(-CASES // PER_NUMBER))
CLIENTS = ("botocore", "boto3", "aiobotocore", "awscli")
PARTS = 1 + len(NUMBERS) // 500  # of the numbers of each client, for several processes
LONGEST = 600  # seconds
MOST_SHOWN = 10
RANKS = {"code", "plugin", "environment", "role", "web", "credentials", "process", "config"}
RANKS |= {"container"}
ERRORS = {"PluginError", "PluginNotFoundError", "PluginProviderRetrieveError", *BROKEN.values()}
ERRORS |= {"CredentialRetrievalError", "InfiniteLoopConfigError", "InvalidConfigError"}
ERRORS |= {"PartialCredentialsError", "ProfileNotFound"}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("client", CLIENTS)
def test_the_code_agrees_with_the_specification(client: str, part: int, tmp_path: Path) -> None:
    """Guards who signs, which plugins are imported and which are skipped with a warning."""
    if importlib.util.find_spec(client) is None:
        pytest.skip(f"{client} is not installed: run nox -s model")
    numbers = NUMBERS[CLIENTS.index(client) + part * len(CLIENTS) :: len(CLIENTS) * PARTS]
    compare = in_the_aws_cli if client == "awscli" else comparison.disagreements
    found = compare(client, numbers, tmp_path)
    assert not found, "\n".join([f"{len(found)} numbers:", *found[:MOST_SHOWN]])


def in_the_aws_cli(client: str, numbers: range, folder: Path) -> list[str]:
    """Compare in a process in which `botocore` is the AWS CLI's copy."""
    program = [sys.executable, "-m", "tests.unit.model.aws_cli", str(folder), *map(str, numbers)]
    done = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert Path(report["botocore"]).parent.parent.name == client
    return list(report["disagreements"])


def test_the_sample_is_of_all_sorts() -> None:
    """Guards the test above: each rank decides somewhere, and each error is raised."""
    some = [here for number in range(SAMPLE // PER_NUMBER) for here in situations(number)]
    found = {re.split("[-@<:]", outcome(here).who)[0] for here in some}
    assert found == {*RANKS, *ERRORS, "nobody"}
    kinds = {kind for here in some for several in here.installed.values() for kind in several}
    assert kinds == {*SIGNING, *DECLINING, *FAILING, *BROKEN}


def test_a_disagreement_is_reported_as_a_small_situation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that a disagreement is found, and that its report has nothing that does not matter."""

    def without_rank_4(here: Situation) -> object:
        return outcome(replace(here, environment_keys=False))

    monkeypatch.setattr(comparison, "outcome", without_rank_4)
    found = comparison.disagreements("botocore", range(8), tmp_path)
    assert found
    assert all(f"in {Situation(environment_keys=True)}" in text for text in found)
