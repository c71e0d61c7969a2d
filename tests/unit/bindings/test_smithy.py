"""Plugins in the credential chain of the AWS SDK for Python, with a double of that chain.

`tests/clients/test_smithy.py` has the same with the SDK itself and a server.
"""

import asyncio
import logging
import subprocess
import sys
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.exceptions
import botocore.session
import pytest

from plugincreds import PluginError, PluginNotFoundError, PluginProviderRetrieveError
from plugincreds._bindings.smithy_identities import RoleResolver
from tests.support.smithy import Config, SmithyError, SmithyIdentityError, install_double, new_chain
from tests.unit.conftest import Install

PLUGIN = """
    calls = []
    def retrieve():
        calls.append(1)
        return f"VAULT{len(calls)}", "secret", "token"
    def get_provider(): return retrieve, lambda: False
"""
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
PROFILES = f"""\
[profile vault]
credential_plugin = vault
[profile comment]
credential_plugin = vault # prod
[profile none]
credential_plugin = none
[profile custom]
{ROLE}credential_source = CustomPlugin
[profile source]
{ROLE}source_profile = vault
[profile both]
{ROLE}source_profile = static
credential_plugin = vault
[profile static]
aws_access_key_id = STATIC
aws_secret_access_key = secret
[profile role]
{ROLE}source_profile = static
[profile half]
aws_access_key_id = STATIC
[profile account]
credential_plugin = vault
aws_account_id = 123456789012
[profile plain]
region = eu-west-1
"""


@pytest.fixture(autouse=True)
def sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the double stand for the SDK, and write the profiles."""
    install_double(monkeypatch)
    (tmp_path / "config").write_text(PROFILES)


@pytest.fixture
def assumed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let botocore assume roles without STS; return the access keys with which it did."""
    keys: list[str] = []

    def credentials(fetcher: Any) -> dict[str, str]:
        keys.append(fetcher._source_credentials.get_frozen_credentials().access_key)
        return {
            "AccessKeyId": f"ROLE{len(keys)}",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": "2100-01-01T00:00:00Z",
        }

    def get(fetcher: Any) -> dict[str, str]:
        return {"Credentials": credentials(fetcher)}  # type: ignore[dict-item]

    monkeypatch.setattr(botocore.credentials.AssumeRoleCredentialFetcher, "_get_credentials", get)
    return keys


class Token:
    """Another type of identity than keys; our providers leave its chains alone."""


def identity(**arguments: Any) -> Any:
    """Return what a new client of the SDK signs with."""

    async def main() -> Any:
        return await (await new_chain(**arguments)).get_identity()

    return asyncio.run(main())


def key(**arguments: Any) -> str:
    """Return its access key."""
    return str(identity(**arguments).access_key_id)


def cause(**arguments: Any) -> BaseException:
    """Return the cause of the error that a program gets in place of an identity."""
    with pytest.raises(SmithyError) as caught:
        key(**arguments)
    # Else a chain would go on to the next provider.
    assert not isinstance(caught.value, SmithyIdentityError)
    assert caught.value.__cause__ is not None
    assert str(caught.value) == str(caught.value.__cause__)
    return caught.value.__cause__


