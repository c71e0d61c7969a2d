"""What the functional tests share: one server, one set of wheels, an environment per scenario."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environments import Environment, NewEnvironment, Wheels, pinned, without_aws
from tests.support.moto_process import Identity, MotoServer


@pytest.fixture(scope="session")
def server() -> Iterator[MotoServer]:
    """Run one server for all tests; the developer's own AWS settings don't reach it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - without_aws(os.environ).keys():
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("NO_PROXY", "127.0.0.1")
        with MotoServer() as running:
            yield running


@pytest.fixture(autouse=True)
def _forgetful(server: MotoServer) -> None:
    server.forget()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """Build each wheel once."""
    return Wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def new_environment(tmp_path: Path, wheels: Wheels, server: MotoServer) -> Iterator[NewEnvironment]:
    """Return a function that makes an environment with boto3 and, unless `bare`, plugincreds."""
    made: list[Environment] = []

    def make(*packages: str, bare: bool = False, pip: bool = False) -> Environment:
        environment = Environment(tmp_path / f"environment-{len(made)}", wheels, server)
        made.append(environment)
        environment.create(pip=pip)
        ours = () if bare else ("plugincreds",)
        environment.install(*pinned("boto3", "botocore"), *ours, *packages)
        return environment

    yield make
    for environment in made:
        environment.remove()


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Return the file in which the fixture plugins leave a line for each event."""
    path = tmp_path / "trace"
    path.touch()
    return path


@pytest.fixture(scope="session")
def alice(server: MotoServer) -> Identity:
    """Return the identity that most scenarios give to their plugin."""
    return server.create_identity("alice")


@pytest.fixture(scope="session")
def bob(server: MotoServer) -> Identity:
    """Return the identity that stands for what botocore would have used without us."""
    return server.create_identity("bob")


@pytest.fixture(scope="session")
def container(server: MotoServer) -> Identity:
    """Return the role that a container would have; it is offered at `server.container_url`."""
    identity = server.assume(server.create_role("container"), "task")
    server.offer_in_container(identity)
    return identity
