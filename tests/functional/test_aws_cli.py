"""The AWS CLI v1 as it comes from PyPI, with its own copy of botocore, signs with plugins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.environments import Environment, NewEnvironment, Outcome
from tests.support.identities import SESSION, alpha, assumed, beta
from tests.support.moto_process import Identity, MotoServer, allow
from tests.support.programs import PROGRAMS, whoami

CLI = "awscli>=1.46"  # botocore is a part of it; older ones depend on the package
PLUGINS = ("alpha", "asker", "beta", "delta", "federating", "login")
MIB = 1024 * 1024
WHO = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
ERROR = 255  # the CLI's status for whatever its commands raise
INTERRUPTED = 130


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here, in which PyPI's botocore lies beside the CLI's."""
    return new_environment(CLI, *PLUGINS)


def aws(
    environment: Environment, *arguments: str | Path, variables: Mapping[str, str] | None = None
) -> Outcome:
    """Run the script that pip has installed."""
    program = environment.directory / "bin" / "aws"
    return environment.run(program, *map(str, arguments), variables=variables, flags=())


def printed(
    environment: Environment, *arguments: str | Path, variables: Mapping[str, str] | None = None
) -> str:
    """Return what the CLI prints when all is well."""
    outcome = aws(environment, *arguments, variables=variables)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    return outcome.stdout.strip()


def refused(
    environment: Environment, *arguments: str | Path, variables: Mapping[str, str] | None = None
) -> str:
    """Return the one line that the CLI prints of an error."""
    outcome = aws(environment, *arguments, variables=variables)
    assert (outcome.returncode, outcome.stdout) == (ERROR, "")
    (line,) = outcome.stderr.strip().splitlines()
    return line


def write_role(environment: Environment, arn: str, source: str) -> None:
    """Write a profile `base` with the plugin alpha, and `deploy` with a role."""
    environment.write_config(
        "[profile base]\ncredential_plugin = alpha\n"
        f"[profile deploy]\nrole_arn = {arn}\nrole_session_name = {SESSION}\n{source}\n"
    )


# Who signs


@pytest.mark.parametrize("selected", ["", "alpha"])
def test_plugin_signs(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity, selected: str
) -> None:
    """Guards that an unmodified `aws` uses what is installed, and what is selected over keys."""
    variables = {**alpha(alice), "AWS_CREDENTIAL_PLUGIN": selected}
    beside = {**beta(bob), **(bob.variables() if selected else {})}
    assert printed(environment, *WHO, variables={**beside, **variables}) == alice.arn
    assert server.seen() == [(alice.access_key, "sts")]


