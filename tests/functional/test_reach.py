"""boto3 without plugincreds, each way to a plugin's credentials, each kind of those.

`tests/clients/test_reach.py` does the same with clients that take longer to install.
"""

from __future__ import annotations

import sys

import pytest

from tests.support.environments import ROOT, NewEnvironment, pinned
from tests.support.moto_process import Identity, MotoServer
from tests.support.reach import FAILING, FAILS, KINDS, SIGNS, WAYS, scenario_of

PROGRAM = ROOT / "tests/clients/programs/reach.py"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no exec")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_boto3_without_the_hook(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, way: str, kind: str
) -> None:
    """Guards the plugin's identity, or none, while the role of a machine is within reach."""
    scenario = scenario_of(new_environment("relay"), server, alice, kind)
    client = new_environment(*pinned("boto3", "botocore"), bare=True)
    outcome = scenario.outcome(way, kind, (client.python, "-I", PROGRAM, "boto3", ""))
    assert outcome == (FAILS if kind == FAILING else SIGNS)
