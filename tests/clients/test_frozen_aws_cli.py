"""The AWS CLI v2 of AWS's own installer, frozen as AWS does it, signs with plugins by two lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.environments import Environment, NewEnvironment, Outcome, pinned, run_uv
from tests.support.frozen import UnavailableError, frozen_aws_cli
from tests.support.identities import alpha, beta
from tests.support.moto_process import Identity, MotoServer

PLUGINS = ("alpha", "beta", "login")
WHO = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
FAILED = {253, 255}  # the CLI's status for missing credentials, and for other errors
RUN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
COMMAND = "import sys; from plugincreds._cli import script; sys.exit(script())"
# In the Python of the tests, but not in that of the AWS CLI.
MISSING = ("wsgiref.simple_server", "imaplib", "shelve", "timeit", "plistlib", "doctest")


@pytest.fixture(scope="module")
def program() -> Path:
    """Return the program."""
    try:
        return frozen_aws_cli()
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def environment(new_environment: NewEnvironment, program: Path) -> Environment:
    """Return an environment of a user who has just run `plugincreds cli-config --write`."""
    made = new_environment(*PLUGINS)
    made.write_config("[profile base]\ncredential_plugin = alpha\n")
    written = cli_config(made, program, "--write")
    assert (written.returncode, written.stderr.splitlines()[0].rpartition(" finds: ")[2]) == (
        0,
        "alpha, beta, login.",
    )
    return made


def cli_config(environment: Environment, program: Path, *options: str) -> Outcome:
    """Run the command with the program on the path."""
    return environment.run(COMMAND, "cli-config", *options, variables=on_path(program))


def on_path(program: Path) -> dict[str, str]:
    """Return the variable with which a shell finds the program."""
    return {"PATH": f"{program.parent}:/usr/bin:/bin"}


def aws(
    environment: Environment,
    program: Path,
    *arguments: str,
    variables: Mapping[str, str],
) -> Outcome:
    """Run the program itself."""
    return environment.run(RUN, str(program), *arguments, variables=variables)


def printed(outcome: Outcome) -> str:
    """Return what the CLI prints when all is well."""
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout.strip()


@pytest.mark.parametrize("selected", ["", "alpha"])
def test_plugin_signs(
    environment: Environment,
    program: Path,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    selected: str,
) -> None:
    """Guards what is installed, and what is selected over keys."""
    beside = {**beta(bob), **(bob.variables() if selected else {})}
    variables = {**beside, **alpha(alice), "AWS_CREDENTIAL_PLUGIN": selected}
    server.forget()
    assert printed(aws(environment, program, *WHO, variables=variables)) == alice.arn
    assert server.seen() == [(alice.access_key, "sts")]


def test_a_profile_selects(
    environment: Environment, program: Path, alice: Identity, bob: Identity
) -> None:
    """Guards `--profile`, which comes before the variable."""
    variables = {**alpha(alice), **beta(bob), "AWS_CREDENTIAL_PLUGIN": "beta"}
    outcome = aws(environment, program, *WHO, "--profile", "base", variables=variables)
    assert printed(outcome) == alice.arn


def test_without_the_lines(
    environment: Environment, program: Path, server: MotoServer, alice: Identity
) -> None:
    """Guards these tests: without lines the program does not know the plugin."""
    environment.write_config("[default]\n")
    server.forget()
    outcome = aws(environment, program, *WHO, variables=alpha(alice))
    assert "Unable to locate credentials" in outcome.stderr
    assert server.seen() == []


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
    environment: Environment,
    program: Path,
    server: MotoServer,
    bob: Identity,
    selected: str,
    variables: dict[str, str],
    told: str,
) -> None:
    """Guards that no other credentials are used."""
    given = {**bob.variables(), **variables, "AWS_CREDENTIAL_PLUGIN": selected}
    server.forget()
    outcome = aws(environment, program, *WHO, variables=given)
    assert (outcome.returncode in FAILED, outcome.stdout, server.seen()) == (True, "", [])
    assert told in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_commands_without_a_request(
    environment: Environment, program: Path, alice: Identity
) -> None:
    """Guards `configure list`, which names the plugin, and `s3 presign`, which signs here."""
    shown = printed(aws(environment, program, "configure", "list", variables=alpha(alice)))
    rows = [line.split() for line in shown.splitlines()]
    assert any(row[0] == "access_key" and "plugin:alpha" in row for row in rows)
    url = printed(aws(environment, program, "s3", "presign", "s3://b/k", variables=alpha(alice)))
    assert alice.access_key in url


def test_the_doctor_knows_the_lines(
    environment: Environment, program: Path, alice: Identity
) -> None:
    """Guards that it tells without starting the program what that finds."""
    variables = {**alpha(alice), **on_path(program)}
    outcome = environment.run(COMMAND, "doctor", "--json", variables=variables)
    found = json.loads(outcome.stdout)["aws_cli"]
    assert (found["kind"], found["plugins"]) == ("frozen", ["alpha", "beta", "login"])
    assert found["folders"] == [str(environment.site_packages)]


def test_a_folder_of_its_own(
    new_environment: NewEnvironment, program: Path, tmp_path: Path, alice: Identity
) -> None:
    """Guards `pip install --target`, where no startup file runs: the line is enough."""
    home, target = new_environment(bare=True), tmp_path / "target"
    wheels = [home.wheel(name) for name in ("plugincreds", "alpha")]
    python = ("--python", home.python)
    run_uv("pip", "install", *python, "--target", target, *pinned("botocore"), *wheels)
    code = f"import sys; sys.path.insert(0, {str(target)!r}); {COMMAND}"
    outcome = home.run(code, "cli-config", "--write", variables=on_path(program))
    assert f"cli_legacy_plugin_path = {target}\n" in outcome.stdout
    assert printed(aws(home, program, *WHO, variables=alpha(alice))) == alice.arn


def add_plugin(environment: Environment, source: str) -> None:
    """Put a plugin into an environment."""
    site = environment.site_packages
    (site / "more_creds.py").write_text(dedent(source), encoding="utf-8")
    (site / "more_creds-1.dist-info").mkdir()
    (site / "more_creds-1.dist-info" / "METADATA").write_text("Name: more-creds\nVersion: 1\n")
    (site / "more_creds-1.dist-info" / "entry_points.txt").write_text(
        "[aws_sdk.credential_plugins]\nmore = more_creds:get_provider\n"
    )


@pytest.mark.parametrize("module", MISSING)
def test_a_plugin_needs_more_of_the_standard_library(
    new_environment: NewEnvironment, program: Path, module: str
) -> None:
    """Guards that the missing module is named, and the lines are not written."""
    environment = new_environment("plugincreds", own=True)
    add_plugin(environment, f"import {module}\ndef get_provider(): ...\n")
    environment.write_config("# mine\n")
    outcome = cli_config(environment, program, "--write")
    assert outcome.returncode == 1
    named = module.partition(".")[0]
    assert f"Python's own module {named} is not among those in {program}" in outcome.stderr
    assert (environment.home / ".aws" / "config").read_text() == "# mine\n"


def test_compiled_dependencies(
    new_environment: NewEnvironment, program: Path, alice: Identity
) -> None:
    """Guards a compiled module of the same Python, and what is said of one for another."""
    environment = new_environment("plugincreds", *pinned("wrapt"), own=True)
    add_plugin(
        environment,
        """
        import os
        import wrapt._wrappers
        def get_provider():
            keys = os.environ["ALPHA_KEY"], os.environ["ALPHA_SECRET"]
            return wrapt._wrappers.CallableObjectProxy(lambda: keys), lambda: False
        """,
    )
    assert cli_config(environment, program, "--write").returncode == 0
    variables = {**alpha(alice), "AWS_CREDENTIAL_PLUGIN": "more"}
    assert printed(aws(environment, program, *WHO, variables=variables)) == alice.arn
    (compiled,) = (environment.site_packages / "wrapt").glob("_wrappers*.so")
    compiled.rename(compiled.with_name("_wrappers.cpython-399-x86_64-linux-gnu.so"))
    outcome = cli_config(environment, program)
    assert outcome.returncode == 1
    assert "The credential plugin 'more' of more-creds 1 cannot be loaded" in outcome.stderr


def test_the_environment_is_gone(environment: Environment, program: Path) -> None:
    """Guards the sentence in the documentation: with such lines, every command fails."""
    config = environment.home / ".aws" / "config"
    text = config.read_text().replace(str(environment.site_packages), "/nonexistent")
    config.write_text(text)
    outcome = aws(environment, program, "configure", "list", variables={})
    assert outcome.returncode != 0
    assert "No module named 'plugincreds_startup'" in outcome.stderr
    told = environment.run(COMMAND, "doctor", variables=on_path(program)).stdout
    assert f"All commands of {program} fail" in " ".join(told.split())