def test_files_go_up_and_down_in_parts(
    environment: Environment, server: MotoServer, alice: Identity, tmp_path: Path, trace: Path
) -> None:
    """Guards the CLI's transfer threads: all of them sign with what the plugin gave once."""
    variables = {**alpha(alice), "PLUGIN_TRACE": str(trace)}
    source, copy, bucket = tmp_path / "source", tmp_path / "copy", "s3://aws-cli-bucket"
    source.write_bytes(bytes(range(256)) * (17 * MIB // 256))
    commands = [
        ("mb", bucket),
        ("cp", source, f"{bucket}/key", "--only-show-errors"),
        ("ls", bucket),
        ("cp", f"{bucket}/key", copy, "--only-show-errors"),
    ]
    answers = [printed(environment, "s3", *command, variables=variables) for command in commands]
    assert answers[2].endswith(f" {17 * MIB} key")
    assert copy.read_bytes() == source.read_bytes()
    assert set(server.seen()) == {(alice.access_key, "s3")}
    # Five for the parts up, four for those down, one for each of the rest.
    assert len(server.seen()) >= 11
    assert trace.read_text().splitlines() == ["alpha imported", "alpha retrieved"] * len(commands)


def test_configure_list_names_the_plugin(environment: Environment, alice: Identity) -> None:
    """Guards the CLI's own answer to "which credentials?": the plugin's name, the key masked."""
    lines = printed(environment, "configure", "list", variables=alpha(alice)).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["access_key"] == ["*" * 16 + alice.access_key[-4:], "plugin:alpha"]
    assert rows["secret_key"] == ["*" * 16 + alice.secret_key[-4:], "plugin:alpha"]


def test_profile_option_comes_before_the_variable(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards rank 2: `--profile` is a profile given in code, AWS_PROFILE is not."""
    environment.write_config("[profile base]\ncredential_plugin = alpha\n")
    variables = {**alpha(alice), **beta(bob), "AWS_CREDENTIAL_PLUGIN": "beta"}
    assert printed(environment, *WHO, "--profile", "base", variables=variables) == alice.arn
    variables["AWS_PROFILE"] = "base"
    assert printed(environment, *WHO, variables=variables) == bob.arn
    assert server.seen() == [(alice.access_key, "sts"), (bob.access_key, "sts")]


def test_profile_with_keys_beside_its_plugin(
    environment: Environment, alice: Identity, bob: Identity
) -> None:
    """Guards that the warning about them is one line on standard error, and nothing more."""
    keys = f"aws_access_key_id = {bob.access_key}\naws_secret_access_key = {bob.secret_key}\n"
    environment.write_config(f"[profile base]\ncredential_plugin = alpha\n{keys}")
    outcome = aws(environment, *WHO, "--profile", "base", variables=alpha(alice))
    assert (outcome.returncode, outcome.stdout.strip()) == (0, alice.arn)
    (warning,) = outcome.stderr.splitlines()
    assert "aws_access_key_id" in warning


def test_profile_that_the_cli_itself_has_written(
    environment: Environment, alice: Identity, trace: Path
) -> None:
    """Guards `aws configure set` as the way to a profile's plugin, with nested options."""
    for setting in (
        ("credential_plugin", "delta"),
        ("credential_plugin_options.prefix", "ONE"),
    ):
        printed(environment, "configure", "set", *setting, "--profile", "base")
    variables = {**alice.for_plugin("one"), "PLUGIN_TRACE": str(trace)}
    assert printed(environment, *WHO, "--profile", "base", variables=variables) == alice.arn
    assert trace.read_text().splitlines() == ["delta imported", "delta retrieved ONE"]


# Roles


def test_role_over_a_plugin_is_cached_in_a_file(
    environment: Environment, server: MotoServer
) -> None:
    """Guards the CLI's cache: the role's keys are in it, never the plugin's, and `none` holds."""
    arn = server.create_role("deploy")
    base = server.create_identity("base", allow("sts:AssumeRole", resource=arn))
    write_role(environment, arn, "source_profile = base")
    for _ in range(2):
        answer = printed(environment, *WHO, "--profile", "deploy", variables=alpha(base))
        assert answer == assumed(arn)
    (file,) = (environment.home / ".aws/cli/cache").iterdir()
    keys = json.loads(file.read_text())["Credentials"]
    assert file.stat().st_mode & 0o077 == 0
    assert base.access_key not in file.read_text()
    assert base.secret_key not in file.read_text()
    key = keys["AccessKeyId"]
    # The second command assumes nothing.
    assert server.seen() == [(base.access_key, "sts"), (key, "sts"), (key, "sts")]
    server.forget()
    off = {**alpha(base), "AWS_CREDENTIAL_PLUGIN": "none"}
    assert "switched off" in refused(environment, *WHO, "--profile", "deploy", variables=off)
    assert server.seen() == []


def test_role_whose_source_is_a_plugin(
    environment: Environment, server: MotoServer, bob: Identity
) -> None:
    """Guards `credential_source = CustomPlugin`: the variable's plugin, although it is skipped."""
    arn = server.create_role("deploy")
    base = server.create_identity("base", allow("sts:AssumeRole", resource=arn))
    write_role(environment, arn, "credential_source = CustomPlugin")
    variables = {**alpha(bob), **beta(base), "AWS_CREDENTIAL_PLUGIN": "beta"}
    answer = printed(environment, *WHO, "--profile", "deploy", variables=variables)
    assert answer == assumed(arn)
    assert server.seen()[0] == (base.access_key, "sts")
    assert bob.access_key not in server.keys_seen()


@pytest.mark.parametrize("source", ["credential_source = CustomPlugin", "source_profile = base"])
def test_another_plugin_does_not_get_the_role_that_is_cached(
    environment: Environment, server: MotoServer, source: str
) -> None:
    """Guards whose credentials assume it: each plugin's own, once, in whatever order they come."""
    arn = server.create_role("deploy")
    may = allow("sts:AssumeRole", resource=arn)
    people = {plugin: server.create_identity(plugin, may) for plugin in ("alpha", "beta")}
    variables = {**alpha(people["alpha"]), **beta(people["beta"])}
    who_assumed = []
    for plugin in ("alpha", "beta", "alpha", "beta"):
        write_role(environment, arn, source)
        path = environment.home / ".aws" / "config"
        path.write_text(path.read_text().replace("= alpha", f"= {plugin}"))
        server.forget()
        selected = {**variables, "AWS_CREDENTIAL_PLUGIN": plugin}
        answer = printed(environment, *WHO, "--profile", "deploy", variables=selected)
        assert answer == assumed(arn)
        *before, _ = server.seen()
        who_assumed.append([key for key, _ in before])
    each = [[identity.access_key] for identity in people.values()]
    assert who_assumed == [*each, [], []]
    assert len(list((environment.home / ".aws/cli/cache").iterdir())) == 2


def test_plugin_that_uses_aws_itself(
    environment: Environment, server: MotoServer, alice: Identity
) -> None:
    """Guards base sessions of the CLI's own botocore: static keys are exchanged for a role."""
    arn = server.create_role("inner")
    environment.write_config(
        f"[profile base]\ncredential_plugin = federating\n"
        f"credential_plugin_options =\n  role = {arn}\n"
    )
    # Static keys in the other file: the CLI joins the two sections.
    keys = f"aws_access_key_id = {alice.access_key}\naws_secret_access_key = {alice.secret_key}\n"
    (environment.home / ".aws" / "credentials").write_text(f"[base]\n{keys}")
    outcome = aws(environment, *WHO, "--profile", "base")
    assert outcome.stdout.strip() == assumed(arn, "federated")
    nested, used = server.seen()
    assert nested == (alice.access_key, "sts") != used


def test_plugin_that_uses_boto3(environment: Environment, server: MotoServer) -> None:
    """Guards a plugin which imports boto3 into the CLI: it gets the CLI's botocore, and works."""
    arn = server.create_role("inner")
    base = server.create_identity("base", allow("sts:AssumeRole", resource=arn))
    selected = {"AWS_CREDENTIAL_PLUGIN": "asker-context", "ASKER_ROLE": arn}
    answer = printed(environment, *WHO, variables={**base.variables(), **selected})
    assert answer == assumed(arn, "asker")
    nested, used = server.seen()
    assert nested == (base.access_key, "sts") != used


# Nobody else signs


@pytest.mark.parametrize(
    ("selected", "variables", "told"),
    [
        ("alhpa", {}, "did you mean 'alpha'?"),
        ("alpha", {}, "declined"),
        ("alpha", {"ALPHA_KEY": "x"}, "its retrieve() raised KeyError: 'ALPHA_SECRET'"),
        ("login", {"LOGIN": "fail"}, "The login has expired. What to do: run acme login."),
    ],
    ids=["missing", "declines", "fails", "needs a person"],
)
def test_selected_plugin_without_credentials(
    environment: Environment,
    server: MotoServer,
    bob: Identity,
    selected: str,
    variables: dict[str, str],
    told: str,
) -> None:
    """Guards errors as the CLI prints its own: one line, its status; and nobody else signs."""
    given = {**bob.variables(), **variables, "AWS_CREDENTIAL_PLUGIN": selected}
    line = refused(environment, *WHO, variables=given)
    assert told in line
    assert f"'{selected}'" in line
    assert server.seen() == []


def test_transfer_without_credentials(
    environment: Environment, server: MotoServer, bob: Identity, tmp_path: Path
) -> None:
    """Guards the same for a command with threads: it ends, with that line and nothing else."""
    (tmp_path / "file").touch()
    variables = {**bob.variables(), "LOGIN": "fail", "AWS_CREDENTIAL_PLUGIN": "login"}
    command = ("s3", "cp", tmp_path / "file", "s3://aws-cli-nowhere/key")
    assert "run acme login" in refused(environment, *command, variables=variables)
    assert server.seen() == []


@pytest.mark.parametrize("setting", ["", "credential_plugin_timeout = 600"])
def test_person_who_gives_up_waiting(environment: Environment, setting: str) -> None:
    """Guards Ctrl-C while a plugin waits: the CLI ends at once, as it does in its own work."""
    environment.write_config(f"[profile base]\ncredential_plugin = login\n{setting}\n")
    outcome = aws(environment, *WHO, "--profile", "base", variables={"LOGIN": "wait"})
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (INTERRUPTED, "\n", "")


def test_none_switches_plugins_off(
    environment: Environment, server: MotoServer, alice: Identity, trace: Path
) -> None:
    """Guards that the CLI then says what it says without us, and imports no plugin."""
    variables = {**alpha(alice), "PLUGIN_TRACE": str(trace), "AWS_CREDENTIAL_PLUGIN": "none"}
    assert refused(environment, *WHO, variables=variables).startswith("Unable to locate cred")
    assert trace.read_text() == ""
    assert server.seen() == []


def test_commands_that_need_no_credentials(
    environment: Environment, server: MotoServer, bob: Identity
) -> None:
    """Guards the way out of a wrong selection: commands that sign nothing don't look at it."""
    variables = {**bob.variables(), "AWS_CREDENTIAL_PLUGIN": "alhpa"}
    printed(environment, "configure", "set", "region", "eu-west-1", variables=variables)
    unsigned = aws(environment, "s3", "ls", "--no-sign-request", variables=variables)
    assert "ListBuckets" in unsigned.stderr  # the server's refusal
    assert "alhpa" not in unsigned.stderr
    assert server.seen() == []


# What it shows, and what it is made of


def test_debug_output_has_no_secret(environment: Environment, alice: Identity) -> None:
    """Guards `--debug`, which logs each step: `run` looks for secrets in all that is printed."""
    outcome = aws(environment, *WHO, "--debug", variables=alpha(alice))
    assert (outcome.returncode, outcome.stdout.strip()) == (0, alice.arn)
    assert "Looking for credentials via: plugin" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_classes_are_those_of_its_own_botocore(environment: Environment, alice: Identity) -> None:
    """Guards that the copy in the CLI gets its own classes, not those of the package beside it."""
    report = environment.run(PROGRAMS / "cli_classes.py", variables=alpha(alice)).report
    own = environment.site_packages / "awscli" / "botocore"
    assert (environment.site_packages / "botocore").is_dir()
    assert report["methods"] == ["plugin:alpha", "plugin:alpha"]
    assert report["is_refreshable"] == [True, True]
    assert report["credentials"]["RefreshableCredentials"] == str(own / "credentials.py")
    assert report["frozen"]["ReadOnlyCredentials"] == str(own / "credentials.py")
    assert report["error"]["BotoCoreError"] == str(own / "exceptions.py")
    assert "PluginNotFoundError" in report["error"]


def test_boto3_beside_it_signs_as_well(environment: Environment, alice: Identity) -> None:
    """Guards one environment for both: a program with PyPI's botocore is served like the CLI."""
    report = whoami(environment, alpha(alice))
    assert (report.arn, report.method) == (alice.arn, "plugin:alpha")
