"""The AWS CLI v2 as distributions ship it, an ordinary Python program, signs with plugins.

Debian's packages are the two kinds of it. That of Debian 12 has a finder of its own in place of
PathFinder, and so no metadata of any package; the newest one has left that to Python.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.aws_cli_v2 import SUITES, aws_cli_v2
from tests.support.environments import Environment, NewEnvironment, Outcome, Wheels, pinned
from tests.support.identities import SESSION, alpha, assumed, beta
from tests.support.moto_process import Identity, MotoServer, allow
from tests.support.once import Once
from tests.support.programs import PROGRAMS

PLUGINS = ("alpha", "beta", "login")
WHO = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
FAILED = {253, 255}  # the CLI's status for missing credentials, and for other errors


@pytest.fixture(params=SUITES)
def suite(request: pytest.FixtureRequest) -> str:
    """Return the kinds, one after the other."""
    return str(request.param)


@pytest.fixture
def environment(
    once: Once, wheels: Wheels, server: MotoServer, tmp_path: Path, suite: str
) -> Iterator[Environment]:
    """Return an environment with Debian's package and the plugins."""
    packages = "plugincreds", *PLUGINS, *pinned("botocore")
    made = aws_cli_v2(once, wheels, server, tmp_path / "environment", suite, *packages)
    if isinstance(made, str):
        pytest.skip(made)
    yield made
    made.assert_unchanged()


@pytest.fixture
def call(environment: Environment, server: MotoServer) -> Callable[..., Outcome]:
    """Return a function that runs the command. The old kind is told the server by an option."""
    return lambda *arguments, variables: aws(
        environment, *arguments, "--endpoint-url", server.url, variables=variables
    )


def aws(
    environment: Environment, *arguments: str | Path, variables: Mapping[str, str] | None = None
) -> Outcome:
    """Run the command as a shell does."""
    return environment.run(
        environment.script("aws"), *map(str, arguments), variables=variables, flags=()
    )


def printed(outcome: Outcome) -> str:
    """Return what the CLI prints when all is well."""
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout.strip()


@pytest.mark.parametrize("selected", ["", "alpha"])
def test_plugin_signs(
    call: Callable[..., Outcome], server: MotoServer, alice: Identity, bob: Identity, selected: str
) -> None:
    """Guards that an unmodified `aws` uses what is installed, and what is selected over keys."""
    beside = {**beta(bob), **(bob.variables() if selected else {})}
    variables = {**beside, **alpha(alice), "AWS_CREDENTIAL_PLUGIN": selected}
    assert printed(call(*WHO, variables=variables)) == alice.arn
    assert server.seen() == [(alice.access_key, "sts")]


def test_files_go_up_and_down(
    call: Callable[..., Outcome], server: MotoServer, alice: Identity, tmp_path: Path, suite: str
) -> None:
    """Guards the CLI's transfers, which have threads of their own."""
    source, copy, bucket = tmp_path / "source", tmp_path / "copy", f"s3://aws-cli-v2-{suite}"
    source.write_bytes(b"x" * 9 * 1024 * 1024)
    for command in (
        ("mb", bucket),
        ("cp", source, f"{bucket}/key", "--only-show-errors"),
        ("cp", f"{bucket}/key", copy, "--only-show-errors"),
    ):
        printed(call("s3", *command, variables=alpha(alice)))
    assert copy.read_bytes() == source.read_bytes()
    assert set(server.seen()) == {(alice.access_key, "s3")}


def test_the_cli_says_whose_credentials(environment: Environment, alice: Identity) -> None:
    """Guards the CLI's own two answers: the plugin's name, and the credentials for others."""
    shown = printed(aws(environment, "configure", "list", variables=alpha(alice)))
    rows = [line.split() for line in shown.splitlines()]
    assert any(row[0] == "access_key" and "plugin:alpha" in row for row in rows)
    # `run` looks for secrets in all that is printed; here they are meant to be there.
    with pytest.raises(AssertionError, match="printed a secret"):
        aws(environment, "configure", "export-credentials", variables=alpha(alice))


