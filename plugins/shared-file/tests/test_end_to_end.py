"""From pip install to a signed call: built wheels, a fresh environment, a server that checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.support.clients import new_bucket
from tests.support.documents import watched
from tests.support.environments import Environment, NewEnvironment
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import whoami

HERE = Path(__file__).parent
CLI = "awscli>=1.46"  # it has a botocore of its own
SELECTS = "[profile work]\ncredential_plugin = shared-file\n"


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here; s3fs wants an older boto3."""
    packages = ("plugincreds", "plugincreds-shared-file", "boto3", "s3fs", CLI)
    made = new_environment(*packages, bare=True)
    made.write_config(SELECTS)
    return made


@pytest.fixture(scope="session")
def logins(server: MotoServer) -> list[Identity]:
    """Return what two logins give: temporary credentials of one role."""
    role = server.create_role("developer")
    return [server.assume(role, name) for name in ("monday", "tuesday")]


def text_of(identity: Identity, name: str = "work", **more: str) -> str:
    """Return a section as saml2aws writes it."""
    expiry = datetime.now(timezone.utc) + timedelta(hours=9)
    keys = {
        "aws_access_key_id": identity.access_key,
        "aws_secret_access_key": identity.secret_key,
        "aws_session_token": identity.token,
        "x_security_token_expires": expiry.isoformat(timespec="seconds"),
        **more,
    }
    return "\n".join([f"[{name}]", *(f"{key:<24} = {text}" for key, text in keys.items()), ""])


def write(environment: Environment, text: str) -> Path:
    """Write the credentials file, a while ago."""
    path = environment.home / ".aws" / "credentials"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (1e9, 1e9))
    return path


def test_programs_that_run_pick_up_a_login(
    environment: Environment, server: MotoServer, bob: Identity, logins: list[Identity]
) -> None:
    """Guards the purpose: boto3 and s3fs go on with the new keys, without an error in between."""
    old, new = logins
    keys = {"aws_access_key_id": bob.access_key, "aws_secret_access_key": bob.secret_key}
    others = "\n".join(["[default]", *(f"{key} = {text}" for key, text in keys.items()), ""])
    path = write(environment, others + text_of(old))
    server.forget()
    program = environment.start(
        *(environment.python, "-I", HERE / "signing_program.py", new_bucket(server)),
        variables={"AWS_PROFILE": "work"},
        stdout=subprocess.PIPE,
    )
    assert program.stdout is not None
    with watched(program), program:
        assert program.stdout.readline() == "ready\n"
        tool = [sys.executable, str(HERE / "writing_tool.py"), str(path), others + text_of(new)]
        subprocess.run(tool, check=True)
        report = json.loads(program.stdout.read())
    *before, after = report["turns"]
    assert set(before) == {old.arn}
    assert after == new.arn
    assert report["warnings"] == []
    used = {key for key, service in server.seen() if service == "s3"} - {""}
    assert {old.access_key, new.access_key} <= used
    assert bob.access_key not in server.keys_seen()


@pytest.mark.parametrize("chosen", ["variable", "code"])
def test_the_profile_has_the_keys_itself(
    environment: Environment, server: MotoServer, logins: list[Identity], chosen: str
) -> None:
    """Guards the usual set-up: one profile, and no warning of its own keys."""
    write(environment, text_of(logins[0]))
    server.forget()
    variables, session = {"AWS_PROFILE": "work"}, {"profile_name": "work"}
    report = whoami(
        environment,
        variables if chosen == "variable" else {},
        **(session if chosen == "code" else {}),
    )
    assert (report.arn, report.method) == (logins[0].arn, "plugin:shared-file")
    assert report.logged("WARNING") == []
    assert server.keys_seen() == {logins[0].access_key}


def test_another_section(environment: Environment, logins: list[Identity]) -> None:
    """Guards a profile whose section has another name; keys of its own are another identity."""
    options = "credential_plugin_options =\n  section = saml\n  hint = run saml2aws login\n"
    environment.write_config(f"{SELECTS}{options}")
    saml, own = text_of(logins[0], "saml"), text_of(logins[1])
    for text, warnings in ((saml, 0), (saml + own, 1)):
        write(environment, text)
        report = whoami(environment, {"AWS_PROFILE": "work"})
        assert (report.arn, report.method) == (logins[0].arn, "plugin:shared-file")
        found = report.logged("WARNING")
        assert ["beside aws_access_key_id" in each for each in found] == [True] * warnings


