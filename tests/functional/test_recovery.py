"""A running program survives that its key is deleted and another one is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.environments import NewEnvironment
from tests.support.moto_process import MotoServer, allow
from tests.support.programs import PROGRAMS

REJECTED = "InvalidClientTokenId"


@pytest.mark.parametrize("retries", ["legacy", "standard"])
def test_sample_plugin_recovers_from_a_deleted_key(
    new_environment: NewEnvironment, server: MotoServer, tmp_path: Path, retries: str
) -> None:
    """Guards that a rewritten file is read at once, also under the backoff of a rejected key."""
    carol = server.create_identity("carol", allow("*"))
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(carol.document()))
    outcome = new_environment("plugincreds-json-file").run(
        PROGRAMS / "recover.py",
        "file",
        carol.user,
        variables={"PLUGIN_CREDS_FILE": str(keys), "AWS_RETRY_MODE": retries},
    )
    assert outcome.report == {
        "attempts": [carol.arn, REJECTED, carol.arn, carol.arn],
        "changed": True,
    }


@pytest.mark.parametrize("retries", ["legacy", "standard"])
def test_a_plugin_without_expiry_recovers_by_the_rejection_alone(
    new_environment: NewEnvironment, server: MotoServer, retries: str
) -> None:
    """Guards that a service's answer ends a value which nothing else would ever end."""
    dave = server.create_identity("dave", allow("*"))
    outcome = new_environment("beta").run(
        PROGRAMS / "recover.py",
        "environment",
        dave.user,
        variables={**dave.for_plugin("beta"), "AWS_RETRY_MODE": retries},
    )
    assert outcome.report == {
        "attempts": [dave.arn, REJECTED, dave.arn, dave.arn],
        "changed": True,
    }