def test_profile_option_comes_before_the_variable(
    environment: Environment, call: Callable[..., Outcome], alice: Identity, bob: Identity
) -> None:
    """Guards rank 2: `--profile` is a profile given in code, AWS_PROFILE is not."""
    environment.write_config("[profile base]\ncredential_plugin = alpha\n")
    variables = {**alpha(alice), **beta(bob), "AWS_CREDENTIAL_PLUGIN": "beta"}
    assert printed(call(*WHO, "--profile", "base", variables=variables)) == alice.arn
    variables["AWS_PROFILE"] = "base"
    assert printed(call(*WHO, variables=variables)) == bob.arn


@pytest.mark.parametrize("suite", ["sid"])  # the other cannot be told STS's server
def test_role_over_a_plugin(
    environment: Environment, call: Callable[..., Outcome], server: MotoServer
) -> None:
    """Guards the role's source, in the CLI's own botocore."""
    arn = server.create_role("deploy")
    base = server.create_identity("base", allow("sts:AssumeRole", resource=arn))
    environment.write_config(
        "[profile base]\ncredential_plugin = alpha\n"
        f"[profile deploy]\nrole_arn = {arn}\nrole_session_name = {SESSION}\n"
        "source_profile = base\n"
    )
    outcome = call(*WHO, "--profile", "deploy", variables=alpha(base))
    assert printed(outcome) == assumed(arn)
    assert server.seen()[0] == (base.access_key, "sts")


@pytest.mark.parametrize(
    ("selected", "variables", "told"),
    [
        (
            "alhpa",
            {},
            "'alpha'? Set AWS_CREDENTIAL_PLUGIN=alpha (installed: alpha, beta, login)",
        ),
        ("alpha", {}, "declined"),
        ("login", {"LOGIN": "fail"}, "The login has expired. What to do: run acme login."),
    ],
    ids=["missing", "declines", "needs a person"],
)
def test_selected_plugin_without_credentials(
    call: Callable[..., Outcome],
    server: MotoServer,
    bob: Identity,
    selected: str,
    variables: dict[str, str],
    told: str,
) -> None:
    """Guards errors as the CLI prints its own; and nobody else signs."""
    given = {**bob.variables(), **variables, "AWS_CREDENTIAL_PLUGIN": selected}
    outcome = call(*WHO, variables=given)
    assert (outcome.returncode in FAILED, outcome.stdout) == (True, "")
    assert told in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert server.seen() == []


def test_none_switches_plugins_off(
    call: Callable[..., Outcome], server: MotoServer, alice: Identity, trace: Path
) -> None:
    """Guards that the CLI then says what it says without us, and imports no plugin."""
    variables = {**alpha(alice), "PLUGIN_TRACE": str(trace), "AWS_CREDENTIAL_PLUGIN": "none"}
    outcome = call(*WHO, variables=variables)
    assert outcome.returncode in FAILED
    assert "Unable to locate credentials" in outcome.stderr
    assert (trace.read_text(), server.seen()) == ("", [])


def test_classes_are_those_of_its_own_botocore(environment: Environment, alice: Identity) -> None:
    """Guards that the copy in the CLI gets its own classes, not those of the package beside it."""
    report = environment.run(PROGRAMS / "cli_classes.py", variables=alpha(alice)).report
    own = environment.site_packages / "awscli" / "botocore"
    assert report["methods"] == ["plugin:alpha", "plugin:alpha"]
    assert report["is_refreshable"] == [True, True]
    assert report["credentials"]["RefreshableCredentials"] == str(own / "credentials.py")


def test_the_doctor_of_another_environment(
    environment: Environment, new_environment: NewEnvironment, alice: Identity
) -> None:
    """Guards what it says of the command on the path: which it is, and which plugins it finds."""
    here = new_environment("login")
    variables = {"PATH": str(environment.directory / "bin"), "LOGIN": "fail", **alpha(alice)}
    outcome = here.run(
        "from plugincreds.__main__ import *", "doctor", "--json", variables=variables
    )
    found = json.loads(outcome.stdout)["aws_cli"]
    assert (found["kind"], found["python"]) == ("python", str(environment.python))
    assert found["plugins"] == ["alpha", "beta", "login"]
    assert found["version"][0] == "2"
