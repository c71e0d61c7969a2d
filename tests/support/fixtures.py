"""Fixtures for tests that use a server, wheels or environments; the root's conftest loads them."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.environments import (
    Environment,
    NewEnvironment,
    Wheels,
    pinned,
    shared_environment,
    without_aws,
)
from tests.support.moto_process import Identity, MotoServer
from tests.support.once import Once

SHARED = "shared"  # the folder of what all processes of a run use


def pytest_configure() -> None:
    """Let the programs of the tests be interrupted.

    A shell that runs the tests in the background starts them with SIGINT ignored, and programs
    that they start would inherit that: a program that interrupts itself would go on.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)  # after pytest-xdist has ended its workers
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Delete what the processes of this run shared: environments are large."""
    folder = session.config._tmp_path_factory._basetemp  # type: ignore[attr-defined]
    if folder is not None and not _is_worker(session.config):
        shutil.rmtree(folder / SHARED, ignore_errors=True)


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


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this test run share."""
    folder = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each worker a folder inside that of the run.
    return (folder.parent if _is_worker(pytestconfig) else folder) / SHARED


@pytest.fixture(scope="session")
def once(run_folder: Path) -> Once:
    """Make environments once, also where pytest-xdist runs several processes."""
    return Once(run_folder)


@pytest.fixture(scope="session")
def wheels(run_folder: Path) -> Wheels:
    """Build each wheel once."""
    return Wheels(run_folder)


@pytest.fixture
def new_environment(
    tmp_path: Path, once: Once, wheels: Wheels, server: MotoServer
) -> Iterator[NewEnvironment]:
    """Return a function that gives an environment with these packages and a fresh home directory.

    Unless `bare`, there are plugincreds and the tests' own boto3 in it as well. Tests with the
    same packages share one. A test that changes what is installed needs its `own`.
    """
    with ExitStack() as stack:
        numbers = itertools.count()

        def make(
            *packages: str, bare: bool = False, pip: bool = False, own: bool = False
        ) -> Environment:
            wanted = packages if bare else (*pinned("boto3", "botocore"), "plugincreds", *packages)
            folder = tmp_path / f"environment-{next(numbers)}"
            if own:
                made = Environment(folder, wheels, server)
                made.create(pip=pip)
                stack.callback(made.remove)
                made.install(*wanted)
            else:
                made = shared_environment(once, wheels, server, folder, *wanted, pip=pip)
                stack.callback(made.assert_unchanged)
            return made

        yield make


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


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
