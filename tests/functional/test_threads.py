"""Many threads at once, and plugins that use AWS while they are asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environments import NewEnvironment
from tests.support.identities import alpha, assumed
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import PROGRAMS, whoami

REMEDY = "base_session"


@pytest.fixture
def asker(server: MotoServer, container: Identity, tmp_path: Path) -> dict[str, str]:
    """Return the variables of a plugin that asks for itself, with another identity within reach."""
    assert container.access_key
    return {
        "ASKER_EXPIRED": str(tmp_path / "expired"),
        "ASKER_ROLE": "arn:aws:iam::123456789012:role/never-assumed",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
    }


def assert_names_remedy(outcome: dict[str, object]) -> None:
    """Check that an attempt failed as it should."""
    assert outcome["arn"] is None
    assert "PluginError" in outcome["kinds"]  # type: ignore[operator]
    assert REMEDY in f"{outcome['message']} {outcome['causes']}"


def test_sixteen_threads_with_two_sessions_each(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, trace: Path
) -> None:
    """Guards concurrent first use: all sign as the plugin, which is asked once."""
    variables = {**alpha(alice), "PLUGIN_TRACE": str(trace)}
    outcome = new_environment("alpha").run(PROGRAMS / "threads.py", variables=variables)
    assert outcome.report == [[alice.arn, "plugin:alpha"]] * 32
    assert trace.read_text().splitlines() == ["alpha imported", "alpha retrieved"]
    assert server.keys_seen() == {alice.access_key}


@pytest.mark.parametrize("selected", ["", "asker"], ids=["automatic", "selected"])
def test_plugin_that_asks_for_itself_at_first(
    new_environment: NewEnvironment, server: MotoServer, asker: dict[str, str], selected: str
) -> None:
    """Guards 32 threads against recursion, deadlock and the container's identity on first load."""
    variables = {**asker, "AWS_CREDENTIAL_PLUGIN": selected}
    report = (
        new_environment("asker").run(PROGRAMS / "flights.py", "first", variables=variables).report
    )
    for outcome in [*report["threads"], *report["next"]]:
        assert_names_remedy(outcome)
    assert server.seen() == []


def test_plugin_that_hides_that_it_asked_for_itself(
    new_environment: NewEnvironment, server: MotoServer, asker: dict[str, str]
) -> None:
    """Guards against a plugin that swallows the error and declines: the container never signs."""
    environment = new_environment("swallower")
    report = environment.run(PROGRAMS / "flights.py", "first", variables=asker).report
    for outcome in [*report["threads"], *report["next"]]:
        assert outcome["arn"] is None
        assert "PluginProviderRetrieveError" in outcome["kinds"]
    assert server.seen() == []


@pytest.mark.parametrize("selected", ["", "asker"], ids=["automatic", "selected"])
def test_plugin_that_asks_for_itself_on_refresh(
    new_environment: NewEnvironment,
    server: MotoServer,
    asker: dict[str, str],
    alice: Identity,
    selected: str,
) -> None:
    """Guards 32 threads against recursion, deadlock and the container's identity on a refresh."""
    variables = {
        **asker,
        **alice.for_plugin("asker"),
        "AWS_CREDENTIAL_PLUGIN": selected,
    }
    report = (
        new_environment("asker").run(PROGRAMS / "flights.py", "refresh", variables=variables).report
    )
    assert report["before"]["arn"] == alice.arn
    for outcome in [*report["threads"], *report["next"]]:
        assert_names_remedy(outcome)
    assert server.keys_seen() == {alice.access_key}


@pytest.mark.parametrize("name", ["asker-base", "asker-context"])
def test_plugin_that_assumes_a_role_with_the_base_session(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, name: str
) -> None:
    """Guards the remedy: a plugin may call STS as whoever botocore finds without plugins."""
    role = server.create_role("target")
    variables = {**alice.variables(), "ASKER_ROLE": role, "AWS_CREDENTIAL_PLUGIN": name}
    report = whoami(new_environment("asker"), variables)
    assert (report.arn, report.method) == (assumed(role, "asker"), f"plugin:{name}")
    assert server.seen()[0] == (alice.access_key, "sts")