def test_sharing_is_refused(environment: Environment, logins: list[Identity]) -> None:
    """Guards a program that starts after a login as another role: it must not get shared keys."""
    for login in logins:
        write(environment, text_of(login))
        report = whoami(environment, {"AWS_PROFILE": "work", "AWS_CREDENTIAL_PLUGIN_CACHE": "true"})
        assert report.arn == login.arn
        (warning,) = report.logged("WARNING")
        assert "not shared between processes" in warning
    assert not (environment.home / ".aws" / "plugincreds").exists()


def test_the_role_of_another_profile(
    environment: Environment, server: MotoServer, logins: list[Identity]
) -> None:
    """Guards `source_profile`, where botocore alone would use a copy of the keys."""
    role = server.create_role("deploy")
    environment.write_config(
        f"{SELECTS}[profile deploy]\nrole_arn = {role}\nsource_profile = work\n"
        "role_session_name = desk\n"
    )
    write(environment, text_of(logins[0]))
    server.forget()
    report = whoami(environment, {"AWS_PROFILE": "deploy"})
    assert report.arn.endswith("/desk")
    assert server.seen()[0] == (logins[0].access_key, "sts")
    assert report.logged("WARNING") == []


def test_the_command_line(environment: Environment, logins: list[Identity]) -> None:
    """Guards the AWS CLI before and after a login, `doctor` and `export`."""

    def run(*command: str) -> str:
        script, *arguments = command
        program = environment.script(script)
        outcome = environment.run(program, *arguments, flags=())
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return outcome.stdout

    who = ("aws", "sts", "get-caller-identity", "--profile", "work", "--output", "text")
    for login in logins:
        write(environment, text_of(login))
        assert login.arn in run(*who)
    printed = run("plugincreds", "doctor", "--profile", "work", "--retrieve")
    assert "beside" not in printed
    assert logins[1].secret_key not in printed


def test_it_never_signs_with_other_credentials(
    environment: Environment, server: MotoServer, container: Identity, logins: list[Identity]
) -> None:
    """Guards a section that is missing, expired, or keys of [DEFAULT] or of another profile."""
    server.forget()
    expired = datetime.now(timezone.utc) - timedelta(hours=1)
    for text, said in (
        (text_of(logins[0], "DEFAULT") + text_of(logins[0], "default"), "has no such section"),
        (text_of(logins[0], "DEFAULT") + "[work]\nregion = us-east-1\n", "has no aws_access_key"),
        (text_of(logins[0], x_security_token_expires=expired.isoformat()), "expired at"),
    ):
        write(environment, text)
        variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
        report = whoami(environment, {"AWS_PROFILE": "work", **variables})
        assert said in report.error["message"]
        assert "log in again with the tool that writes this file" in report.error["message"]
    assert server.seen() == []
    assert container.access_key not in server.keys_seen()


def test_where_it_is_not_selected_it_changes_nothing(
    environment: Environment, server: MotoServer, container: Identity, logins: list[Identity]
) -> None:
    """Guards machines on which it is only installed."""
    environment.write_config("")
    write(environment, text_of(logins[0]))
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
    report = whoami(environment, uri)
    assert (report.arn, report.method) == (container.arn, "container-role")
    assert report.logged("WARNING") == []


def test_the_wheel_has_what_it_needs_and_no_more(environment: Environment) -> None:
    """Guards the package: typed, no script, the dependencies that it names, no tests."""
    code = (
        "import json\nfrom importlib import metadata\n"
        "package = metadata.distribution('plugincreds-shared-file')\n"
        "files = sorted({str(file).split('/')[0] for file in package.files})\n"
        "print(json.dumps([files, *(any(name in str(file) for file in"
        " package.files) for name in ('py.typed', 'licenses/LICENSE'))]))\n"
    )
    files, is_typed, has_licence = environment.run(code).report
    assert [name for name in files if "dist-info" not in name] == ["plugincreds_shared_file"]
    assert is_typed
    assert has_licence
