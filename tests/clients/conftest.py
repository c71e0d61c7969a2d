"""What the tests of clients share with the functional tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.functional.conftest import _forgetful
from tests.support.clients import new_bucket, others_in_reach
from tests.support.environments import Environment, NewEnvironment
from tests.support.moto_process import Identity, MotoServer

__all__ = ["_forgetful"]

With: TypeAlias = Callable[..., Environment]  # the fixture `environment`


@pytest.fixture
def environment(new_environment: NewEnvironment) -> With:
    """Return a function that gives an environment with plugincreds and these packages.

    It is not pinned to the botocore that runs the tests: each program gets the versions that it
    asks for.
    """
    return lambda *packages: new_environment("plugincreds", *packages, bare=True)


@pytest.fixture
def bucket(server: MotoServer) -> str:
    """Return the name of a new bucket."""
    return new_bucket(server)


@pytest.fixture(params=["automatic", "selected"])
def alpha(
    request: pytest.FixtureRequest,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    container: Identity,
    trace: Path,
) -> dict[str, str]:
    """Return variables with which the plugin alpha signs as alice, though others are in reach."""
    assert container.access_key
    selected = {"selected": {"AWS_CREDENTIAL_PLUGIN": "alpha"}}.get(request.param, {})
    keys = alice.for_plugin("alpha")
    others = others_in_reach(server, bob)[request.param]
    return {**others, **selected, **keys, "PLUGIN_TRACE": str(trace)}
