"""`plugincreds doctor`: held against what botocore really does, and word by word."""

import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds
import plugincreds_startup
from plugincreds._bindings.compatibility import aio_unexpected_api, unexpected_api
from plugincreds._cli import terminal
from plugincreds._cli.doctor import startup_state as _startup_state
from tests.support import golden
from tests.support.commands import main
from tests.unit.conftest import GROUP, Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
DECLINES = "def get_provider(): return None"
WITH_CONTEXT = GOOD.replace("()", "(context)", 1)
KEYED = """
    from datetime import datetime, timezone
    class get_provider:
        def retrieve(self):
            return {"AccessKeyId": "AKIA", "SecretAccessKey": "secret",
                    "Expiration": datetime(2100, 1, 1, tzinfo=timezone.utc)}
        def is_expired(self): return False
        def cache_key(self): return "me"
"""
OPTIONS = "credential_plugin_options =\n  role = admin\n"
NEVER = """
    def retrieve(): raise AssertionError("it must not be called")
    def get_provider(): return retrieve, lambda: False
"""
NOISY = f"import os\nprint('noise')\nos.system('echo noise')\n{GOOD}"
STATIC = "aws_access_key_id = STATIC\naws_secret_access_key = topsecret\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "envsecret"}

Arrange = Callable[[Install, pytest.MonkeyPatch, Path], list[str]]


class Doctor:
    """Runs the doctor in this process."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Return the document, which must go with the status."""
        plugincreds.reset()
        status = main(["doctor", "--json", *arguments])
        document: dict[str, Any] = json.loads(self._capfd.readouterr().out)
        assert status == (0 if document["ok"] else 1)
        assert document["ok"] is not bool(document["errors"])
        return document


@pytest.fixture
def doctor(capfd: pytest.CaptureFixture[str]) -> Doctor:
    """Return a function that runs the doctor and returns its document."""
    return Doctor(capfd)


