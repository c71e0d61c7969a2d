"""From pip install to a signed call: built wheels, a fresh environment, a server that checks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.environments import Environment, NewEnvironment, Outcome, pinned
from tests.support.moto_process import Identity, MotoServer, allow
from tests.support.programs import whoami

PROFILE = "[profile work]\ncredential_plugin = keyring\n"


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here."""
    return new_environment(*pinned("filelock", "keyring", "keyrings.alt"), "plugincreds-keyring")


@pytest.fixture
def keychain(environment: Environment, tmp_path: Path) -> dict[str, str]:
    """Return the variables that choose a keychain in a file, and write the profile for it."""
    environment.write_config(PROFILE)
    return {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "KEYRING_PROPERTY_FILE_PATH": str(tmp_path / "keys.cfg"),
    }


def command(
    environment: Environment, variables: dict[str, str], *arguments: str, text: str = ""
) -> Outcome:
    """Run one of the environment's scripts."""
    script, *rest = arguments
    done = subprocess.run(
        [environment.directory / "bin" / script, *rest],
        env={**environment.variables(), **variables},
        cwd=environment.home,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def store(
    environment: Environment,
    keychain: dict[str, str],
    identity: Identity,
    profile: str | None = "work",
    *more: str,
) -> None:
    """Store an identity's keys for the profile, as a person does."""
    arguments = [*(["--profile", profile] if profile else []), *more]
    stored = command(
        environment,
        keychain,
        *("plugincreds-keyring", "set", "--insecure", *arguments),
        text=f"{identity.access_key}\n{identity.secret_key}\n",
    )
    assert stored.returncode == 0, stored.stderr
    assert identity.secret_key not in stored.stdout + stored.stderr


@pytest.mark.parametrize("by", ["profile", "variable"])
def test_an_unchanged_program_signs_as_who_is_stored(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
    alice: Identity,
    container: Identity,
    by: str,
) -> None:
    """Guards the whole way, past keys that a container would have."""
    server.forget()
    store(environment, keychain, alice)
    variables = {**keychain, "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
    variables |= {"AWS_PROFILE": "work"}
    if by == "variable":
        environment.write_config("[profile work]\nregion = us-east-1\n")
        variables |= {"AWS_CREDENTIAL_PLUGIN": "keyring"}
    report = whoami(environment, variables)
    assert (report.arn, report.method) == (alice.arn, "plugin:keyring")
    assert server.keys_seen() == {alice.access_key}
    assert container.access_key not in server.keys_seen()
    assert report.logged("WARNING") == []


def test_where_it_is_not_selected_it_changes_nothing(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
    alice: Identity,
    container: Identity,
) -> None:
    """Guards containers: the role signs, whatever is stored, and no keychain is opened."""
    server.forget()
    environment.write_config("")
    store(environment, keychain, alice, profile=None)
    broken = {**keychain, "PYTHON_KEYRING_BACKEND": "nowhere.Nothing"}
    for variables in (keychain, broken):
        uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
        report = whoami(environment, {**variables, **uri})
        assert (report.arn, report.method) == (container.arn, "container-role")
        assert report.logged("WARNING") == []
    assert alice.access_key not in server.keys_seen()


def test_set_with_write_profile_is_enough_until_delete(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
    alice: Identity,
    container: Identity,
) -> None:
    """Guards that nothing has to be edited; a keychain that is broken or empty is an error."""
    server.forget()
    environment.write_config("")
    uri = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
    store(environment, keychain, alice, None, "--write-profile")
    report = whoami(environment, {**keychain, **uri})
    assert (report.arn, report.method) == (alice.arn, "plugin:keyring")
    assert report.logged("WARNING") == []
    assert exported(environment, keychain)["AccessKeyId"] == alice.access_key
    broken = {"PYTHON_KEYRING_BACKEND": "nowhere.Nothing"}
    report = whoami(environment, {**keychain, **uri, **broken})
    assert "ModuleNotFoundError" in report.error["message"] + report.error["cause"]
    deleted = command(environment, keychain, "plugincreds-keyring", "delete")
    assert (deleted.returncode, deleted.stderr) == (0, "")
    assert "remove the line `credential_plugin = keyring`" in deleted.stdout
    report = whoami(environment, {**keychain, **uri})
    assert "Nothing is stored" in report.error["message"]
    assert server.keys_seen() == {alice.access_key}
    environment.write_config("")
    report = whoami(environment, {**keychain, **uri})
    assert (report.arn, report.method) == (container.arn, "container-role")


def test_no_keychain_never_leads_to_somebody_else(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
    container: Identity,
) -> None:
    """Guards a selected plugin on a machine without a keychain, and with one that is empty."""
    server.forget()
    for backend, said in (
        ("keyring.backends.fail.Keyring", "No keychain can be used here"),
        ("keyring.backends.null.Keyring", "No keychain can be used here"),
        (keychain["PYTHON_KEYRING_BACKEND"], "plugincreds-keyring set --service aws"),
    ):
        variables = {
            "AWS_PROFILE": "work",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
            **keychain,
            "PYTHON_KEYRING_BACKEND": backend,
        }
        report = whoami(environment, variables)
        assert "PluginProviderRetrieveError" in report.error["kinds"]
        assert said in report.error["message"]
    assert server.seen() == []
    assert container.access_key not in server.keys_seen()


def test_a_running_program_signs_with_the_new_key_after_a_rejection(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
) -> None:
    """Guards rotation without a restart: `set`, and then the old key is deleted in AWS."""
    old = server.create_identity("grace", allow("iam:DeleteAccessKey"))
    new = server.create_identity("heidi", allow("sts:GetCallerIdentity"))
    store(environment, keychain, old)
    code = (
        "import boto3, botocore.exceptions, json, subprocess, sys\n"
        "sts = boto3.client('sts')\n"
        "who = lambda: sts.get_caller_identity()['Arn']\n"
        "seen = [who()]\n"
        "keys = open(sys.argv[2]).read()\n"
        "subprocess.run([sys.argv[1], 'set', '--profile', 'work', '--insecure'], input=keys,\n"
        "    text=True, check=True, stdout=subprocess.DEVNULL)\n"
        "seen.append(who())\n"
        "boto3.client('iam').delete_access_key(UserName=sys.argv[3], AccessKeyId=sys.argv[4])\n"
        "try: who()\n"
        "except botocore.exceptions.ClientError as error:\n"
        "    seen.append(error.response['Error']['Code'])\n"
        "print(json.dumps([*seen, who(), who()]))\n"
    )
    file = environment.home / "keys"
    file.write_text(f"{new.access_key}\n{new.secret_key}\n")
    script = str(environment.directory / "bin" / "plugincreds-keyring")
    arguments = (script, str(file), old.user, old.access_key)
    outcome = environment.run(code, *arguments, variables={**keychain, "AWS_PROFILE": "work"})
    assert outcome.report == [old.arn, old.arn, "InvalidClientTokenId", new.arn, new.arn]


def test_new_processes_share_no_session_of_the_old_key(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
) -> None:
    """Guards `set` against a session of the key that it replaces, which processes share."""
    allowed = allow("sts:GetSessionToken")
    erin, frank = (server.create_identity(name, allowed) for name in ("erin", "frank"))
    environment.write_config(
        f"{PROFILE}credential_plugin_cache = true\n"
        "credential_plugin_options =\n  duration_seconds = 3600\n"
    )
    variables = {**keychain, "AWS_PROFILE": "work"}
    server.forget()
    store(environment, keychain, erin)
    first = exported(environment, variables)
    assert exported(environment, variables) == first
    assert server.seen() == [(erin.access_key, "sts")]
    store(environment, keychain, frank)
    exported(environment, variables)  # the server's sessions differ in their expiry alone
    assert server.seen() == [(erin.access_key, "sts"), (frank.access_key, "sts")]


def test_a_session_of_sts(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
) -> None:
    """Guards the exchange with real signatures: the stored key signs it, and a policy allows it."""
    server.forget()
    carol = server.create_identity("carol", allow("sts:GetSessionToken"))
    environment.write_config(f"{PROFILE}credential_plugin_options =\n  duration_seconds = 3600\n")
    store(environment, keychain, carol)
    document = exported(environment, {**keychain, "AWS_PROFILE": "work"})
    assert document["AccessKeyId"] != carol.access_key
    assert document["SessionToken"]
    assert document["Expiration"]
    assert server.seen() == [(carol.access_key, "sts")]


def exported(environment: Environment, variables: dict[str, str], *arguments: str) -> Any:
    """Return what other SDKs get."""
    done = command(environment, variables, "plugincreds", "export", "keyring", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_commands_of_plugincreds_know_it(
    environment: Environment,
    keychain: dict[str, str],
    alice: Identity,
) -> None:
    """Guards `list`, `doctor` and `export` with this plugin."""
    store(environment, keychain, alice)
    listed = command(environment, keychain, "plugincreds", "list", "--check")
    assert (listed.returncode, "plugincreds-keyring" in listed.stdout) == (0, True)
    for arguments in ((), ("--retrieve",)):
        words = ("plugincreds", "doctor", "--profile", "work", *arguments)
        looked = command(environment, keychain, *words)
        assert looked.returncode == 0, looked.stdout
        assert alice.secret_key not in looked.stdout + looked.stderr
    assert alice.access_key[-4:] in looked.stdout
    assert exported(environment, keychain, "--profile", "work") == {
        "Version": 1,
        "AccessKeyId": alice.access_key,
        "SecretAccessKey": alice.secret_key,
    }
    environment.write_config("[profile plain]\nregion = us-east-1\n")
    store(environment, keychain, alice, "plain")
    named = exported(environment, keychain, "--profile", "plain")
    assert named["AccessKeyId"] == alice.access_key
    refused = command(environment, keychain, *("plugincreds", "export", "--profile", "plain"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "none of those installed is configured here: keyring" in refused.stderr


def test_the_role_of_another_profile(
    environment: Environment,
    keychain: dict[str, str],
    server: MotoServer,
) -> None:
    """Guards what the documentation says in place of an option role_arn."""
    role = server.create_role("deploy")
    dora = server.create_identity("dora", allow("sts:AssumeRole", resource=role))
    environment.write_config(
        f"{PROFILE}[profile deploy]\nrole_arn = {role}\nsource_profile = work\n"
        "role_session_name = desk\n"
    )
    store(environment, keychain, dora)
    server.forget()
    report = whoami(environment, {**keychain, "AWS_PROFILE": "deploy"})
    assert report.arn.endswith("/desk")
    assert ":assumed-role/deploy-" in report.arn
    assert report.method == "assume-role"
    assert server.seen()[0] == (dora.access_key, "sts")


def test_the_wheel_has_what_it_needs_and_no_more(environment: Environment) -> None:
    """Guards the package: typed, one script, the dependencies that it names, no tests."""
    code = (
        "import json\nfrom importlib import metadata\n"
        "package = metadata.distribution('plugincreds-keyring')\n"
        "files = sorted({str(file).split('/')[0] for file in package.files})\n"
        "print(json.dumps([package.requires, files, *(any(name in str(file) for file in"
        " package.files) for name in ('py.typed', 'licenses/LICENSE'))]))\n"
    )
    requires, files, is_typed, has_licence = environment.run(code).report
    assert requires == ["keyring>=24", "plugincreds>=1.1"]
    assert [name for name in files if "dist-info" not in name and name != ".."] == [
        "plugincreds_keyring"
    ]
    assert is_typed
    assert has_licence
