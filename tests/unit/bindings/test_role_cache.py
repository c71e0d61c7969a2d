"""The session of a role, kept in files: never one that another plugin's credentials have got."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest

import plugincreds
from tests.unit.conftest import Install

ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
INNER = "role_arn = arn:aws:iam::123456789012:role/inner\n"
STATIC = "def get_provider(): return (lambda: ('{}', 'secret')), (lambda: False)"
# Says whose credentials it gives: those of the person that stands in the environment.
KEYED = """
    import os
    from datetime import datetime, timedelta, timezone
    from plugincreds import Value
    numbers = iter(range(1, 100))
    class get_provider:
        def retrieve(self):
            expiry = datetime.now(timezone.utc) + timedelta(hours=1)
            return Value(f"{os.environ['WHO']}{next(numbers)}", "secret", expiry_time=expiry)
        def is_expired(self): return False
        def cache_key(self): return os.environ["WHO"]
"""
TELLING = """
    import plugincreds
    class get_provider:
        def __init__(self, context): self.context = context
        def retrieve(self):
            found = self.context.session.get_credentials()
            return found.access_key if found else self.context.options["who"], "secret"
        def is_expired(self): return False
        def cache_key(self): return "server"
"""


class Roles:
    """Assumes roles in sessions that keep them in one folder, as the AWS CLI does."""

    def __init__(self, folder: Path, config: Path) -> None:
        self._folder, self._config = folder / "roles", config

    def write(self, text: str) -> None:
        """Write the configuration."""
        self._config.write_text(text)

    def by(self, profile: str = "r", session: Any = None) -> str:
        """Return the key of a role's session, which is that of its source with `role-` before."""
        session = session or botocore.session.Session(profile=profile)
        chain = session.get_component("credential_provider")
        chain.get_provider("assume-role").cache = botocore.credentials.JSONFileCache(
            str(self._folder)
        )
        found = session.get_credentials()
        assert found.method == "assume-role"
        return str(found.access_key)

    def files(self) -> list[str]:
        """Return the names of the files."""
        return sorted(file.stem for file in self._folder.glob("*"))


def assume(fetcher: Any) -> dict[str, Any]:
    """Return what STS would answer, without asking it."""
    source = fetcher._source_credentials.get_frozen_credentials()
    expiry = datetime.now(timezone.utc) + timedelta(hours=1)
    return {
        "Credentials": {
            "AccessKeyId": f"role-{source.access_key}",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": expiry.isoformat(),
        }
    }


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Roles:
    monkeypatch.setattr(
        botocore.credentials.AssumeRoleCredentialFetcher, "_get_credentials", assume
    )
    found = Roles(tmp_path, tmp_path / "config")
    found.write(f"[profile r]\n{ROLE}credential_source = CustomPlugin\n")
    return found


