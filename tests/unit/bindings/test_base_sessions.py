"""What a plugin finds that needs AWS itself: never its own credentials, never an outer role."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import botocore.session
import pytest

import plugincreds
from plugincreds import PluginError, PluginProviderRetrieveError
from tests.unit.conftest import Install

# Tells whom its base session would sign as, in place of an access key.
LOOKING = """
    import plugincreds, threading
    def look(session):
        found = session.get_credentials()
        return "NOBODY" if found is None else found.method if found.method == "assume-role" else (
            found.access_key)
    class get_provider:
        def __init__(self, context): self.context = context
        def retrieve(self): return look(self.session()), "secret"
        def is_expired(self): return False
        def session(self): return {}
"""
# The three ways to a base session; the second thread has none of the first one's context.
WAYS = {
    "context": LOOKING.format("self.context.session"),
    "base_session": LOOKING.format("plugincreds.base_session()"),
    "thread": LOOKING.format("self.context.session").replace(
        "return look(self.session()), ",
        "t = threading.Thread(target=lambda: out.append(look(self.session()))); out = []; "
        "t.start(); t.join(); return out[0], ",
    ),
}
STATIC = "aws_access_key_id = STATIC{}\naws_secret_access_key = static\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"
VAULT = "credential_plugin = vault\n"
CONFIG = (
    "[default]\nregion = eu-west-1\n"
    f"[profile active]\n{VAULT}"
    f"[profile static]\n{VAULT}{STATIC.format(1)}"
    f"[profile outer]\n{ROLE}source_profile = static\n"
    f"[profile farther]\n{ROLE}source_profile = outer\n"
    f"[profile base]\n{VAULT}{STATIC.format(2)}{ROLE}source_profile = user\n"
    f"[profile outer2]\n{ROLE}source_profile = base\n"
    f"[profile itself]\n{VAULT}{STATIC.format(3)}{ROLE}source_profile = itself\n"
    f"[profile sourced]\n{ROLE}credential_source = CustomPlugin\n"
    f"[profile sourced2]\n{ROLE}source_profile = sourced\n"
    f"[profile user]\n{STATIC.format(4)}"
    f"[profile plain]\n{ROLE}source_profile = user\n"
    "[profile other]\ncredential_plugin = zeta\n"
    f"[profile from-other]\n{ROLE}source_profile = other\n"
)


@pytest.fixture(autouse=True)
def config(tmp_path: Path) -> None:
    """Write the profiles."""
    (tmp_path / "config").write_text(CONFIG)


def seen(credentials: Any) -> str:
    """Return what the plugin told of its base session, at the end of a chain of roles."""
    while credentials.method == "assume-role":
        credentials = credentials._refresh_using.__self__._source_credentials
    assert credentials.method == "plugin:vault"
    return str(credentials.access_key)


IN_CODE = {
    "active": "NOBODY",
    "static": "STATIC1",
    "outer": "STATIC1",
    "farther": "STATIC1",
    "outer2": "STATIC2",
    "itself": "STATIC3",
    "sourced": "NOBODY",
    "sourced2": "NOBODY",
}


@pytest.mark.parametrize("way", ["context", "thread"])
@pytest.mark.parametrize(("profile", "expected"), IN_CODE.items())
def test_a_context_s_session_has_the_keys_of_the_profile_that_asks(
    install: Install, profile: str, expected: str, way: str
) -> None:
    """Guards federation: the plugin exchanges the profile's own keys, and no outer role's."""
    install(WAYS[way])
    session = botocore.session.Session(profile=profile)
    assert seen(session.get_credentials()) == expected


@pytest.mark.parametrize("way", ["context", "base_session"])
@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("default", "NOBODY"),
        ("static", "STATIC1"),
        ("outer", "NOBODY"),
        ("farther", "NOBODY"),
        ("sourced", "NOBODY"),
        ("sourced2", "NOBODY"),
        ("itself", "STATIC3"),
        ("plain", "assume-role"),
        ("user", "STATIC4"),
    ],
)
def test_the_variable_selects_with_a_profile_in_the_environment(
    install: Install, monkeypatch: pytest.MonkeyPatch, profile: str, expected: str, way: str
) -> None:
    """Guards that a role is left out which needs the plugin itself, and no other."""
    install(WAYS[way])
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert seen(botocore.session.Session().get_credentials()) == expected


@pytest.mark.parametrize("way", ["context", "base_session"])
@pytest.mark.parametrize("profile", ["other", "from-other"])
def test_another_plugin_is_asked_for_in_a_base_session(
    install: Install, monkeypatch: pytest.MonkeyPatch, profile: str, way: str
) -> None:
    """Guards that nobody else signs in its place."""
    install(WAYS[way])
    install("raise SystemExit", name="zeta", distribution="zeta")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(PluginProviderRetrieveError) as caught:
        botocore.session.Session().get_credentials()
    assert isinstance(caught.value.__cause__, PluginError)
    assert "credential_plugin = zeta in profile 'other' asks for" in str(caught.value)
    assert "in a base session, which has no plugins" in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "variable"),
    [("sourced", "zeta"), ("sourced2", "zeta")],
)
def test_a_credential_source_means_another_plugin_in_a_base_session(
    install: Install, monkeypatch: pytest.MonkeyPatch, profile: str, variable: str
) -> None:
    """Guards the same at the third place."""
    install(WAYS["base_session"])
    monkeypatch.setenv("AWS_PROFILE", profile)
    session = plugincreds.create_session("vault")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    with pytest.raises(PluginProviderRetrieveError, match="AWS_CREDENTIAL_PLUGIN=zeta asks for"):
        session.get_credentials()


MORE = {
    "source names another": (
        f"[profile p]\n{ROLE}source_profile = s\n"
        f"[profile s]\n{ROLE}credential_source = CustomPlugin\ncredential_plugin = zeta\n",
        "credential_plugin = zeta in profile 's' asks for",
    ),
    "source forbids": (
        f"[profile p]\n{ROLE}source_profile = s\n"
        f"[profile s]\n{ROLE}credential_source = CustomPlugin\ncredential_plugin = none\n",
        "which forbids it",
    ),
    "static keys cut it off": (
        f"[profile p]\n{ROLE}source_profile = s\n"
        f"[profile s]\n{ROLE}{STATIC.format(1)}credential_source = CustomPlugin\n",
        "assume-role",
    ),
    "the role needs it not": (
        f"[profile p]\n{ROLE}{VAULT}source_profile = s\n[profile s]\n{STATIC.format(1)}",
        "assume-role",
    ),
    "a role without a source": (
        f"[profile p]\n{ROLE}{VAULT}",
        "source_profile or credential_source",
    ),
}


@pytest.mark.parametrize("way", ["context", "base_session"])
@pytest.mark.parametrize(("text", "expected"), MORE.values(), ids=MORE)
def test_only_the_role_that_needs_the_plugin_is_left_out(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    text: str,
    expected: str,
    way: str,
) -> None:
    """Guards botocore's own way from profile to profile, and its own errors."""
    install(WAYS[way])
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.setenv("AWS_PROFILE", "p")
    if expected == "assume-role":
        assert seen(botocore.session.Session().get_credentials()) == expected
    else:
        with pytest.raises(PluginProviderRetrieveError, match=expected):
            botocore.session.Session().get_credentials()


