"""The AWS SDK for Python, whose own chain asks plugins: the order, refreshes and failures."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import With
from tests.support.clients import write_role_over_beta
from tests.support.documents import DOCS, blocks_of
from tests.support.environments import Environment
from tests.support.moto_process import REGION, Identity, MotoServer, allow

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="the SDK wants Python 3.12")

STEPS = Path(__file__).with_name("programs") / "smithy_steps.py"
RECIPES = {
    block.notes["file"]: block.text
    for block in blocks_of(DOCS / "how-to" / "aws-sdk-for-python.md")
}
SDK = ("aws-sdk-bedrock-runtime", "aws-sdk-sts")
SIGNED = 500  # moto has no such operation, but it has checked the signature and the rights before
REFUSED = 403


@pytest.fixture
def made(environment: With) -> Environment:
    """Return an environment with the SDK and two plugins, of which `beta` is the first by name."""
    return environment("beta", "sleeper", *SDK)


@pytest.fixture
def carol(server: MotoServer) -> Identity:
    """Return an identity that may do everything."""
    return server.create_identity("carol", allow("*"))


def report(made: Environment, variables: dict[str, str], *steps: str, **arguments: str) -> Any:
    """Do these steps, and return what came of each."""
    region = {"AWS_REGION": REGION}
    given = json.dumps(arguments)
    return made.run(STEPS, given, *steps, variables={**region, **variables}).report


@pytest.mark.parametrize("asked_by", ["variable", "profile", "profile in code", "nothing"])
def test_a_plugin_signs(
    made: Environment, server: MotoServer, carol: Identity, bob: Identity, asked_by: str
) -> None:
    """Guards each way to a plugin, with other keys in reach wherever the plugin comes first."""
    made.write_config("[profile beta]\ncredential_plugin = beta\n")
    variables, arguments = {
        "variable": ({"AWS_CREDENTIAL_PLUGIN": "beta", **bob.variables()}, {}),
        "profile": ({"AWS_PROFILE": "beta"}, {}),
        "profile in code": (bob.variables(), {"profile": "beta"}),
        "nothing": ({}, {}),
    }[asked_by]
    variables |= carol.for_plugin("beta")
    found = report(made, variables, "sts", "bedrock", "sts", **arguments)
    assert found == [carol.arn, SIGNED, carol.arn]
    assert server.seen() == [(carol.access_key, name) for name in ("sts", "bedrock", "sts")]


def test_the_server_refuses_a_wrong_secret(made: Environment, carol: Identity) -> None:
    """Guards the test above: a status is no proof if the server checks nothing."""
    wrong = dataclasses.replace(carol, secret_key="wrong").for_plugin("beta")
    assert report(made, wrong, "sts", "bedrock") == [REFUSED, REFUSED]


def test_keys_in_the_environment_come_first(
    made: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards rank 4: before the profile's plugin and the automatic ones."""
    made.write_config("[profile beta]\ncredential_plugin = beta\n")
    variables = {**alice.for_plugin("beta"), **bob.variables()}
    assert report(made, variables, "sts") == [bob.arn]
    assert report(made, {**variables, "AWS_PROFILE": "beta"}, "sts") == [bob.arn]
    assert server.keys_seen() == {bob.access_key}


def test_a_role_over_a_plugin(made: Environment, server: MotoServer, bob: Identity) -> None:
    """Guards what the SDK cannot do by itself: the plugin's key assumes the role."""
    base = write_role_over_beta(made, server)
    variables = {**base.for_plugin("beta"), **bob.variables()}
    (arn,) = report(made, variables, "sts", profile="role")
    assert ":assumed-role/outer" in arn
    first, *rest = server.seen()
    assert first == (base.access_key, "sts")
    assert base.access_key not in {key for key, _ in rest}


@pytest.mark.parametrize(
    ("variables", "cause"),
    [
        ({"AWS_CREDENTIAL_PLUGIN": "beto"}, "PluginNotFoundError"),
        ({"AWS_CREDENTIAL_PLUGIN": "beta"}, "PluginProviderRetrieveError"),  # it declines
        ({"AWS_CREDENTIAL_PLUGIN": "beta", "BETA_KEY": "AK"}, "PluginProviderRetrieveError"),
        ({"BETA_KEY": "AK"}, "PluginProviderRetrieveError"),
        ({"AWS_PROFILE": "beta"}, "PluginProviderRetrieveError"),
        ({"AWS_PROFILE": "beta", "AWS_CREDENTIAL_PLUGIN": "none"}, "PluginError"),
    ],
)
def test_a_failure_never_falls_through(
    made: Environment, server: MotoServer, bob: Identity, variables: dict[str, str], cause: str
) -> None:
    """Guards against another identity, at the first request and at the second."""
    made.write_config(
        "[profile beta]\ncredential_plugin = beta\n"
        f"aws_access_key_id = {bob.access_key}\naws_secret_access_key = {bob.secret_key}\n"
    )
    first, second = report(made, variables, "sts", "sts")
    assert first[1] == second[1] == cause
    assert server.seen() == []


def test_a_decline(made: Environment, server: MotoServer) -> None:
    """Guards the SDK's own error where no plugin is configured."""
    ((text, _),) = report(made, {}, "sts")
    assert text == "No credential providers were configured to resolve an identity."
    assert server.seen() == []


def test_a_refresh(made: Environment, alice: Identity, trace: Path) -> None:
    """Guards credentials that live for two seconds: they are retrieved anew, and once for all."""
    variables = {
        **alice.for_plugin("sleeper"),
        "PLUGIN_TRACE": str(trace),
        "SLEEPER_LIFETIME": "2",
    }
    found = report(made, variables, "sts", "bedrock", "wait", "sts", "sts")
    assert found == [alice.arn, REFUSED, alice.arn, alice.arn]  # alice may not use bedrock
    assert trace.read_text().count("sleeper retrieved") == 2


def test_a_refresh_fails(made: Environment, server: MotoServer, alice: Identity) -> None:
    """Guards against stale and against other credentials when the plugin fails later."""
    variables = {**alice.for_plugin("sleeper"), "SLEEPER_LIFETIME": "2"}
    first, second = report(made, variables, "sts", "SLEEPER_KEY", "wait", "sts")
    assert first == alice.arn
    assert second[1] == "PluginProviderRetrieveError"
    assert server.keys_seen() == {alice.access_key}


def test_the_page(made: Environment, server: MotoServer, alice: Identity, trace: Path) -> None:
    """Guards what people copy: the programs of the how-to."""
    variables = {**alice.for_plugin("beta"), "PLUGIN_TRACE": str(trace)}
    for program in RECIPES.values():
        outcome = made.run(program, variables=variables)
        assert outcome.returncode == 0, outcome.stderr
        assert set(outcome.stdout.split()) == {alice.arn}
    assert server.keys_seen() == {alice.access_key}


def test_a_rejected_key(made: Environment, server: MotoServer, trace: Path) -> None:
    """Guards the how-to: the SDK itself says nothing to its chain, and `invalidate()` does."""
    gone = server.create_identity("gone")
    server.delete_key(gone)
    variables = {**gone.for_plugin("beta"), "PLUGIN_TRACE": str(trace)}
    assert report(made, variables, "sts", "sts") == [REFUSED, REFUSED]
    assert trace.read_text().count("beta retrieved") == 1  # the SDK's limit; it may get better
    outcome = made.run(RECIPES["rejected.py"], variables=variables)
    assert outcome.stdout.split() == [str(REFUSED)] * 2
    assert trace.read_text().count("beta retrieved") == 1 + 2
