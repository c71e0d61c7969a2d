"""Each functional test sees the requests of its own only."""

import pytest

from tests.support.moto_process import MotoServer


@pytest.fixture(autouse=True)
def _forgetful(server: MotoServer) -> None:
    server.forget()