def test_a_context_s_session_stays_with_its_profile(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards a plugin that opens it later, when the environment names another profile."""
    install(WAYS["context"])
    (tmp_path / "config").write_text(
        f"[profile a]\n{STATIC.format(1)}[profile b]\n{STATIC.format(2)}"
    )
    monkeypatch.setenv("AWS_PROFILE", "a")
    credentials = plugincreds.new_credentials("vault")
    monkeypatch.setenv("AWS_PROFILE", "b")
    assert credentials.access_key == "STATIC1"
    monkeypatch.delenv("AWS_PROFILE")
    plugincreds.reset()
    credentials = plugincreds.new_credentials("vault")
    monkeypatch.setenv("AWS_PROFILE", "b")
    assert credentials.access_key == "NOBODY"


def test_a_relative_file_is_another_one_in_another_folder(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards two tenants whose settings differ in nothing but where they are."""
    install(WAYS["context"])
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "keys")
    keys = []
    for number in (1, 2):
        folder = tmp_path / f"tenant{number}"
        folder.mkdir()
        (folder / "keys").write_text(f"[default]\n{STATIC.format(number)}")
        monkeypatch.chdir(folder)
        keys.append(plugincreds.new_credentials("vault").access_key)
    assert keys == ["STATIC1", "STATIC2"]


def test_a_file_is_not_the_installed_plugin_of_its_name(install: Install, tmp_path: Path) -> None:
    """Guards that what a profile asks for by name is not passed over for a file."""
    install("raise SystemExit")
    (tmp_path / "config").write_text(f"[profile p]\n{STATIC.format(1)}{VAULT}")
    file = tmp_path / "vault.py"
    source = dedent(WAYS["context"])
    file.write_text(f"{source}\nget_aws_sdk_credential_provider = get_provider\n")
    session = plugincreds.create_session(plugincreds.open_plugin(file), profile_name="p")
    with pytest.raises(PluginProviderRetrieveError, match="in a base session, which has no"):
        session.get_credentials()


@pytest.mark.parametrize("profile", ["active", "static", "outer", "sourced", "other"])
def test_a_base_session_outside_of_plugins(monkeypatch: pytest.MonkeyPatch, profile: str) -> None:
    """Guards that a profile which asks for a plugin is never signed for by its other keys."""
    monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(PluginError, match="in a base session, which has no plugins"):
        plugincreds.base_session().get_credentials()
