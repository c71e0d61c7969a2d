"""The environment that leads programs to the endpoint, and what in it comes first."""

import os
import stat
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from plugincreds import PluginError, Value
from plugincreds._endpoint.files import private_file, token_file
from plugincreds._endpoint.variables import (
    caution,
    change_of_plugin,
    changes_for_endpoint,
    changes_for_keys,
    changes_of_proxies,
    changes_of_region,
    check_not_inside,
)
from plugincreds._process_line import ExportCommand
from tests.unit.conftest import Install

URL = "http://127.0.0.1:4711/plugincreds/credentials"
CHANGES = changes_for_endpoint(URL, "the-token", Path("/run/token"))
PRECEDING = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
}


def test_what_comes_before_a_container_is_removed() -> None:
    """Guards the identity: SDKs look at these variables before they ask a container."""
    assert {name for name in PRECEDING if CHANGES[name] is None} == PRECEDING
    assert CHANGES["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == URL
    assert CHANGES["AWS_CONTAINER_AUTHORIZATION_TOKEN"] == "the-token"
    assert CHANGES["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == "/run/token"
    assert CHANGES["AWS_EC2_METADATA_DISABLED"] == "true"


def test_keys_replace_the_endpoint() -> None:
    """Guards `--env`: what is not needed is removed, the variables of an endpoint among it."""
    expiry = datetime(2030, 1, 2, tzinfo=timezone.utc)
    changes = changes_for_keys(Value("AKID", "secret", expiry_time=expiry))
    set_ = {name: text for name, text in changes.items() if text is not None}
    assert set_ == {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CREDENTIAL_EXPIRATION": "2030-01-02T00:00:00+00:00",
        "AWS_CREDENTIAL_PLUGIN": "none",
    }
    assert (
        PRECEDING | CHANGES.keys() - set_.keys() - {"AWS_EC2_METADATA_DISABLED"} <= changes.keys()
    )


@pytest.mark.parametrize(
    ("default", "profile", "expected"),
    [
        ({}, "default", "none"),
        ({"credential_plugin": "acme"}, "default", "none"),
        ({"credential_plugin": "acme", "credential_process": "x"}, "default", "acme"),
        ({"credential_plugin": "acme", "credential_process": "x"}, "deploy", "none"),
        ({"credential_plugin": "other", "credential_process": "x"}, "default", "none"),
        ({"credential_process": "x"}, "default", "none"),
        ({"credential_process": ExportCommand("acme")}, "default", "acme"),
        ({"credential_process": ExportCommand("acme")}, "deploy", "none"),
        ({"credential_process": ExportCommand("other")}, "default", "none"),
        ({"credential_process": ExportCommand(profile="default")}, "default", "none"),
    ],
)
def test_plugins_are_off_unless_the_endpoint_comes_second(
    default: dict[str, Any], profile: str, expected: str
) -> None:
    """Guards programs with plugincreds: they use the endpoint, or the same plugin."""
    assert change_of_plugin(default, "acme", profile) == {"AWS_CREDENTIAL_PLUGIN": expected}


@pytest.mark.parametrize(
    "key", ["aws_access_key_id", "role_arn", "sso_session", "credential_process"]
)
def test_credentials_in_the_default_profile_are_told(key: str) -> None:
    """Guards against another identity without a word: no variable can take these away."""
    told = f"The profile 'default' has {key}, which programs use before"
    assert told in caution({key: ""}, "acme", "default")


def test_a_default_profile_without_credentials_is_fine() -> None:
    """Guards against a warning without a cause."""
    assert caution({"region": "", "credential_plugin": "acme"}, "acme", "default") == ""


BOTH = {"credential_plugin": "acme", "credential_process": ExportCommand()}


@pytest.mark.parametrize(
    ("default", "plugin", "profile", "named"),
    [
        (BOTH, "acme", "default", ""),
        (BOTH | {"credential_process": ExportCommand("acme", "default")}, "acme", "default", ""),
        ({"credential_process": ExportCommand("acme")}, "acme", "default", ""),
        ({"credential_process": ExportCommand()}, "acme", "default", "credential_process"),
        (BOTH | {"aws_access_key_id": ""}, "acme", "default", "aws_access_key_id"),
        (BOTH, "acme", "deploy", "credential_process"),
        (BOTH, "other", "default", "credential_process"),
        (BOTH | {"credential_process": ""}, "acme", "default", "credential_process"),
        *(
            (BOTH | {"credential_process": differs}, "acme", "default", "credential_process")
            for differs in (
                ExportCommand("other"),
                ExportCommand(profile="deploy"),
                ExportCommand(format="env"),
            )
        ),
    ],
)
def test_a_process_that_gives_the_same_credentials_is_not_told(
    default: dict[str, Any], plugin: str, profile: str, named: str
) -> None:
    """Guards the set-up with both lines from a warning, and from one that hides a difference."""
    told = caution(default, plugin, profile)
    assert told.partition(", which")[0] == (named and f"The profile 'default' has {named}")


def test_the_region_of_the_profile_stays() -> None:
    """Guards programs that lose their region with `AWS_PROFILE`, and keeps what is set."""
    both = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert changes_of_region({}, "eu-west-1") == both
    assert changes_of_region({}, None) == {}
    for name in both:
        (other,) = both.keys() - {name}
        assert changes_of_region({name: "us-east-2"}, "eu-west-1") == {other: "eu-west-1"}
    assert changes_of_region(dict.fromkeys(both, "us-east-2"), "eu-west-1") == {}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"NO_PROXY": "a.example"}, None),
        ({"HTTP_PROXY": "http://p"}, "127.0.0.1"),
        ({"all_proxy": "http://p", "no_proxy": "a.example"}, "a.example,127.0.0.1"),
        ({"http_proxy": "http://p", "NO_PROXY": "*"}, "*"),
    ],
)
def test_no_proxy_gets_the_token(environ: dict[str, str], expected: str | None) -> None:
    """Guards the token: some clients ask a proxy also for this address."""
    both = {} if expected is None else {"NO_PROXY": expected, "no_proxy": expected}
    assert changes_of_proxies(environ) == both