def nothing(_install: Install, _patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """No plugin and no credentials."""
    return []


def one(install: Install, _patch: pytest.MonkeyPatch, config: Path) -> list[str]:
    """A role, assumed with the credentials of a plugin that a profile selects."""
    install(NOISY, module="acme_doctor")
    config.write_text(
        f"[profile base]\ncredential_plugin = vault\n{STATIC}\n"
        f"[profile deploy]\n{ROLE}source_profile = base\n"
    )
    return ["--profile", "deploy"]


def several(install: Install, _patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """Two that are configured, one that declines, one that is broken; none is selected."""
    points = f"[{GROUP}]\na = acme_a:get_provider\nb = acme_b:get_provider\n"
    site = install(DECLINES, module="acme_a", entry_points=f"{points}c = acme_c\nd = acme_d:x\n")
    (site / "acme_b.py").write_text(GOOD)
    (site / "acme_c.py").write_text(GOOD.replace("get_provider", "get_aws_sdk_credential_provider"))
    return []


def broken(install: Install, patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """The selected plugin cannot be imported."""
    install("raise RuntimeError('broken')", module="acme_doctor")
    patch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    return []


def duplicate(install: Install, patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """Two packages with one name, one that cannot be read, and keys in the environment."""
    install(GOOD, module="acme_doctor", distribution="first")
    install(GOOD, module="acme_other", distribution="second")
    install(distribution="third", entry_points=f"[{GROUP}]\na line without a sign\n")
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    return []


@pytest.mark.parametrize("form", ["txt", "json"])
@pytest.mark.parametrize("arrange", [nothing, one, several, broken, duplicate])
def test_output(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    arrange: Arrange,
    form: str,
) -> None:
    """Guards every word of the text, and every key of the document that programs read."""
    options = arrange(install, monkeypatch, tmp_path / "config")
    monkeypatch.setattr(terminal, "_WIDTH", 10_000)  # paths differ in length
    status = main(["doctor", *options, *(["--json"] if form == "json" else [])])
    assert status == (1 if arrange in {nothing, broken} else 0)
    plain = golden.plain_json if form == "json" else golden.plain_text
    printed = capfd.readouterr().out
    places = {tmp_path: "TMP", Path(sys.executable): "PYTHON"}
    golden.check(f"doctor_{arrange.__name__}.{form}", plain(printed, places))


SETTINGS: dict[str, tuple[str, dict[str, str], str | None]] = {
    "nothing": ("", {}, None),
    "automatic": ("", {}, None),
    "static": (f"[default]\n{STATIC}", {}, None),
    "partial": ("[default]\naws_access_key_id = x\n", {}, None),
    "environment": ("", ENVIRONMENT, None),
    "half an environment": ("", {"AWS_ACCESS_KEY_ID": "x"}, None),
    "variable": (f"[default]\n{STATIC}", {**ENVIRONMENT, "AWS_CREDENTIAL_PLUGIN": "vault"}, None),
    "missing": (f"[default]\n{STATIC}", {"AWS_CREDENTIAL_PLUGIN": "other"}, None),
    "off": ("", {"AWS_CREDENTIAL_PLUGIN": "none"}, None),
    "off, but asked for": (
        f"[default]\ncredential_plugin = vault\n{STATIC}",
        {"AWS_CREDENTIAL_PLUGIN": "none"},
        None,
    ),
    "in code": ("[profile p]\ncredential_plugin = vault\n", ENVIRONMENT, "p"),
    "in code, automatic": ("[profile p]\nregion = x\n", ENVIRONMENT, "p"),
    "no such profile": ("[profile p]\nregion = x\n", {}, "q"),
    "none in the profile": ("[default]\ncredential_plugin = none\n", {}, None),
    "a block": ("[default]\ncredential_plugin =\n  a = b\n", {}, None),
    "a bad number": (
        "[default]\ncredential_plugin = vault\ncredential_plugin_timeout = soon\n",
        {},
        None,
    ),
    "bad options": (
        "[default]\ncredential_plugin = vault\ncredential_plugin_options = x\n",
        {},
        None,
    ),
    "a role alone": (f"[default]\n{ROLE}", {}, None),
    "a role with two sources": (
        f"[default]\n{ROLE}source_profile = x\ncredential_source = Environment\n",
        ENVIRONMENT,
        "default",
    ),
    "a role in a circle": (f"[default]\n{ROLE}source_profile = default\n", {}, None),
    "a role without a source": (f"[default]\n{ROLE}source_profile = x\n", {}, None),
    "a role of an empty profile": (
        f"[default]\n{ROLE}source_profile = x\n[profile x]\nregion = x\n",
        {},
        None,
    ),
    "an unknown source": (f"[default]\n{ROLE}credential_source = Nobody\n", {}, None),
    "an empty source": (f"[profile p]\n{ROLE}credential_source = Environment\n", {}, "p"),
    "a web identity without a role": (
        "",
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere"},
        None,
    ),
    "sso without a session": (
        "[default]\nsso_session = x\nsso_role_name = r\nsso_account_id = 1\n",
        {},
        None,
    ),
    "sso against its session": (
        "[default]\nsso_session = x\nsso_role_name = r\nsso_account_id = 1\nsso_region = a\n"
        "[sso-session x]\nsso_start_url = http://192.0.2.1\nsso_region = b\n",
        {},
        None,
    ),
    "sso with half of it": ("[default]\nsso_role_name = r\n", {}, None),
    "a file of ec2 tools": ("", {"AWS_CREDENTIAL_FILE": "keys"}, None),
    "a file of boto 2": ("", {"BOTO_CONFIG": "boto"}, None),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_answer_is_that_of_botocore(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    setting: str,
) -> None:
    """Guards the doctor's word wherever botocore can be asked without a server."""
    config, variables, profile = SETTINGS[setting]
    (tmp_path / "config").write_text(config)
    (tmp_path / "keys").write_text("AWSAccessKeyId=x\nAWSSecretKey=y\n")
    (tmp_path / "boto").write_text(f"[Credentials]\n{STATIC}")
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if setting != "nothing":
        install("def get_provider(context): return (lambda: ('AKIA', 's')), (lambda: False)")
    document = doctor(*(() if profile is None else ("--profile", profile)))
    assert not any(secret in json.dumps(document) for secret in ("topsecret", "envsecret"))
    plugincreds.reset()
    try:
        credentials = botocore.session.Session(profile=profile).get_credentials()
        expected = None if credentials is None else credentials.method.removesuffix(":vault")
    except Exception:  # noqa: BLE001 - whatever a program gets
        expected = None
    assert document["answer"] == (expected and {**document["answer"], "provider": expected})


@pytest.mark.parametrize(
    ("config", "variables", "answer", "plugin"),
    [
        (f"[default]\n{ROLE}source_profile = x\n[profile x]\n{STATIC}", {}, "assume-role", None),
        (
            f"[default]\n{ROLE}source_profile = x\n[profile x]\ncredential_plugin = vault\n",
            {},
            "assume-role",
            "vault",
        ),
        (f"[default]\n{ROLE}credential_source = CustomPlugin\n", {}, "assume-role", "vault"),
        (f"[default]\n{ROLE}credential_source = Environment\n", ENVIRONMENT, "env", None),
        ("[default]\nlogin_session = x\n", {}, "login", None),
        ("[default]\ncredential_process = /bin/false\n", {}, "custom-process", None),
        (
            # The start URL stands in both places, because older botocores read no sessions.
            "[default]\nsso_role_name = r\nsso_account_id = 1\nsso_session = x\n"
            "sso_start_url = http://192.0.2.1\nsso_region = x\n"
            "[sso-session x]\nsso_start_url = http://192.0.2.1\nsso_region = x\n",
            {},
            "sso",
            None,
        ),
        (
            "",
            {"AWS_WEB_IDENTITY_TOKEN_FILE": os.devnull, "AWS_ROLE_ARN": "arn"},
            "error",
            None,
        ),
        (
            "",
            {"AWS_WEB_IDENTITY_TOKEN_FILE": __file__, "AWS_ROLE_ARN": "arn"},
            "assume-role-with-web-identity",
            None,
        ),
        ("", {"AWS_CREDENTIAL_PLUGIN": "vault"}, "plugin", "vault"),
        (
            "[default]\ncredential_plugin = none\n",
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1"},
            "container-role",
            None,
        ),
    ],
)
def test_nothing_is_retrieved(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    config: str,
    variables: dict[str, str],
    answer: str,
    plugin: str | None,
) -> None:
    """Guards that the doctor opens no connection, starts no process and calls no retrieve()."""

    def forbidden(*_: object, **__: object) -> None:
        pytest.fail("it must only read")

    install(NEVER)
    (tmp_path / "config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    if answer == "login" and not hasattr(botocore.credentials, "LoginProvider"):
        pytest.skip("this botocore has no such provider")
    document = doctor()
    found = document["answer"]
    assert (found and found["provider"], found and found["plugin"]) == (
        (None, None) if answer == "error" else (answer, plugin)
    )


def test_the_machines_own_role_is_not_known(
    monkeypatch: pytest.MonkeyPatch, doctor: Doctor
) -> None:
    """Guards that what only a request could tell is neither promised nor denied."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    document = doctor()
    answer = {"provider": "iam-role", "plugin": None, "certain": False, "confirmed": False}
    assert document["answer"] == answer
    assert "known only when it is asked" in document["errors"][0]


def test_a_role_of_the_machines_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards that who has written down to use the machine's role is not told of doubts."""
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    config = f"[default]\n{ROLE}credential_source = Ec2InstanceMetadata\n"
    (tmp_path / "config").write_text(config)
    answer = {"provider": "assume-role", "plugin": None, "certain": True, "confirmed": False}
    assert doctor()["answer"] == answer


def test_a_provider_that_is_not_known(monkeypatch: pytest.MonkeyPatch, doctor: Doctor) -> None:
    """Guards programs whose chain has a provider of their own: it is shown, and not asked."""
    theirs = type("Theirs", (), {"METHOD": "theirs", "load": lambda _: pytest.fail("asked")})
    create = botocore.credentials.create_credential_resolver

    def with_theirs(*arguments: Any, **more: Any) -> Any:
        resolver = create(*arguments, **more)
        resolver.providers.insert(0, theirs())
        return resolver

    with_theirs.__plugincreds_original__ = create  # type: ignore[attr-defined]
    monkeypatch.setattr(botocore.credentials, "create_credential_resolver", with_theirs)
    first = doctor()["chain"][0]
    assert (first["provider"], first["status"]) == ("theirs", "unknown")


def test_keys_in_the_environment_before_a_profiles_plugin(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards the contradiction that is hardest to see: the keys sign, not the profile's plugin."""
    install(GOOD)
    (tmp_path / "config").write_text("[default]\n\ncredential_plugin = vault\n")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    document = doctor()
    assert document["answer"]["provider"] == "env"
    assert f"({tmp_path / 'config'}:3)" in document["errors"][0]
    assert "env comes before the plugin" in document["errors"][0]


@pytest.mark.parametrize(
    ("config", "variables", "arguments", "warning", "is_ok"),
    [
        ("", ENVIRONMENT, (), "The keys in the environment come before", True),
        (
            f"[default]\ncredential_plugin = vault\n{STATIC}",
            {},
            (),
            "beside aws_access_key_id and aws_secret_access_key",
            True,
        ),
        (
            f"[default]\ncredential_plugin = vault\n{ROLE}source_profile = x\n"
            f"[profile x]\n{STATIC}",
            {},
            (),
            "the profile also has role_arn and source_profile",
            False,
        ),
        (
            "[default]\ncredential_plugin = other\n",
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            (),
            "comes before credential_plugin = other",
            True,
        ),
        (
            f"[default]\n{ROLE}credential_source = CustomPlugin\n",
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            (),
            "which is not assumed",
            True,
        ),
        (
            "",
            {**ENVIRONMENT, "AWS_CREDENTIAL_PLUGIN": "vault"},
            (),
            "AWS_ACCESS_KEY_ID is set beside the selected plugin 'vault'. boto3 uses the plugin",
            True,
        ),
        (
            "[profile p]\ncredential_plugin = vault\n",
            ENVIRONMENT,
            ("--profile", "p"),
            "AWS_ACCESS_KEY_ID is set beside the selected plugin 'vault'. boto3 uses the plugin",
            True,
        ),
        (
            f"[profile p]\n{STATIC}",
            {"AWS_CREDENTIAL_PLUGIN": "vault"},
            ("--profile", "p"),
            "AWS_CREDENTIAL_PLUGIN=vault is skipped",
            True,
        ),
    ],
)
def test_warnings(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    config: str,
    variables: dict[str, str],
    arguments: tuple[str, ...],
    warning: str,
    is_ok: bool,
) -> None:
    """Guards that what surprises people is told, and whether it counts as a contradiction."""
    install(GOOD)
    (tmp_path / "config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    document = doctor(*arguments)
    (found,) = document["warnings"] + document["errors"]  # one fault is said once
    assert warning in found
    assert document["ok"] is is_ok


def test_a_plugin_that_uses_the_keys_of_the_profile(
    install: Install, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards that the doctor warns of the keys where a program does, too."""
    (tmp_path / "config").write_text(f"[default]\ncredential_plugin = vault\n{STATIC}")
    for attribute, warns in (("", True), ("uses_profile_keys = True", False)):
        install(f"{KEYED}        {attribute}\n")
        warnings = doctor()["warnings"]
        assert any("beside aws_access_key_id" in each for each in warnings) == warns


def test_our_own_warnings_are_in_the_document_only(
    install: Install, tmp_path: Path, doctor: Doctor, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that nothing is said twice, and that logging is as before."""
    install(GOOD)
    (tmp_path / "config").write_text(
        f"[default]\ncredential_plugin = vault\n{ROLE}source_profile = x\n[profile x]\n{STATIC}"
    )
    doctor()
    assert capfd.readouterr().err == ""
    logger = logging.getLogger("plugincreds")
    assert logger.propagate
    assert not logger.handlers
    assert not logger.filters


def test_really_retrieved(install: Install, doctor: Doctor, tmp_path: Path) -> None:
    """Guards what may be shown of credentials, and the windows of the refresh engine."""
    install("""
        from datetime import datetime, timedelta, timezone
        from plugincreds import Value
        print("noise")
        def retrieve():
            print("noise")
            expiry = datetime.now(timezone.utc) + timedelta(hours=1)
            return Value("AKIAWXYZ", "topsecret", "toptoken", expiry_time=expiry)
        def get_provider(): return retrieve, lambda: False
    """)
    (tmp_path / "config").write_text("[default]\ncredential_plugin_cache = false\n")
    document = doctor("--retrieve")
    answer = {"provider": "plugin", "plugin": "vault", "certain": True, "confirmed": True}
    assert document["answer"] == answer
    retrieved = document["retrieved"]
    assert (retrieved["method"], retrieved["access_key_ends_with"]) == ("plugin:vault", "WXYZ")
    assert retrieved["advisory_at"] < retrieved["mandatory_at"] < retrieved["expires_at"]
    assert "top" not in json.dumps(document)


@pytest.mark.parametrize(
    ("source", "config", "found"),
    [
        ("raise OSError('no network')", "[default]\n", "no network"),
        ("return None", "[default]\ncredential_plugin = vault\n", "declined"),
        ("return 'AKIAWXYZ'", "[default]\n", "of type str"),
        ("raise SystemExit(3)", "[default]\n", "SystemExit"),
    ],
)
def test_an_error_is_a_sentence(
    install: Install, tmp_path: Path, doctor: Doctor, source: str, config: str, found: str
) -> None:
    """Guards that a failing plugin leads to a sentence, never to a traceback."""
    install(f"def retrieve(): {source}\ndef get_provider(): return retrieve, lambda: False")
    (tmp_path / "config").write_text(config)
    document = doctor("--retrieve")
    assert document["answer"] is None
    assert found in document["retrieved"]["error"]
    assert document["retrieved"]["error"] == document["raises"]
    place = f"{tmp_path / 'config'}, line 2"
    errors = [each.replace(place, "the profile 'default'") for each in document["errors"]]
    assert errors == [document["raises"]]
    (step,) = (step for step in document["chain"] if step["status"] == "error")
    assert (step["provider"], step["reason"]) == ("plugin", document["raises"])
    assert "Traceback" not in json.dumps(document)


@pytest.mark.parametrize("variable", ["", "vault"])
def test_a_plugin_that_asks_for_itself(
    install: Install, monkeypatch: pytest.MonkeyPatch, doctor: Doctor, variable: str
) -> None:
    """Guards that the doctor neither calls such a getter for ever nor takes it for a decline."""
    install("""
        import botocore.session
        def get_provider():
            try:
                botocore.session.Session().get_credentials()
            except Exception:
                return None
    """)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    document = doctor()
    assert document["answer"] is None
    assert "asks for its own credentials" in document["errors"][0]


DECLINES_LATE = "def get_provider(): return (lambda: None), (lambda: False)"


@pytest.mark.parametrize("others", [{}, {"zeta": GOOD}, {"zeta": DECLINES_LATE, "zeus": GOOD}])
def test_what_is_retrieved_has_the_last_word(
    install: Install, doctor: Doctor, others: dict[str, str]
) -> None:
    """Guards that a plugin which declines only when it is asked is not promised as the answer."""
    install(DECLINES_LATE)
    for name, source in others.items():
        install(source, name=name, distribution=name)
    document = doctor()
    answer = {"provider": "plugin", "plugin": "vault", "certain": False, "confirmed": False}
    assert document["answer"] == answer
    assert document["ok"]
    (reason,) = (step["reason"] for step in document["chain"] if step["plugin"])
    assert reason.endswith("; it may still decline when it is asked")
    document = doctor("--retrieve")
    used = list(others)[-1] if others else None
    answer |= {"plugin": used, "certain": True, "confirmed": True}
    assert document["answer"] == (used and answer)
    assert document["ok"] is bool(others)
    (step,) = (step for step in document["chain"] if step["provider"] == "plugin")
    assert step["status"] == ("answers" if others else "not configured")
    assert "may still decline" not in json.dumps(document)
    states = {each["name"]: each["state"] for each in step["plugins"]}
    assert states == {"vault": "declines"} | {
        name: "configured" if name == used else "declines" for name in others
    }


@pytest.mark.parametrize("is_selected_by", ["variable", "profile", "source"])
def test_a_selected_plugin_is_certain(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    is_selected_by: str,
) -> None:
    """Guards that there is no doubt where a decline is an error: nothing else can sign."""
    install(DECLINES_LATE)
    if is_selected_by == "variable":
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    elif is_selected_by == "profile":
        (tmp_path / "config").write_text("[default]\ncredential_plugin = vault\n")
    else:  # it is the only one
        (tmp_path / "config").write_text(f"[default]\n{ROLE}credential_source = CustomPlugin\n")
    document = doctor()
    assert (document["answer"]["plugin"], document["answer"]["certain"]) == ("vault", True)
    assert doctor("--retrieve")["answer"] is None


@pytest.mark.parametrize("depth", [1, 2])
def test_which_automatic_plugin_a_role_is_assumed_with(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doctor: Doctor, depth: int
) -> None:
    """Guards the same doubt, and the same last word, behind a role; botocore's names are pinned."""
    install(DECLINES_LATE)
    install(GOOD, name="zeta", distribution="zeta")
    role = {"AccessKeyId": "ROLE", "SecretAccessKey": "s", "SessionToken": "t"}
    role["Expiration"] = "2100-01-01T00:00:00Z"
    fetcher = botocore.credentials.AssumeRoleCredentialFetcher
    monkeypatch.setattr(fetcher, "_get_credentials", lambda _: {"Credentials": role})
    source = f"{ROLE}credential_source = CustomPlugin\n"
    lines = f"{ROLE}source_profile = base\n[profile base]\n{source}" if depth > 1 else source
    (tmp_path / "config").write_text(f"[default]\n{lines}")
    answer = {"provider": "assume-role", "plugin": "vault", "certain": False, "confirmed": False}
    assert doctor()["answer"] == answer
    answer |= {"plugin": "zeta", "certain": True, "confirmed": True}
    assert doctor("--retrieve")["answer"] == answer


def test_long_sentences_are_wrapped(
    install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that long sentences are broken where words end, with a mark before each."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "valt")
    assert main(["doctor"]) == 1
    _, _, errors = capfd.readouterr().out.partition("Errors\n")
    lines = errors.partition("\n\n")[0].splitlines()
    assert lines[0].startswith("- AWS_CREDENTIAL_PLUGIN=valt asks")
    assert lines[1].startswith("  ")
    assert max(map(len, lines)) <= 80


def test_the_hook_is_taken_out(doctor: Doctor, install: Install) -> None:
    """Guards that a chain without plugins is shown as such, with the reason."""
    install(GOOD)
    plugincreds_startup.uninstall()
    try:
        document = doctor()
    finally:
        plugincreds_startup.install()
    assert not document["startup_hook"]["active"]
    (error,) = document["errors"]
    assert "uninstall()" in error or ".pth" in error
    assert document["warnings"] == []  # one fault is said once
    assert "plugin" not in [step["provider"] for step in document["chain"]]
    assert "because the startup hook is not active. " in error


def test_a_selected_plugin_is_not_used_without_the_hook(
    doctor: Doctor, install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards the worst case: everything seems right, and another identity signs."""
    install(GOOD)
    (tmp_path / "config").write_text(f"[default]\n{STATIC}")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    plugincreds_startup.uninstall()
    try:
        document = doctor()
    finally:
        plugincreds_startup.install()
    assert document["answer"]["provider"] == "config-file"
    assert (
        "so the plugin is not used, and the credentials of config-file are used"
        in document["errors"][0]
    )
    assert document["startup_hook"]["reason"] in document["errors"][0]
    assert document["warnings"] == []


def test_half_of_the_hook(monkeypatch: pytest.MonkeyPatch, doctor: Doctor) -> None:
    """Guards that a function which was replaced is named."""
    original = botocore.credentials.create_credential_resolver.__plugincreds_original__
    monkeypatch.setattr(botocore.credentials, "create_credential_resolver", original)
    state = doctor()["startup_hook"]
    assert not state["active"]
    assert "create_credential_resolver of botocore.credentials is not" in state["reason"]


def test_a_finder_ahead_of_the_hook(monkeypatch: pytest.MonkeyPatch, doctor: Doctor) -> None:
    """Guards that the finder is named which answers for botocore's module itself."""

    class Ahead:
        def find_spec(self, name: str, *_: object) -> object:
            return object() if name == "botocore.credentials" else None

    module, builder = botocore.credentials, botocore.credentials.ProfileProviderBuilder
    original = module.create_credential_resolver.__plugincreds_original__
    monkeypatch.setattr(module, "create_credential_resolver", original)
    monkeypatch.setattr(builder, "providers", builder.providers.__plugincreds_original__)
    assert "past the finders" in doctor()["startup_hook"]["reason"]
    monkeypatch.setattr(sys, "meta_path", [Ahead(), *sys.meta_path])
    assert "Ahead comes before the hook" in doctor()["startup_hook"]["reason"]


def test_why_the_hook_has_not_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards the reasons that the functional tests cannot bring about in every Python."""

    def reason(module: Path) -> str:
        monkeypatch.setattr(plugincreds_startup, "__file__", str(module))
        state = doctor()["startup_hook"]
        assert (state["active"], state["module"]) == (False, str(module))
        return str(state["reason"])

    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr("site.getusersitepackages", lambda: str(tmp_path / "none"))
    plugincreds_startup.uninstall()
    try:
        module = tmp_path / "plugincreds_startup.py"
        assert "is not a site directory" in reason(tmp_path / "other" / module.name)
        assert "is missing beside" in reason(module)
        module.with_suffix(".pth").touch()
        assert "its line has not run" in reason(module)
        monkeypatch.setattr(_startup_state, "_NO_IMPORT_LINES_SINCE", (3, 10))  # as in 3.18
        assert "ignore import lines in .pth files" in reason(module)
        assert "pip install --upgrade plugincreds" in reason(module)
        module.with_suffix(".start").touch()
        monkeypatch.setattr(_startup_state, "_START_FILES_SINCE", (3, 10))
        assert ".start stands beside" in reason(module)
        module.with_suffix(".pth").unlink()  # as `make start-wheel` has it
        assert f"{module.with_suffix('.start')} is there, but its line" in reason(module)
        assert doctor()["startup_hook"]["startup_file"] == str(module.with_suffix(".start"))
    finally:
        plugincreds_startup.install()


def test_a_startup_module_of_another_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards the caution about two versions, though the hook is active."""
    monkeypatch.setattr(plugincreds_startup, "__file__", str(tmp_path / "plugincreds_startup.py"))
    state = doctor()["startup_hook"]
    assert state["active"]
    assert "different versions" in state["caution"]


def test_todays_packages_are_compatible() -> None:
    """Guards that the doctor's check says of the supported versions what the tests say."""
    assert unexpected_api(botocore.credentials) == ()
    aio = pytest.importorskip("aiobotocore.credentials")
    assert aio_unexpected_api(aio, botocore.credentials) == ()


def test_an_unexpected_api_is_named() -> None:
    """Guards that each thing that we rely on is looked at, and that nothing is raised."""
    nothing_there = SimpleNamespace()
    assert set(unexpected_api(nothing_there)) == {
        "CredentialResolver",
        "ProfileProviderBuilder._session",
        "ProfileProviderBuilder.providers",
        "ReadOnlyCredentials",
        "RefreshableCredentials.refresh_needed",
        "create_credential_resolver",
    }
    assert set(aio_unexpected_api(nothing_there, botocore.credentials)) == {
        "AioCredentialResolver.load_credentials",
        "AioProfileProviderBuilder",
        "AioRefreshableCredentials.get_frozen_credentials",
        "ReadOnlyCredentials",
        "create_credential_resolver",
    }


def test_an_incompatible_botocore(monkeypatch: pytest.MonkeyPatch, doctor: Doctor) -> None:
    """Guards the advice that a person gets before anything goes wrong."""
    name = "RefreshableCredentials.refresh_needed"
    monkeypatch.delattr(botocore.credentials.RefreshableCredentials, "refresh_needed")
    document = doctor()
    unexpected = {module: names for module, names in document["bindings"].items() if names}
    assert unexpected == {"botocore.credentials": [name]}
    assert f"has an unexpected API: {name}. That" in document["warnings"][0]


@pytest.mark.parametrize(
    ("value", "wanted", "problem"), [("true", True, False), ("maybe", False, True)]
)
def test_the_cache_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, doctor: Doctor, value: str, wanted: bool, problem: bool
) -> None:
    """Guards that a person sees whether values are shared, and what is wrong with the wish."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", value)
    cache = doctor()["cache"]
    assert (cache["wanted"], bool(cache["problem"])) == (wanted, problem)
    assert cache["asked_by"] == "AWS_CREDENTIAL_PLUGIN_CACHE"


@pytest.mark.parametrize("arguments", [(), ("--retrieve",)])
@pytest.mark.parametrize(
    ("source", "is_raised"),
    [(KEYED, True), (GOOD, False), (DECLINES, False)],
    ids=["keyed", "keyless", "declining"],
)
def test_sharing_lacks_a_package(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    source: str,
    is_raised: bool,
    arguments: tuple[str, ...],
) -> None:
    """Guards that it is an error only where boto3 raises it: for a plugin that can share."""
    install(source)
    (tmp_path / "config").write_text(f"[default]\n{STATIC}")
    variables = {"AWS_CREDENTIAL_PLUGIN_CACHE": "true"}
    if source != DECLINES:
        variables["AWS_CREDENTIAL_PLUGIN"] = "vault"
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(sys.modules, "filelock", None)
    document = doctor(*arguments)
    assert document["ok"] is not is_raised
    (said,) = document["errors"] + document["warnings"]
    assert (said in document["errors"]) is is_raised
    assert ("has no cache_key()" if source == GOOD else "needs the package filelock") in said
    assert document["raises"] == (said if is_raised else None)


@pytest.mark.parametrize("selected", ["", "vault"])
@pytest.mark.parametrize("arguments", [(), ("--retrieve",)])
def test_a_plugin_whose_values_cannot_be_shared(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    selected: str,
    arguments: tuple[str, ...],
) -> None:
    """Guards against a plain yes where each process retrieves for itself, and says so once."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selected)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(tmp_path / "shared"))
    assert main(["doctor", *arguments]) == 0
    printed = capfd.readouterr().out
    assert "shared cache  wanted, but see above\n" in printed
    assert printed.count("has no cache_key()") == 1


def test_a_role_with_a_plugin_whose_values_cannot_be_shared(
    install: Install, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards that what is to be said of a plugin is said of the role's, too."""
    install(GOOD)
    (tmp_path / "config").write_text(
        f"[default]\n{ROLE}source_profile = base\n"
        f"[profile base]\ncredential_plugin = vault\ncredential_plugin_cache = true\n{OPTIONS}"
    )
    warnings = doctor()["warnings"]
    assert [sentence.partition(" has no ")[2][:11] for sentence in warnings] == ["cache_key()", ""]
    assert "does not receive the options of the profile 'base' (role)" in warnings[1]


@pytest.mark.parametrize(
    ("source", "lines", "variable", "is_told"),
    [
        (GOOD, OPTIONS, "vault", True),
        (GOOD, OPTIONS, "", True),
        (GOOD, f"credential_plugin = vault\n{OPTIONS}", "", True),
        (GOOD, "credential_plugin_options = role=admin\n", "vault", True),
        (GOOD, "credential_plugin_options =\n", "vault", False),
        (WITH_CONTEXT, OPTIONS, "vault", False),
    ],
)
def test_unread_options(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    doctor: Doctor,
    source: str,
    lines: str,
    variable: str,
    is_told: bool,
) -> None:
    """Guards against another role than the one that a person has written down."""
    install(source)
    (tmp_path / "config").write_text(f"[default]\n{lines}")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    document = doctor()
    assert document["ok"]
    assert ["have no effect" in sentence for sentence in document["warnings"]] == [True] * is_told
    assert "admin" not in json.dumps(document)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("credential_plugins = vault", "the unknown key credential_plugins; did you mean "
         "credential_plugin? "),
        ("credential_plugin_opts = x", "did you mean credential_plugin_options? "),
        ("credentials_plugin = vault", "did you mean credential_plugin? "),
        ("credential_plugin_" + "x" * 40 + " = y", "x. Correct or remove credential_plugin_xxx"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", ["default", "base"])
def test_an_unknown_key(tmp_path: Path, doctor: Doctor, line: str, said: str, profile: str) -> None:
    """Guards that a typo is seen, because of which other keys sign, also in a source profile."""
    lines = dict.fromkeys(["default", "base"], "") | {profile: line}
    (tmp_path / "config").write_text(
        f"[default]\n{ROLE}source_profile = base\n{lines['default']}\n"
        f"[profile base]\n{STATIC}{lines['base']}\n[profile other]\ncredential_pluginx = a\n"
    )
    document = doctor()
    (warning,) = document["warnings"]
    assert warning.startswith(f"The profile {profile!r} has ")
    assert said in warning
    number = (tmp_path / "config").read_text().splitlines().index(line) + 1
    key = line.partition(" ")[0]
    place = f"{key} in {tmp_path / 'config'}, line {number}."
    assert warning.endswith(f" Correct or remove {place}")
    assert document["ok"]


@pytest.mark.parametrize(
    ("lines", "listed"),
    [
        ("\nrole = admin\nregion = x\nserver = s\n", "role, server"),
        ("\n  role = admin\nserver = s\n", "server"),
        ("\nrole = admin\n  server = s\n", "role"),
        ("\n  role = admin\n", ""),
    ],
)
@pytest.mark.parametrize("profile", ["default", "base"])
def test_options_that_may_have_lost_their_indentation(
    install: Install, tmp_path: Path, doctor: Doctor, lines: str, listed: str, profile: str
) -> None:
    """Guards the advice which lines to indent, of all or of some of the options."""
    install(WITH_CONTEXT)
    block = f"note = x\ncredential_plugin = vault\ncredential_plugin_options ={lines}"
    role = f"[default]\n{ROLE}source_profile = base\n" if profile == "base" else ""
    name = "profile base" if role else profile
    (tmp_path / "config").write_text(f"{role}[{name}]\n{block}")
    document = doctor()
    file = tmp_path / "config"
    written = file.read_text().splitlines()
    numbers = {each.strip().partition(" ")[0]: i for i, each in enumerate(written, start=1)}
    places = ", ".join(f"{key} ({file}:{numbers[key]})" for key in listed.split(", ") if key)
    said = (
        f"The profile {profile!r} has keys after credential_plugin_options that AWS does not know: "
        f"{listed}. If they are options, indent their lines: {places}."
    )
    is_empty = "\n  role" not in lines
    assert document["warnings"] == ([said] if listed and not is_empty else [])
    first = numbers["credential_plugin_options"]
    error = (
        f"The profile {profile!r} has credential_plugin_options in {file}, line {first}, without "
        "indented lines below it. Indent these lines, if they are options, as in '  key = value': "
        f"{places}."
    )
    assert document["errors"] == ([error] if is_empty else [])


def test_keys_of_ours_and_of_botocore(tmp_path: Path, install: Install, doctor: Doctor) -> None:
    """Guards who has written nothing wrong."""
    install(WITH_CONTEXT)
    (tmp_path / "config").write_text(
        f"[default]\ncredential_plugin = vault\n{OPTIONS}credential_plugin_cache = false\n"
        "credential_plugin_timeout = 9\ncredential_plugin_advisory_window = 9\n"
        "credential_source = Environment\nregion = x\noutput = json\ncli_pager =\nca_bundle = x\n"
        "max_attempts = 3\nservices = local\nendpoint_url = http://127.0.0.1\n"
        "s3 =\n  addressing_style = path\nmfa_serial = x\n"
    )
    assert doctor()["warnings"] == []


def test_a_decline_is_told_as_the_program_tells_it(
    install: Install, tmp_path: Path, doctor: Doctor
) -> None:
    """Guards that a person finds the misspelt option without running the program."""
    install("def get_provider(context): return None")
    (tmp_path / "config").write_text(
        "[default]\ncredential_plugin = vault\ncredential_plugin_options =\n  rolle = admin\n"
    )
    (error,) = doctor()["errors"]
    file = tmp_path / "config"
    received = f"It received these options of the profile 'default': rolle ({file}:4). Configure "
    assert received in error
    with pytest.raises(plugincreds.PluginError) as caught:
        botocore.session.Session().get_credentials()
    plain = error.replace(f"{file}, line 2", "the profile 'default'").replace(f" ({file}:4)", "")
    assert str(caught.value) == plain


@pytest.mark.parametrize(
    ("config", "variables", "has_hook", "arguments", "end"),
    [
        ("", {}, True, (), "No credentials would be found."),
        ("", {}, True, ("--retrieve",), "No credentials would be found."),
        ("", {"AWS_CREDENTIAL_PLUGIN": "x"}, True, (), "boto3 would raise this error."),
        ("", {"AWS_CREDENTIAL_PLUGIN": "x"}, True, ("--retrieve",), "boto3 raises this error."),
        (
            f"[default]\n{ROLE}",
            {"AWS_CREDENTIAL_PLUGIN": "x"},
            False,
            (),
            "boto3 would raise the first of these errors.",
        ),
        (
            "[default]\ncredential_plugin = x\n",
            ENVIRONMENT,
            True,
            (),
            "Credentials would come from env, not from the selected plugin x.",
        ),
        (
            "[default]\ncredential_plugin =\n  x = y\n",
            ENVIRONMENT,
            True,
            (),
            "Credentials would come from env, but see the errors below.",
        ),
    ],
)
def test_the_verdict(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    config: str,
    variables: dict[str, str],
    has_hook: bool,
    arguments: tuple[str, ...],
    end: str,
) -> None:
    """Guards what most people read alone: it must be true of each way to end."""
    (tmp_path / "config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if not has_hook:
        plugincreds_startup.uninstall()
    try:
        assert main(["doctor", *arguments]) == 1
    finally:
        plugincreds_startup.install()
    assert capfd.readouterr().out.splitlines()[0] == end
