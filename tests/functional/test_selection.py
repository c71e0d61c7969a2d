"""Which credentials sign, by the server's own account of it (section 4 of the design)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environments import Environment, NewEnvironment
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import whoami


@pytest.fixture
def with_profile(new_environment: NewEnvironment, bob: Identity) -> Environment:
    """Return an environment with alpha, whose profile `static` has bob's keys."""
    environment = new_environment("alpha")
    keys = f"aws_access_key_id = {bob.access_key}\naws_secret_access_key = {bob.secret_key}\n"
    environment.write_config(f"[profile static]\n{keys}")
    return environment


def alpha(identity: Identity, trace: Path) -> dict[str, str]:
    """Return the variables that give the plugin alpha these keys."""
    return {**identity.for_plugin("alpha"), "PLUGIN_TRACE": str(trace)}


def test_installed_plugin_signs_without_any_setting(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, trace: Path
) -> None:
    """Guards the main job: to install a plugin package is all that it takes."""
    report = whoami(new_environment("alpha"), alpha(alice, trace))
    assert (report.arn, report.method) == (alice.arn, "plugin:alpha")
    assert server.keys_seen() == {alice.access_key}


def test_winner_is_logged_once(
    new_environment: NewEnvironment, alice: Identity, trace: Path
) -> None:
    """Guards that the log answers "which plugin?", and does so once for any number of sessions."""
    (message,) = whoami(new_environment("alpha"), alpha(alice, trace)).logged("INFO")
    assert "alpha" in message
    assert "plugincreds-test-alpha" in message
    assert "1.0" in message


def test_only_the_selected_of_three_is_imported(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards that a selection keeps the code of all other plugins out of the program."""
    environment = new_environment("alpha", "beta", "gamma")
    variables = {
        **alpha(bob, trace),
        **alice.for_plugin("gamma"),
        "AWS_CREDENTIAL_PLUGIN": " gamma ",
    }
    report = whoami(environment, variables)
    assert (report.arn, report.method) == (alice.arn, "plugin:gamma")
    assert report.imported == ["gamma_creds"]
    assert {line.split()[0] for line in trace.read_text().splitlines()} == {"gamma"}
    assert server.keys_seen() == {alice.access_key}


def test_automatic_takes_the_first_name_that_does_not_decline(
    new_environment: NewEnvironment, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards the order of automatic plugins, and that those behind the winner stay unimported."""
    environment = new_environment("alpha", "beta", "gamma")
    variables = {
        "PLUGIN_TRACE": str(trace),
        **alice.for_plugin("beta"),
        **bob.for_plugin("gamma"),
    }
    report = whoami(environment, variables)
    assert (report.arn, report.method) == (alice.arn, "plugin:beta")
    assert report.imported == ["alpha_creds", "beta_creds"]


@pytest.mark.parametrize("none", ["none", " NONE "])
def test_none_switches_plugins_off(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, trace: Path, none: str
) -> None:
    """Guards the switch that turns everything of ours off."""
    report = whoami(
        new_environment("alpha"), {**alpha(alice, trace), "AWS_CREDENTIAL_PLUGIN": none}
    )
    assert report.error["kinds"][0] == "NoCredentialsError"
    assert report.imported == []
    assert server.keys_seen() == set()


def test_keys_in_code_come_before_a_selected_plugin(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards rank 1: keys passed in code sign, and the plugin is not even imported."""
    variables = {**alpha(alice, trace), "AWS_CREDENTIAL_PLUGIN": "alpha"}
    keys = {"aws_access_key_id": bob.access_key, "aws_secret_access_key": bob.secret_key}
    report = whoami(new_environment("alpha"), variables, **keys)
    assert (report.arn, report.imported) == (bob.arn, [])
    assert server.keys_seen() == {bob.access_key}


def test_profile_in_code_comes_before_a_selected_plugin(
    with_profile: Environment, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards rank 2: a profile named in code decides, and the plugin is not even imported."""
    variables = {**alpha(alice, trace), "AWS_CREDENTIAL_PLUGIN": "alpha"}
    report = whoami(with_profile, variables, profile_name="static")
    assert (report.arn, report.imported) == (bob.arn, [])


def test_profile_in_the_environment_yields_to_a_selected_plugin_only(
    with_profile: Environment, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards ranks 3, 5b and 6: selected plugin, then static keys, then automatic plugin."""
    variables = {**alpha(alice, trace), "AWS_PROFILE": "static"}
    automatic = whoami(with_profile, variables)
    assert (automatic.arn, automatic.imported) == (bob.arn, [])
    assert whoami(with_profile, {**variables, "AWS_CREDENTIAL_PLUGIN": "alpha"}).arn == alice.arn


@pytest.mark.parametrize("selected", ["", "alpha"])
def test_environment_keys_lie_between_selected_and_automatic(
    new_environment: NewEnvironment, alice: Identity, bob: Identity, trace: Path, selected: str
) -> None:
    """Guards ranks 3, 4 and 6: environment keys yield to a selected plugin and to no other."""
    variables = {**alpha(alice, trace), **bob.variables(), "AWS_CREDENTIAL_PLUGIN": selected}
    report = whoami(new_environment("alpha"), variables)
    assert report.arn == (alice.arn if selected else bob.arn)
    assert report.imported == (["alpha_creds"] if selected else [])


def test_automatic_plugin_comes_before_the_container(
    new_environment: NewEnvironment,
    server: MotoServer,
    alice: Identity,
    container: Identity,
    trace: Path,
) -> None:
    """Guards ranks 6 and 7: the container's role signs only when every plugin has declined."""
    environment = new_environment("alpha")
    offered = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
    assert whoami(environment, {**alpha(alice, trace), **offered}).arn == alice.arn
    assert server.keys_seen() == {alice.access_key}
    declined = whoami(environment, offered)
    assert (declined.arn, declined.method) == (container.arn, "container-role")
    assert declined.logged("WARNING") == []


@pytest.mark.parametrize(
    ("selected", "kind"),
    [("alpha", "PluginProviderRetrieveError"), ("alhpa", "PluginNotFoundError")],
)
@pytest.mark.usefixtures("container")
def test_selected_plugin_never_falls_through(
    new_environment: NewEnvironment,
    server: MotoServer,
    bob: Identity,
    selected: str,
    kind: str,
) -> None:
    """Guards that nobody else signs where the selected plugin declines or is missing."""
    variables = {
        **bob.variables(),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
        "AWS_CREDENTIAL_PLUGIN": selected,
    }
    error = whoami(new_environment("alpha"), variables).error
    assert {kind, "PluginError", "BotoCoreError"} <= set(error["kinds"])
    assert (error["plugin"], error["code"]) == (selected, kind)
    assert "alpha" in error["message"]
    assert server.seen() == []