def test_an_endpoint_inside_another_is_refused() -> None:
    """Guards the identity: the plugin might find other base credentials there than outside."""
    with pytest.raises(
        PluginError, match="`plugincreds serve` was started in an environment"
    ) as caught:
        check_not_inside({"AWS_CONTAINER_CREDENTIALS_FULL_URI": URL}, "plugincreds serve")
    assert "unset AWS_CONTAINER_CREDENTIALS_FULL_URI" in str(caught.value)
    foreign = "http://169.254.170.23/v1/credentials"
    check_not_inside({"AWS_CONTAINER_CREDENTIALS_FULL_URI": foreign}, "plugincreds serve")
    check_not_inside({}, "plugincreds serve")


def method(config: str, environ: dict[str, str | None], patch: pytest.MonkeyPatch) -> str:
    """Return whose turn comes first that would give credentials, with this configuration."""
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(config)
    for name, text in environ.items():
        if text is None:
            patch.delenv(name, raising=False)
        else:
            patch.setenv(name, text)
    resolver = botocore.session.Session().get_component("credential_provider")
    for provider in resolver.providers:
        if provider.METHOD == "container-role":
            return "container-role"
        if provider.load() is not None:
            return str(provider.METHOD)
    raise AssertionError


@pytest.mark.parametrize("variable", [None, "other.boto"])
def test_the_file_of_boto_does_not_come_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None
) -> None:
    """Guards the identity: botocore reads ~/.boto before it asks a container."""
    monkeypatch.setenv("HOME", str(tmp_path))
    keys = "[Credentials]\naws_access_key_id = AKIDBOTO\naws_secret_access_key = x\n"
    (tmp_path / ".boto").write_text(keys)
    if variable is not None:
        monkeypatch.setenv("BOTO_CONFIG", str(tmp_path / variable))
        (tmp_path / variable).write_text(keys)
    assert method("", {}, monkeypatch) == "boto-config"
    assert method("", dict(CHANGES), monkeypatch) == "container-role"


PLUGIN = "def get_provider(): return (lambda: ('AKID', 'secret')), (lambda: False)"


def test_the_endpoint_comes_before_the_default_profiles_plugin(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards `exec --profile deploy`: the plugin of the profile `default` is not what it means."""
    install(PLUGIN, name="acme")
    environ = {**CHANGES, "AWS_CREDENTIAL_PLUGIN": "none"}
    config = "[default]\ncredential_plugin = acme\n"
    assert method(config, {}, monkeypatch) == "plugin"
    assert method(config, environ, monkeypatch) == "container-role"


def test_an_automatic_plugin_does_not_come_first(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the identity where another plugin is installed for the program."""
    install(PLUGIN, name="acme")
    assert method("", {}, monkeypatch) == "plugin"
    assert method("", {**CHANGES, "AWS_CREDENTIAL_PLUGIN": "none"}, monkeypatch) == "container-role"


@pytest.mark.parametrize(
    "changed",
    [
        {"AWS_PROFILE": "default"},
        {"AWS_PROFILE": "dev"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": None},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
    ],
)
def test_a_profile_that_is_chosen_below_is_not_ignored(
    install: Install, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str | None]
) -> None:
    """Guards a command that changes its environment: it asks for another identity, or for none."""
    install(PLUGIN, name="acme")
    config = "[default]\ncredential_plugin = acme\n[profile dev]\ncredential_plugin = acme\n"
    environ = {**CHANGES, "AWS_CREDENTIAL_PLUGIN": "none", **changed}
    with pytest.raises(PluginError, match="switched off by AWS_CREDENTIAL_PLUGIN=none"):
        method(config, environ, monkeypatch)


def test_a_private_file_is_removed_unless_it_was_replaced(tmp_path: Path) -> None:
    """Guards two servers with one file: the first to end must not take the other's away."""
    file = tmp_path / "variables"
    with private_file(file, "first"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with private_file(file, "second"):
            assert file.read_text() == "second"
    assert not file.exists()
    with private_file(file, "first"):
        file.write_text("another's")
    assert file.read_text() == "another's"


def test_a_private_file_does_not_follow_a_link(tmp_path: Path) -> None:
    """Guards the file behind a link that was put there."""
    other, file = tmp_path / "other", tmp_path / "variables"
    other.write_text("kept")
    file.symlink_to(other)
    with private_file(file, "text"):
        assert not file.is_symlink()
    assert other.read_text() == "kept"


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Guards the message, and that nothing stays behind."""
    with pytest.raises(PluginError, match=r"cannot be written \(No such file"):
        private_file(tmp_path / "missing" / "file", "text").__enter__()
    (tmp_path / "folder").mkdir()
    with pytest.raises(PluginError, match=r"cannot be written \(Is a directory"):
        private_file(tmp_path / "folder", "text").__enter__()
    assert not list(tmp_path.glob(".folder-*"))


def test_the_token_has_a_folder_of_its_own() -> None:
    """Guards the token against other users, and the folder of temporary files against litter."""
    with token_file("the-token") as file:
        assert file.read_text() == "the-token"  # without a line end, which is no part of a header
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert not file.parent.exists()