SITUATIONS = {
    "selected": ({"AWS_CREDENTIAL_PLUGIN": "vault"}, {}, "VAULT1"),
    "before the profile": (
        {"AWS_CREDENTIAL_PLUGIN": "vault", "AWS_PROFILE": "static"},
        {},
        "VAULT1",
    ),
    "before the profile's role": (
        {"AWS_CREDENTIAL_PLUGIN": "vault", "AWS_PROFILE": "role"},
        {},
        "VAULT1",
    ),
    "a profile in code": ({"AWS_CREDENTIAL_PLUGIN": "vault"}, {"profile": "static"}, "STATIC"),
    "a profile with a plugin in code": (
        {"AWS_CREDENTIAL_PLUGIN": "auto"},
        {"profile": "vault"},
        "VAULT1",
    ),
    "the profile's": ({"AWS_PROFILE": "vault"}, {}, "VAULT1"),
    "not botocore's profile": ({"AWS_DEFAULT_PROFILE": "static"}, {}, "AUTO1"),
    "before web identity": (
        {"AWS_PROFILE": "vault", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "r"},
        {},
        "VAULT1",
    ),
    "web identity": ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "r"}, {}, "WEB"),
    "automatic": ({}, {}, "AUTO1"),
    "automatic for a profile": ({"AWS_PROFILE": "plain"}, {}, "AUTO1"),
    "automatic after the profile": ({"AWS_PROFILE": "static"}, {}, "STATIC"),
    "off": ({"AWS_CREDENTIAL_PLUGIN": "None "}, {}, "CONTAINER"),
    "off, with keys": (
        {"AWS_CREDENTIAL_PLUGIN": "none", "AWS_PROFILE": "static"},
        {},
        "STATIC",
    ),
    "off, with a role": (
        {"AWS_CREDENTIAL_PLUGIN": "none", "AWS_PROFILE": "role"},
        {},
        "CONTAINER",
    ),
    "automatic for a profile in code": (
        {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "secret"},
        {"profile": "plain"},
        "AUTO1",
    ),
    "off in the profile": ({"AWS_PROFILE": "none"}, {}, "CONTAINER"),
    "empty": ({"AWS_CREDENTIAL_PLUGIN": ""}, {}, "AUTO1"),
}


