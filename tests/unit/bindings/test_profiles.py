"""Plugins that a profile asks for: as the active one, as a source_profile, for a role."""

import traceback
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any
from unittest.mock import MagicMock, Mock

import botocore.credentials
import botocore.session
import pytest
from botocore.exceptions import InfiniteLoopConfigError, PartialCredentialsError

import plugincreds
from plugincreds import PluginError, PluginNotFoundError, PluginProviderRetrieveError
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
TELLING = """
    calls = []
    def get_provider(context):
        def retrieve():
            calls.append(context)
            return f"{context.profile}-{context.options.get('role', '')}", "secret"
        return retrieve, lambda: False
"""
DECLINING = "def get_provider(context): ..."
COUNTING = """
    calls = []
    def get_provider():
        return (lambda: (calls.append(1) or str(len(calls)), "secret")), (lambda: False)
"""
STATIC = "aws_access_key_id = STATIC\naws_secret_access_key = static\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"

Config = Callable[[str], None]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return a function that writes the configuration file."""

    def write(text: str) -> None:
        (tmp_path / "config").write_text(dedent(text))

    return write


def key_of(profile: str | None = None) -> str:
    """Return the access key that a session signs with."""
    credentials = botocore.session.Session(profile=profile).get_credentials()
    return "NOBODY" if credentials is None else str(credentials.access_key)


def methods(session: Any) -> list[str]:
    """Return the short names of a session's chain, in order."""
    return [provider.METHOD for provider in session.get_component("credential_provider").providers]


def source_of(credentials: Any) -> Any:
    """Return the credentials that a role is assumed with, before it is."""
    return credentials._refresh_using.__self__._source_credentials


def test_a_profile_asks_right_after_roles(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards rank 5: behind the environment's keys and the role, before all else of the profile."""
    config("[profile dev]\ncredential_plugin = vault\n")
    chain = methods(botocore.session.Session(profile="dev"))
    assert chain[:2] == ["assume-role", "plugin"]
    assert chain.count("plugin") == 1
    monkeypatch.setenv("AWS_PROFILE", "dev")
    chain = methods(botocore.session.Session())
    assert chain[:3] == ["env", "assume-role", "plugin"]
    assert chain.count("plugin") == 1
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "other")
    chain = methods(botocore.session.Session())
    assert chain[:4] == ["plugin", "env", "assume-role", "plugin"]


@pytest.mark.parametrize("line", ["", "credential_plugin =", "credential_plugin = None", "x = y"])
def test_a_profile_that_asks_for_none_keeps_botocores_list(config: Config, line: str) -> None:
    """Guards code of others that counts or compares what `providers()` returns."""
    config(f"[profile dev]\n{line}\n")
    kind: Any = botocore.credentials.ProfileProviderBuilder
    builder, original = kind(botocore.session.Session()), kind.providers.__wrapped__
    for arguments, by_name in (
        (["dev"], {}),
        (["nosuch", True], {}),
        ([], {"profile_name": "dev", "disable_env_vars": True}),
    ):
        found, expected = builder.providers(*arguments, **by_name), original(builder, "dev")
        assert [type(each) for each in found] == [type(each) for each in expected]


def test_a_builder_without_a_proper_session() -> None:
    """Guards tests of botocore and others, whose sessions are mere mocks."""
    for session in (Mock(), MagicMock()):
        builder = botocore.credentials.ProfileProviderBuilder(session)
        assert "plugin" not in [each.METHOD for each in builder.providers("dev")]