SOURCES = {
    "credential_source": "credential_source = CustomPlugin\ncredential_plugin = {}\n",
    "source_profile": "source_profile = s\n[profile s]\ncredential_plugin = {}\n",
    "a chain": f"source_profile = m\n[profile m]\n{INNER}source_profile = s\n"
    "[profile s]\ncredential_plugin = {}\n",
    "a chain with MFA": f"source_profile = m\n[profile m]\n{INNER}mfa_serial = 1\n"
    "source_profile = s\n[profile s]\ncredential_plugin = {}\n",
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_another_plugin_assumes_the_role_again(install: Install, roles: Roles, source: str) -> None:
    """Guards each way from a role to a plugin; what is kept is found by the same plugin."""
    install(STATIC.format("VAULT"))
    install(STATIC.format("ZETA"), name="zeta", distribution="zeta")
    depth = source.count("role_arn") + 1
    for plugin in ("vault", "zeta", "vault", "zeta"):
        roles.write(f"[profile r]\n{ROLE}{source.format(plugin)}")
        assert roles.by() == "role-" * depth + plugin.upper()
    assert len(roles.files()) == 2 * depth


def test_the_variable_selects_the_source(
    install: Install, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the case that was found: one command with a variable, and the next with another."""
    install(STATIC.format("VAULT"))
    install(STATIC.format("ZETA"), name="zeta", distribution="zeta")
    for plugin in ("vault", "zeta"):
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", plugin)
        assert roles.by() == f"role-{plugin.upper()}"
    monkeypatch.delenv("AWS_CREDENTIAL_PLUGIN")
    assert roles.by() == "role-VAULT"
    assert len(roles.files()) == 2


def test_another_identity_of_the_plugin(
    install: Install, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards `cache_key()`: each person has a file, whatever the key is that they get."""
    install(KEYED)
    for who in ("ALICE", "BOB", "ALICE"):
        plugincreds.reset()
        monkeypatch.setenv("WHO", who)
        assert roles.by() == f"role-{who}{1 if who == 'ALICE' else 2}"
    assert len(roles.files()) == 2


def test_other_options_and_base_credentials(
    install: Install, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards what decides the identity beside `cache_key()`."""
    install(TELLING)
    lines = "credential_plugin = vault\ncredential_plugin_options =\n  who = {}\n"
    for who in ("ALICE", "BOB"):
        roles.write(f"[profile r]\n{ROLE}credential_source = CustomPlugin\n{lines.format(who)}")
        assert roles.by() == f"role-{who}"
    monkeypatch.setenv("AWS_PROFILE", "r")
    session = botocore.session.Session()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "CAROL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    session.get_component("credential_provider").remove("env")
    assert roles.by(session=session) == "role-CAROL"
    assert len(roles.files()) == 3


def test_a_plugin_that_does_not_say_whose(
    install: Install, roles: Roles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards two people who use it: a key that stays tells them apart, another is not kept."""
    install("import os\n" + STATIC.format("' + os.environ['WHO'] + '"))
    for who in ("ALICE", "BOB", "ALICE"):
        plugincreds.reset()
        monkeypatch.setenv("WHO", who)
        assert roles.by() == f"role-{who}"
    assert len(roles.files()) == 2
    install(KEYED.replace("cache_key", "other"), name="aged", distribution="aged")
    for number in (1, 2):
        plugincreds.reset()
        assert roles.by() == f"role-ALICE{number}"
    assert len(roles.files()) == 2


def test_a_role_without_a_plugin_has_botocore_s_file(install: Install, roles: Roles) -> None:
    """Guards the sessions that the AWS CLI has kept already, and what else may read them."""
    install(STATIC.format("VAULT"))
    keys = "aws_access_key_id = STATIC\naws_secret_access_key = secret\n"
    roles.write(f"[profile r]\n{ROLE}source_profile = s\n[profile s]\n{keys}")
    assert roles.by() == "role-STATIC"
    fetcher = botocore.credentials.AssumeRoleCredentialFetcher(
        None, None, "arn:aws:iam::123456789012:role/r"
    )
    assert roles.files() == [fetcher._cache_key]


def test_a_role_without_a_plugin_imports_nothing_more(roles: Roles, tmp_path: Path) -> None:
    """Guards the time that it takes: nothing of the engine, nor of what holds credentials."""
    keys = "aws_access_key_id = STATIC\naws_secret_access_key = secret\n"
    roles.write(f"[profile r]\n{ROLE}source_profile = s\n[profile s]\n{keys}")
    program = (
        "import botocore.session, plugincreds_startup, sys; plugincreds_startup.install();"
        "found = botocore.session.Session(profile='r').get_credentials();"
        "print(found.method, *(name for name in sys.modules if name.startswith('plugincreds.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    method, *modules = done.stdout.split()
    assert (method, done.stderr) == ("assume-role", "")
    assert "plugincreds._bindings.plugin_provider" in modules
    assert not [name for name in modules if "credentials" in name or "_lifecycle" in name]


@pytest.mark.usefixtures("roles")
def test_aiobotocore(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the same where the role is awaited."""
    aio = pytest.importorskip("aiobotocore.session")
    credentials = pytest.importorskip("aiobotocore.credentials")
    install(STATIC.format("VAULT"))
    install(STATIC.format("ZETA"), name="zeta", distribution="zeta")

    async def assume_role(fetcher: Any) -> dict[str, Any]:
        frozen = await fetcher._source_credentials.get_frozen_credentials()
        assert frozen.access_key in {"VAULT", "ZETA"}
        return assume(type("Fetcher", (), {"_source_credentials": Frozen(lambda: frozen)}))

    async def key(cache: dict[str, Any]) -> str:
        session = aio.AioSession(profile="r")
        chain = session.get_component("credential_provider")
        chain.get_provider("assume-role").cache = cache
        found = await session.get_credentials()
        return str((await found.get_frozen_credentials()).access_key)

    monkeypatch.setattr(credentials.AioAssumeRoleCredentialFetcher, "_get_credentials", assume_role)
    cache: dict[str, Any] = {}
    for plugin in ("vault", "zeta", "vault"):
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", plugin)
        assert asyncio.run(key(cache)) == f"role-{plugin.upper()}"
    assert len(cache) == 2


class Frozen:
    """Credentials that only have the one method."""

    def __init__(self, get_frozen_credentials: Callable[[], Any]) -> None:
        self.get_frozen_credentials = get_frozen_credentials