@pytest.mark.parametrize(("variables", "arguments", "wanted"), SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.parametrize("reads_first", [False, True])
def test_who_signs(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    arguments: dict[str, str],
    wanted: str,
    *,
    reads_first: bool,
) -> None:
    """Guards the order of docs/explanation/chain.md, also where a client has read the files."""
    install(PLUGIN)
    install(PLUGIN.replace("VAULT", "AUTO"), name="auto", distribution="auto")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    given = {"config": Config(PROFILES)} if reads_first else {}
    assert key(**arguments, **given) == wanted
    assert caplog.records == []


ENDPOINT = {
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:4711/plugincreds/credentials",
    "AWS_CREDENTIAL_PLUGIN": "none",
}


@pytest.mark.parametrize(
    ("variables", "profile", "wanted"),
    [
        ({}, None, "CONTAINER"),
        ({"AWS_CREDENTIAL_PLUGIN": "vault"}, None, "VAULT1"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1"}, None, ""),
        ({"AWS_PROFILE": "default"}, None, ""),
        ({}, "default", ""),
    ],
)
def test_the_endpoint_comes_before_the_default_profiles_plugin(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    profile: str | None,
    wanted: str,
) -> None:
    """Guards `plugincreds exec --profile deploy`: the same identity as with boto3."""
    install(PLUGIN)
    (tmp_path / "config").write_text("[default]\ncredential_plugin = vault\n")
    for name, value in {**ENDPOINT, **variables}.items():
        monkeypatch.setenv(name, value)
    if wanted:
        assert key(profile=profile) == wanted
    else:
        assert "switched off" in str(cause(profile=profile))


@pytest.mark.parametrize(("active", "count"), [("dev", 0), ("other", 1)])
def test_a_process_beside_the_plugin(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    active: str,
    count: int,
) -> None:
    """Guards the set-up with both lines from a warning: the process exports the active profile."""
    install(PLUGIN)
    both = "credential_plugin = vault\ncredential_process = plugincreds export vault\n"
    (tmp_path / "config").write_text(f"[profile dev]\n{both}[profile other]\n")
    monkeypatch.setenv("AWS_PROFILE", active)
    assert key(profile="dev") == "VAULT1"
    assert sum("uses the profile 'other'" in each.getMessage() for each in caplog.records) == count
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == count


@pytest.mark.parametrize(
    ("variables", "profile", "wanted"),
    [
        ({"AWS_CREDENTIAL_PLUGIN": "vault"}, None, "VAULT1"),
        ({"AWS_PROFILE": "vault"}, None, "ENVKEY"),
        ({"AWS_PROFILE": "custom"}, None, "ENVKEY"),
        ({}, "vault", "VAULT1"),
        ({}, None, "ENVKEY"),
    ],
)
def test_beside_keys_in_the_environment(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    profile: str | None,
    wanted: str,
) -> None:
    """Guards the same identity as in boto3, which is asked, too."""
    install(PLUGIN)
    keys = {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in {**variables, **keys}.items():
        monkeypatch.setenv(name, value)
    assert key(profile=profile) == wanted
    credentials = botocore.session.Session(profile=profile).get_credentials()
    assert credentials.get_frozen_credentials().access_key == wanted


@pytest.mark.parametrize(
    ("variables", "source", "kind", "words"),
    [
        ({"AWS_CREDENTIAL_PLUGIN": "valt"}, PLUGIN, PluginNotFoundError, "did you mean 'vault'"),
        (
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            "def get_provider(): ...",
            PluginProviderRetrieveError,
            "declined",
        ),
        (
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            "def get_provider(): return (lambda: 1 / 0), (lambda: False)",
            PluginProviderRetrieveError,
            "division by zero",
        ),
        (
            {},
            "def get_provider(): return (lambda: 1 / 0), (lambda: False)",
            PluginProviderRetrieveError,
            "division by zero",
        ),
        ({"AWS_PROFILE": "vault"}, "def get_provider(): ...", PluginError, "declined"),
        ({"AWS_PROFILE": "comment"}, PLUGIN, PluginNotFoundError, "comment"),
        (
            {"AWS_PROFILE": "vault", "AWS_CREDENTIAL_PLUGIN": "none"},
            PLUGIN,
            PluginError,
            "switched off",
        ),
        (
            {"AWS_PROFILE": "custom", "AWS_CREDENTIAL_PLUGIN": "none"},
            PLUGIN,
            PluginError,
            "switched off",
        ),
    ],
)
def test_a_failure_never_falls_through(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    source: str,
    kind: type[Exception],
    words: str,
) -> None:
    """Guards the container's role, which comes later in the chain, against being used instead."""
    install(source)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert key(identity_type=Token) == "CONTAINER"  # it would have been used
    error = cause()
    assert isinstance(error, kind)
    assert words in str(error)


def test_another_type_of_identity(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards tokens and other identities of the SDK: no plugin has any."""
    install("raise RuntimeError('imported')")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert key(identity_type=Token) == "CONTAINER"


def test_an_automatic_plugin_that_declines(install: Install) -> None:
    """Guards the machine's own credentials where a plugin is not configured."""
    install("def get_provider(): ...")
    assert key() == "CONTAINER"


def test_no_plugin_is_installed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards a machine where plugincreds is installed alone: nothing is said about plugins."""
    monkeypatch.setenv("AWS_PROFILE", "role")
    assert key() == "CONTAINER"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_PROFILE": "role"}, "role_arn"),
        ({"AWS_PROFILE": "half"}, "aws_access_key_id"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t"}, "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ({"AWS_ACCESS_KEY_ID": "ENVKEY"}, "AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_the_sdk_cannot_use_still_comes_first(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variables: dict[str, str],
    words: str,
) -> None:
    """Guards against an automatic plugin that signs where boto3 would sign as someone else."""
    install("raise RuntimeError('imported')")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert [key(), key()] == ["CONTAINER"] * 2
    (message,) = (each.getMessage() for each in caplog.records if each.levelname == "WARNING")
    assert words in message


@pytest.mark.parametrize("profile", ["custom", "source", "both"])
@pytest.mark.parametrize("in_code", [False, True])
def test_a_role(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    assumed: list[str],
    profile: str,
    *,
    in_code: bool,
) -> None:
    """Guards roles over plugins, which the SDK knows nothing of: the same as boto3's."""
    install(PLUGIN)
    if not in_code:
        monkeypatch.setenv("AWS_PROFILE", profile)
    found = identity(profile=profile if in_code else None)
    assert found.access_key_id == "ROLE1"
    assert found.session_token == "token"
    assert found.expiration == datetime(2100, 1, 1, tzinfo=timezone.utc)
    botocore.session.Session(profile=profile).get_credentials().get_frozen_credentials()
    assert len(set(assumed)) == 1
    assert assumed[0] == ("STATIC" if profile == "both" else "VAULT1")


def test_a_role_is_refreshed_in_a_thread() -> None:
    """Guards the event loop: botocore asks STS in the thread that needs the credentials."""
    threads: list[bool] = []
    metadata = {"access_key": "A", "secret_key": "s", "token": "t"}
    metadata["expiry_time"] = "2000-01-01T00:00:00Z"

    def refresh() -> dict[str, str]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            threads.append(True)
        return {**metadata, "access_key": "B", "expiry_time": "2100-01-01T00:00:00Z"}

    async def main() -> list[str]:
        role = botocore.credentials.RefreshableCredentials.create_from_metadata(
            metadata, refresh, "assume-role"
        )
        resolver = RoleResolver(role)
        await resolver.invalidate()
        return [(await resolver.get_identity(properties={})).access_key_id for _ in range(2)]

    assert asyncio.run(main()) == ["B", "B"]
    assert threads == [True]


def test_a_role_that_cannot_be_assumed(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against the container's role where the plugin below a role fails."""
    install("def get_provider(): return (lambda: 1 / 0), (lambda: False)")
    monkeypatch.setenv("AWS_PROFILE", "custom")
    assert "division by zero" in str(cause())


def test_files_that_only_the_sdk_can_read(install: Install, tmp_path: Path) -> None:
    """Guards against the container's role where nothing tells whose options a plugin has."""
    install("raise RuntimeError('imported')")
    (tmp_path / "config").write_text("[default]\nregion = a\n[default]\nregion = b\n")
    assert isinstance(cause(), botocore.exceptions.ConfigParseError)


@pytest.mark.parametrize("profile", [None, "vault"])
def test_one_source_with_boto3(
    install: Install, monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    """Guards the plugin's server: clients of both SDKs in a process cause one retrieval."""
    install(PLUGIN.replace("get_provider()", "get_provider(context)"))
    monkeypatch.setenv("AWS_PROFILE", "vault")
    credentials = botocore.session.Session(profile=profile).get_credentials()
    assert credentials.get_frozen_credentials().access_key == "VAULT1"
    found = [key(profile=profile, region="eu-central-1"), key(profile=profile)]
    assert found == ["VAULT1"] * 2


def test_what_the_plugin_is_told(install: Install, tmp_path: Path) -> None:
    """Guards options with capitals, which the SDK reads in lower case, and the client's region."""
    (tmp_path / "config").write_text(
        "[profile p]\ncredential_plugin = vault\ncredential_plugin_options =\n  roleName = Admin\n"
    )
    install(
        """
        def get_provider(context):
            told = f"{context.profile}/{context.region}/{context.options['roleName']}"
            return (lambda: (told, "secret")), (lambda: False)
        """
    )
    assert key(profile="p", region="ap-south-1") == "p/ap-south-1/Admin"
    assert key(profile="p") == "p/eu-central-1/Admin"  # that of the environment


@pytest.mark.parametrize(
    "text",
    [
        "[profile vault]\ncredential_plugin = vault\ncredential_plugin_options =\n  role = b\n",
        "[profile vault]\ncredential_plugin = auto\n",
        "[profile vault]\ncredential_plugin = vault\naws_account_id = 1\n",
    ],
)
def test_other_files_than_botocore_s(install: Install, text: str) -> None:
    """Guards options: those of the program's own file must not be those of the default one."""
    install(PLUGIN)
    error = cause(profile="vault", config=Config(text))
    assert isinstance(error, PluginError)
    assert "AWS_CONFIG_FILE" in str(error)
    assert key(profile="vault", config=Config(PROFILES)) == "VAULT1"


def test_no_secret_of_a_profile_is_in_a_frame(install: Install, tmp_path: Path) -> None:
    """Guards tools that show a traceback with its variables: it goes through our frames."""
    text = "[profile vault]\naws_secret_access_key = Canary0Canary1\ncredential_plugin = "
    (tmp_path / "config").write_text(f"{text}vault\n")
    install(PLUGIN)
    error = cause(profile="vault", config=Config(f"{text}auto\n"))
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if "plugincreds/_bindings" in frame.f_code.co_filename]
    assert ours
    assert not [frame for frame in ours if "Canary" in repr(frame.f_locals)]


def test_the_account(install: Install) -> None:
    """Guards services whose address has the account: that of the profile is used."""
    install(PLUGIN)
    assert identity(profile="account").account_id == "123456789012"
    assert identity(profile="vault").account_id is None


def test_one_chain_sees_one_selection(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against a mix: another thread sets the variable after the first provider."""
    install(PLUGIN)
    install(PLUGIN.replace("VAULT", "AUTO"), name="auto", distribution="auto")

    async def setup(*_: object) -> None:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")

    monkeypatch.setattr("tests.support.smithy.Own.setup", setup)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "")
    assert key(config=Config(PROFILES)) == "AUTO1"


def test_a_rejected_key(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards `invalidate()`, the SDK's way to say so: the next request has other credentials."""
    install(PLUGIN)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")

    async def main() -> list[str]:
        chain = await new_chain()
        await chain.invalidate()  # nothing has been given yet
        keys = [(await chain.get_identity()).access_key_id for _ in range(2)]
        await chain.invalidate()
        return [*keys, (await chain.get_identity()).access_key_id]

    assert asyncio.run(main()) == ["VAULT1", "VAULT1", "VAULT2"]


def test_a_refresh(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards refreshes in two event loops, with all tasks of one waiting for one retrieval."""
    install(
        """
        import threading
        calls, gate = [], threading.Event()
        def retrieve():
            if calls: gate.wait(30)
            calls.append(1)
            return f"VAULT{len(calls)}", "secret", "token"
        def get_provider(): return retrieve, lambda: len(calls) in (1, 3)
        """,
        module="refreshing",
    )
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")

    async def keys(chain: Any) -> set[str]:
        tasks = [asyncio.create_task(chain.get_identity()) for _ in range(50)]
        await asyncio.sleep(0)  # all tasks have asked whether the credentials have expired
        sys.modules["refreshing"].gate.set()
        return {(await each).access_key_id for each in tasks}

    chain = asyncio.run(new_chain())
    assert asyncio.run(keys(chain)) == {"VAULT2"}
    assert asyncio.run(keys(chain)) == {"VAULT2"}


def test_a_refresh_fails(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a chain that has begun with a plugin: it stays with it, and raises."""
    install(
        """
        import os
        def retrieve():
            if "ACME_DOWN" in os.environ: raise ConnectionError("the broker is down")
            return "VAULT", "secret"
        def get_provider(): return retrieve, lambda: "ACME_DOWN" in os.environ
        """
    )
    chain = asyncio.run(new_chain())
    assert asyncio.run(chain.get_identity()).access_key_id == "VAULT"
    monkeypatch.setenv("ACME_DOWN", "1")
    with pytest.raises(SmithyError, match="the broker is down") as caught:
        asyncio.run(chain.get_identity())
    assert isinstance(caught.value.__cause__, PluginProviderRetrieveError)
    assert not isinstance(caught.value, SmithyIdentityError)


def test_a_plugin_that_asks_for_itself(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against a deadlock: a plugin must not sign with the SDK as the default identity."""
    install(
        """
        import asyncio
        from tests.support.smithy import new_chain
        def retrieve():
            asyncio.run(new_chain())
        def get_provider(): return retrieve, lambda: False
        """
    )
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert "asks for its own credentials" in str(cause())


def test_the_announcement(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Guards that a log says whose credentials are used."""
    caplog.set_level(logging.INFO, "plugincreds")
    install(PLUGIN)
    assert [key(), key()] == ["VAULT1"] * 2
    (message,) = (record.getMessage() for record in caplog.records)
    assert message == "Credentials come from the credential plugin 'vault' of acme-creds 1.2."


def test_the_providers_are_light() -> None:
    """Guards each program of the SDK: without a plugin, it never imports botocore."""
    program = (
        "import sys; before = set(sys.modules); import plugincreds._bindings.smithy; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    ours = {name for name in done.stdout.split() if name.startswith("plugincreds")}
    assert not {"asyncio", "botocore"} & set(done.stdout.split())
    assert ours == {
        "plugincreds",
        "plugincreds._bindings",
        "plugincreds._bindings.chain",
        "plugincreds._bindings.plugin_provider",
        "plugincreds._bindings.sessions",
        "plugincreds._bindings.smithy",
        "plugincreds._selection",
        "plugincreds._settings",
    }