def test_the_active_profile(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the default profile, the one in the environment and the one in code."""
    install(TELLING)
    config("""
        [default]
        credential_plugin = vault
        [profile a]
        credential_plugin =   vault
        credential_plugin_options =
          role = reader
    """)
    assert (key_of(), key_of("a")) == ("default-", "a-reader")
    monkeypatch.setenv("AWS_PROFILE", "a")
    assert key_of() == "a-reader"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert (key_of(), key_of("a")) == ("ENVKEY", "a-reader")


def test_a_profile_of_the_credentials_file(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the other of the two files, where a profile may stand as well."""
    install(TELLING)
    file = tmp_path / "credentials"
    file.write_text("[b]\ncredential_plugin=vault\ncredential_plugin_options=\n  role=writer\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    assert key_of("b") == "b-writer"


def test_a_profile_in_code_decides_over_the_variable(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards rank 2, and rank 3 for the same profile in the environment."""
    install(GOOD)
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    config("[profile dev]\ncredential_plugin = vault\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "zeta")
    assert key_of("dev") == "AKIA"
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert key_of() == "ZETA"


def test_none_in_a_profile(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the switch for one profile: no automatic plugin either; the variable still selects."""
    install(GOOD)
    config("[profile dev]\ncredential_plugin = NONE\n")
    assert (key_of("dev"), key_of()) == ("NOBODY", "AKIA")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert key_of() == "NOBODY"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert key_of() == "AKIA"


def test_an_empty_line_asks_for_nothing(install: Install, config: Config) -> None:
    """Guards what the documentation says of it: as if it were not there."""
    install(GOOD)
    config("[profile dev]\ncredential_plugin =\n")
    assert key_of("dev") == "AKIA"


BAD = {
    "not installed": (
        "credential_plugin = valt",
        PluginNotFoundError,
        r"^credential_plugin = valt in profile 'dev' asks .* did you mean 'vault'",
    ),
    "a block": (
        "credential_plugin =\n  name = vault",
        PluginError,
        "'dev' has credential_plugin with indented lines .* on the same line",
    ),
    "a comment": (
        "credential_plugin = vault # prod",
        PluginNotFoundError,
        "a comment needs its own line",
    ),
    "bad options": (
        "credential_plugin = vault\ncredential_plugin_options = role",
        PluginError,
        "'dev' has credential_plugin_options .* indented line",
    ),
    "bad timeout": (
        "credential_plugin = vault\ncredential_plugin_timeout = soon",
        PluginError,
        "'dev' has credential_plugin_timeout = 'soon'",
    ),
}


@pytest.mark.parametrize(("lines", "kind", "words"), BAD.values(), ids=BAD)
def test_a_profile_that_cannot_be_honoured(
    install: Install, config: Config, lines: str, kind: type[Exception], words: str
) -> None:
    """Guards that its static keys never take the plugin's place."""
    install(TELLING)
    config(f"[profile dev]\n{STATIC}{lines}\n[profile r]\n{ROLE}source_profile = dev\n")
    for profile in ("dev", "r"):
        with pytest.raises(kind, match=f"(?is){words}"):
            key_of(profile)


@pytest.mark.parametrize("lines", [lines for lines, *_ in BAD.values()])
def test_tracebacks_show_no_static_keys(install: Install, config: Config, lines: str) -> None:
    """Guards reports of errors that print the variables of each frame of ours."""
    install(TELLING)
    config(f"[profile dev]\naws_access_key_id = A\naws_secret_access_key = CANARY\n{lines}\n")
    with pytest.raises(PluginError) as caught:
        key_of("dev")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in shown.stack if "plugincreds" in frame.filename]
    assert frames
    assert not [frame for frame in frames if "CANARY" in str(frame.locals)]


@pytest.mark.parametrize("profile", ["dev", "r", "c"])
def test_plugins_are_switched_off_but_asked_for(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    """Guards that nobody else signs for a profile that asks, at any of the three places."""
    install("raise SystemExit")
    config(
        f"[profile dev]\n{STATIC}credential_plugin = vault\n"
        f"[profile r]\n{ROLE}source_profile = dev\n"
        f"[profile c]\n{ROLE}credential_source = CustomPlugin\n"
    )
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    with pytest.raises(PluginError, match="switched off by AWS_CREDENTIAL_PLUGIN=none, but"):
        key_of(profile)


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        (STATIC, "aws_access_key_id and aws_secret_access_key"),
        ("credential_process = /bin/false", "credential_process"),
        ("sso_session = x", "sso_session"),
    ],
)
def test_other_sources_beside_the_plugin(
    install: Install, config: Config, caplog: pytest.LogCaptureFixture, beside: str, named: str
) -> None:
    """Guards that the plugin wins, and that a person is told once."""
    install(GOOD)
    config(f"[profile dev]\ncredential_plugin = vault\n{beside}\n")
    assert [key_of("dev") for _ in range(3)] == ["AKIA"] * 3
    (record,) = caplog.records
    assert f"The profile 'dev' has credential_plugin = vault beside {named}." in record.getMessage()
    assert "static" not in record.getMessage()


USING_KEYS = """
    class get_provider:
        uses_profile_keys = {}
        def retrieve(self): return "AKIA", "secret"
        def is_expired(self): return False
"""


@pytest.mark.parametrize(
    ("uses", "beside", "named"),
    [
        ("True", STATIC, ""),
        ("False", STATIC, "aws_access_key_id and aws_secret_access_key"),
        ("'yes'", STATIC, "aws_access_key_id and aws_secret_access_key"),
        ("True", f"{STATIC}sso_session = x", "sso_session"),
        ("True", "credential_process = /bin/false", "credential_process"),
    ],
)
@pytest.mark.parametrize("has_cache_key", [False, True])
def test_a_plugin_that_uses_the_keys_of_the_profile(
    install: Install,
    config: Config,
    caplog: pytest.LogCaptureFixture,
    uses: str,
    beside: str,
    named: str,
    *,
    has_cache_key: bool,
) -> None:
    """Guards programs against a warning about what such a plugin is for, and keeps all others."""
    cache_key = '    def cache_key(self): return "me"\n    ' if has_cache_key else ""
    install(USING_KEYS.format(uses) + f"    {cache_key}")
    config(f"[profile dev]\ncredential_plugin = vault\n{beside}\n")
    assert key_of("dev") == "AKIA"
    messages = [record.getMessage() for record in caplog.records]
    assert [f"beside {named}. " in message for message in messages] == [True] * bool(named)


def test_a_role_in_the_profile_that_asks(install: Install, config: Config) -> None:
    """Guards botocore's own rules: the role comes first, and needs a source of its own."""
    install(GOOD)
    config(
        f"[profile alone]\n{ROLE}credential_plugin = vault\n"
        f"[profile itself]\n{ROLE}source_profile = itself\ncredential_plugin = vault\n"
        f"[profile both]\n{ROLE}source_profile = both\ncredential_plugin = vault\n{STATIC}"
    )
    with pytest.raises(PartialCredentialsError, match="source_profile or credential_source"):
        key_of("alone")
    with pytest.raises(InfiniteLoopConfigError):
        key_of("itself")
    credentials = botocore.session.Session(profile="both").get_credentials()
    assert credentials.method == "assume-role"
    assert source_of(credentials).access_key == "AKIA"


def test_a_role_from_elsewhere_in_the_profile_that_asks(
    install: Install, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards that a person is told of a plugin which botocore never comes to."""
    install(GOOD)
    config(
        f"[profile r]\n{ROLE}source_profile = user\ncredential_plugin = vault\n"
        f"[profile user]\n{STATIC}"
    )
    for _ in range(2):
        credentials = botocore.session.Session(profile="r").get_credentials()
        assert source_of(credentials).access_key == "STATIC"
    (record,) = caplog.records
    assert "assumes the role with the profile 'user', and that plugin is not" in record.getMessage()


def test_options_do_not_reach_another_plugin(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that a role which is meant for one broker is never asked of another."""
    install(TELLING)
    install(TELLING, name="zeta", distribution="zeta")
    options = "credential_plugin_options =\n  role = admin\n"
    config(f"[profile p]\ncredential_plugin = zeta\n{options}[profile q]\n{options}")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    for profile, key in (("p", "p-"), ("q", "q-admin")):
        monkeypatch.setenv("AWS_PROFILE", profile)
        assert key_of() == key
    assert key_of("p") == "p-admin"


@pytest.mark.parametrize(
    ("source", "lines", "told"),
    [
        (GOOD, "credential_plugin = vault", ["vault"]),
        (GOOD, "", ["vault"]),
        (GOOD, "credential_plugin = zeta", []),
        (TELLING, "credential_plugin = vault", []),
    ],
)
def test_options_that_nobody_reads(
    install: Install,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    source: str,
    lines: str,
    told: list[str],
) -> None:
    """Guards that another role than the one that is written down is not used in silence."""
    install(source)
    config(f"[default]\n{lines}\ncredential_plugin_options =\n  role = not-for-logs\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    for _ in range(2):  # and it is said once
        assert key_of() != "NOBODY"
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [message.split("'")[1] for message in warnings] == told
    assert "not-for-logs" not in caplog.text
    assert all("of the profile 'default' (role), because" in message for message in warnings)


def test_options_of_a_program_that_chooses_the_plugin(
    install: Install, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    """Guards that options which another plugin reads are not called useless."""
    install(GOOD)
    config("[default]\ncredential_plugin = zeta\ncredential_plugin_options =\n  role = x\n")
    assert plugincreds.create_session("vault").get_credentials().access_key == "AKIA"
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize(
    ("source", "lines", "said"),
    [
        (DECLINING, "  rolle = secret\n  a = b", "these options of .*: a, rolle"),
        (
            DECLINING.replace("...", "return (lambda: None), bool"),
            "  a = b",
            "these options of .*: a",
        ),
        ("def get_provider(): ...", "  a = b", "no options: .* 'p' has some, but its getter"),
    ],
)
def test_a_decline_names_the_options(
    install: Install, config: Config, source: str, lines: str, said: str
) -> None:
    """Guards that a misspelt option is found, and that no value is shown."""
    install(source)
    config(f"[profile p]\ncredential_plugin = vault\ncredential_plugin_options =\n{lines}\n")
    line = "credential_plugin = vault in the profile 'p'"
    wanted = rf"not configured here\. It received {said}.*\. Configure vault, or remove {line}\.$"
    with pytest.raises(PluginProviderRetrieveError, match=wanted) as caught:
        key_of("p")
    assert "secret" not in str(caught.value)
    assert caught.value.declined


@pytest.mark.parametrize("own", ["zeta", "none"])
def test_a_decline_tells_for_whom_the_options_are(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    """Guards the reason that nobody sees: the profile's options belong to its own plugin."""
    install(DECLINING)
    config(f"[default]\ncredential_plugin = {own}\ncredential_plugin_options =\n  role = x\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    wanted = f"no options: those of the profile 'default' are for credential_plugin = {own}\\. "
    with pytest.raises(PluginProviderRetrieveError, match=wanted):
        key_of()
    # What a program asks for itself is told them.
    for ask in (plugincreds.new_credentials, plugincreds.get_plugin_provider_fns):
        with pytest.raises(PluginProviderRetrieveError, match=r"these options of .*: role"):
            ask("vault")


FAILING = """
    def retrieve(): raise OSError("no network")
    def get_provider(): return retrieve, lambda: False
"""


@pytest.mark.parametrize(
    ("text", "variable", "is_asked_for"),
    [
        ("", "", False),
        ("", "vault", True),
        ("[default]\ncredential_plugin = vault\n", "", True),
        (f"[default]\n{ROLE}credential_source = CustomPlugin\n", "", True),
    ],
)
def test_the_advice_where_a_plugin_fails(
    install: Install,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    variable: str,
    is_asked_for: bool,
) -> None:
    """Guards the advice to switch plugins off from those for whom that is the next error."""
    install(FAILING)
    config(text)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    with pytest.raises(PluginProviderRetrieveError) as caught:
        key_of()
    message = str(caught.value)
    assert "No other credentials are used instead." in message
    assert message.endswith("set AWS_CREDENTIAL_PLUGIN=none.") is not is_asked_for


def test_a_loop_of_source_profiles(install: Install, config: Config) -> None:
    """Guards that it stays botocore's error."""
    install(GOOD)
    config(f"[profile a]\n{ROLE}source_profile = b\n[profile b]\n{ROLE}source_profile = a\n")
    with pytest.raises(InfiniteLoopConfigError):
        key_of("a")


def test_a_source_profile_asks(install: Install, config: Config) -> None:
    """Guards role chains: the plugin is asked for the profile at their end, with its options."""
    install(TELLING)
    config(
        f"[profile two]\n{ROLE}source_profile = one\n"
        f"[profile one]\n{ROLE}source_profile = base\n"
        "[profile base]\ncredential_plugin = vault\ncredential_plugin_options =\n  role = x\n"
    )
    for profile, depth in (("one", 1), ("two", 2)):
        credentials = botocore.session.Session(profile=profile).get_credentials()
        for _ in range(depth):
            assert credentials.method == "assume-role"
            credentials = source_of(credentials)
        assert (credentials.method, credentials.access_key) == ("plugin:vault", "base-x")


def test_the_variable_comes_before_a_role_of_the_environments_profile(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards that it is as with the environment's keys."""
    install(GOOD)
    config(f"[profile r]\n{ROLE}credential_source = CustomPlugin\n")
    monkeypatch.setenv("AWS_PROFILE", "r")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    credentials = botocore.session.Session().get_credentials()
    assert credentials.method == "plugin:vault"


@pytest.mark.parametrize("in_code", [True, False])
@pytest.mark.parametrize(
    ("variable", "own", "expected"),
    [("", "", "AKIA"), ("zeta", "", "ZETA"), ("", "zeta", "ZETA"), ("vault", "zeta", "ZETA")],
)
def test_credential_source(
    install: Install,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    own: str,
    expected: str,
    *,
    in_code: bool,
) -> None:
    """Guards whom `CustomPlugin` means: the profile's own, else the variable's, else any."""
    install(GOOD)
    install(GOOD.replace("AKIA", "ZETA"), name="zeta", distribution="zeta")
    config(
        f"[profile r]\n{ROLE}source_profile = s\n"
        f"[profile s]\n{ROLE}credential_source = CustomPlugin\ncredential_plugin = {own}\n"
    )
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    if not in_code:
        monkeypatch.setenv("AWS_PROFILE", "r")
    credentials = botocore.session.Session(profile="r" if in_code else None).get_credentials()
    if variable and not in_code:
        assert credentials.method == f"plugin:{variable}"
        return
    source = source_of(source_of(credentials))
    assert (source.method[:7], source.access_key) == ("plugin:", expected)


def test_credential_source_tells_the_profile(install: Install, config: Config) -> None:
    """Guards the context there: the profile that has the line, wherever the role chain began."""
    install(TELLING)
    config(
        f"[profile r]\n{ROLE}source_profile = s\n[profile s]\n{ROLE}"
        "credential_source = CustomPlugin\ncredential_plugin_options =\n  role = x\n"
    )
    for profile in ("s", "r"):
        credentials = botocore.session.Session(profile=profile).get_credentials()
        while credentials.method == "assume-role":
            credentials = source_of(credentials)
        assert credentials.access_key == "s-x"


def test_credential_source_without_a_plugin(install: Install, config: Config) -> None:
    """Guards that a decline there is an error which says what asks, and that case counts."""
    config(
        f"[profile c]\n{ROLE}credential_source = CustomPlugin\n"
        f"[profile n]\n{ROLE}credential_source = CustomPlugin\ncredential_plugin = none\n"
        f"[profile l]\n{ROLE}credential_source = customplugin\n"
    )
    words = r"^credential_source = CustomPlugin in profile 'c' asks .* but none is installed"
    with pytest.raises(PluginProviderRetrieveError, match=words):
        key_of("c")
    install("def get_provider(): return None")
    plugincreds.reset()
    with pytest.raises(PluginProviderRetrieveError, match="configured here: vault") as caught:
        key_of("c")
    assert caught.value.declined
    with pytest.raises(PluginError, match=r"'n' has .* which forbids it"):
        key_of("n")
    with pytest.raises(botocore.exceptions.InvalidConfigError, match="is not valid"):
        key_of("l")


def test_one_source_or_many(install: Install, config: Config) -> None:
    """Guards that only a getter which is told of the profile has a source for each."""
    lines = "credential_plugin = {}\ncredential_plugin_options =\n  role = {}\n"
    config("".join(f"[profile {p}{n}]\n{lines.format(p, n)}" for p in "vt" for n in "123"))
    install(COUNTING, name="v")
    install(TELLING, name="t", distribution="telling")
    assert [key_of(f"v{number}") for number in "123"] == ["1", "1", "1"]
    assert [key_of(f"t{number}") for number in "123"] == ["t1-1", "t2-2", "t3-3"]


ACCOUNT = """
    from plugincreds import Value
    def get_provider(): return (lambda: Value("AKIA", "s", account_id={})), lambda: False
"""


def account_of(profile: str | None = None) -> Any:
    """Return the account that endpoints are made of."""
    credentials = botocore.session.Session(profile=profile).get_credentials()
    frozen = credentials.get_frozen_credentials()
    assert getattr(frozen, "account_id", credentials.account_id) == credentials.account_id
    return credentials.account_id


def test_the_account_is_the_values_else_the_profiles(
    install: Install, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards account-based endpoints, and that keys of others lend the plugin no account."""
    install(ACCOUNT.format("'111111111111'"), name="knows", distribution="knows")
    install(ACCOUNT.format(None), name="vault")
    line = "aws_account_id = 222222222222\n"
    config(
        f"[profile k]\ncredential_plugin = knows\n{line}"
        f"[profile v]\ncredential_plugin = vault\n{line}"
        f"[profile automatic]\n{line}[profile other]\n{line}{STATIC}"
        f"[profile its]\n{line}credential_plugin = knows\n"
    )
    assert account_of("k") == "111111111111"
    assert account_of("v") == "222222222222"
    for profile, account in (("automatic", "222222222222"), ("other", None), ("its", None)):
        monkeypatch.setenv("AWS_PROFILE", profile)
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
        assert account_of() == account
    monkeypatch.setenv("AWS_PROFILE", "automatic")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "")
    assert account_of() == "111111111111"
