"""What `mock_aws()` of moto does beside an installed plugin, as the page about it says."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plugincreds
from plugincreds.testing import FakePlugin, PluginsAsIfInstalled
from plugincreds.testing._contract.probes import network_blocked
from tests.support.documents import DOCS, blocks_of
from tests.unit.conftest import Install

boto3: Any = pytest.importorskip("boto3")
moto: Any = pytest.importorskip("moto")

pytest_plugins = ["plugincreds.testing", "pytester"]

PAGE = DOCS / "how-to" / "mock-aws.md"
PLUGIN = """
def get_provider():
    return lambda: ("AKIAACME000000000000", "made-up-secret", "made-up-token"), lambda: False
"""
ASKS = """
import plugincreds
def get_provider():
    return retrieve, lambda: False
def retrieve():
    sts = plugincreds.base_session().create_client("sts", region_name="us-east-1")
    role = "arn:aws:iam::123456789012:role/build"
    return sts.assume_role(RoleArn=role, RoleSessionName="build")["Credentials"]
"""
NEVER = "def get_provider(): raise SystemExit('a person was asked')"
CONFIG = "[profile work]\ncredential_plugin = acme\n[profile plain]\nregion = eu-north-1\n"
LINE = {"AWS_CREDENTIAL_PLUGIN": "none"}
KEYS = LINE | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
IN_CODE = {"aws_access_key_id": "AKIACODE000000000000", "aws_secret_access_key": "made-up-secret"}
# What is set, the arguments of the session, and who signs without the line and with it.
ROWS: list[tuple[dict[str, str], dict[str, str], str, str]] = [
    ({}, {}, "env", "env"),
    ({"AWS_CREDENTIAL_PLUGIN": "acme"}, {}, "plugin:acme", "env"),
    ({"AWS_PROFILE": "work"}, {}, "env", "env"),
    ({}, {"profile_name": "work"}, "plugin:acme", "PluginError"),
    ({}, {"profile_name": "plain"}, "plugin:acme", "NoCredentialsError"),
    ({"AWS_CREDENTIAL_PLUGIN": "acme"}, IN_CODE, "explicit", "explicit"),
]


@pytest.fixture
def setting(install: Install, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install the plugin `acme`; return what sets variables."""
    install(PLUGIN, name="acme")
    plugincreds.install()
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(CONFIG, encoding="utf-8")

    def set_variables(variables: dict[str, str]) -> None:
        for name, text in variables.items():
            monkeypatch.setenv(name, text)

    return set_variables


def signer(client: Any) -> str:
    """Return what signs a request of a client, or the name of the error."""
    try:
        client.get_caller_identity()
    except Exception as error:  # noqa: BLE001 - see the table
        return type(error).__name__
    return str(client._request_signer._credentials.method)


def in_mock(**arguments: str) -> str:
    """Return who signs inside `mock_aws()`."""
    with moto.mock_aws():
        try:
            return signer(boto3.Session(**arguments).client("sts", region_name="us-east-1"))
        except plugincreds.PluginError as error:
            is_off = "switched off by AWS_CREDENTIAL_PLUGIN=none" in str(error)
            return type(error).__name__ if is_off else str(error)


@pytest.mark.parametrize(("variables", "arguments", "without", "with_line"), ROWS)
def test_who_signs(
    setting: Callable[..., None],
    variables: dict[str, str],
    arguments: dict[str, str],
    without: str,
    with_line: str,
) -> None:
    """Guards the table: moto's keys do not come before a selected plugin, and the line helps."""
    setting(variables)
    assert in_mock(**arguments) == without
    setting(LINE)
    assert in_mock(**arguments) == with_line


@pytest.mark.parametrize(
    ("variables", "found"), [({}, "plugin:acme"), (LINE, "NoCredentialsError"), (KEYS, "env")]
)
def test_a_client_from_before(
    setting: Callable[..., None], variables: dict[str, str], found: str
) -> None:
    """Guards a program with clients in its modules: they have looked for credentials long ago."""
    setting(variables)
    client = boto3.Session().client("sts", region_name="us-east-1")
    with moto.mock_aws():
        assert signer(client) == found


@pytest.mark.parametrize(
    ("variables", "found"),
    [({}, "plugin:acme"), (KEYS | {"AWS_CREDENTIAL_PLUGIN": "acme"}, "plugin:acme"), (KEYS, "env")],
)
def test_what_an_endpoint_gets(
    setting: Callable[..., None], variables: dict[str, str], found: str
) -> None:
    """Guards a developer with LocalStack: the plugin's key is sent there."""
    setting(variables)
    client = boto3.Session().client(
        "sts", region_name="us-east-1", endpoint_url="http://127.0.0.1:9"
    )
    sent: list[str] = []

    def refuse(request: Any, **_: object) -> None:
        sent.append(str(dict(request.headers)))
        raise ConnectionError

    client.meta.events.register("before-send", refuse)
    assert signer(client) == "ConnectionError"
    is_plugin = found == "plugin:acme"
    assert f"Credential={'AKIAACME000000000000' if is_plugin else 'test'}/" in sent[0]
    assert ("made-up-token" in sent[0]) == is_plugin


@pytest.mark.parametrize(("variables", "found"), [({}, "plugin:acme"), (LINE, None), (KEYS, "env")])
def test_a_stubbed_client(
    setting: Callable[..., None], variables: dict[str, str], found: str | None
) -> None:
    """Guards tests with a Stubber: it sends nothing, but the client has called the plugin."""
    from botocore.stub import Stubber  # noqa: PLC0415 - it may not be there

    setting(variables)
    client = boto3.Session().client("sts", region_name="us-east-1")
    with Stubber(client) as stubber:
        stubber.add_response("get_caller_identity", {"Account": "123456789012"})
        assert client.get_caller_identity()["Account"] == "123456789012"
    credentials = client._request_signer._credentials
    assert (credentials and credentials.method) == found


def test_what_a_plugin_asks_of_others() -> None:
    """Guards the sentence that `mock_aws()` does not answer for other servers."""
    requests: Any = pytest.importorskip("requests")
    with moto.mock_aws(), network_blocked() as tried:
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get("https://broker.acme.example/credentials", timeout=5)
        assert tried


def test_credentials_from_moto_end_with_it(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the tests that come after: no session gets what moto gave to the plugin."""
    install(ASKS, name="acme")
    plugincreds.install()
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "acme")
    with moto.mock_aws():
        assert boto3.Session().get_credentials().access_key.startswith("ASIA")
    with pytest.raises(plugincreds.PluginProviderRetrieveError, match="NoCredentialsError"):
        boto3.Session().get_credentials()


def test_a_fixture_before_moto(
    plugins_as_if_installed: PluginsAsIfInstalled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards both together: what each of them sets is there in the test, and gone after it."""
    plugins_as_if_installed({"acme": FakePlugin()})
    assert in_mock() == "env"
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "acme")
    assert in_mock() == "plugin:acme"
    assert "AWS_ACCESS_KEY_ID" not in os.environ


USES_PROFILE = """
import boto3
from moto import mock_aws
from botocore.stub import Stubber

early = boto3.client("sts", region_name="us-east-1")

@mock_aws
def test_program():
    early.get_caller_identity()
    boto3.Session(profile_name="work").client("s3").list_buckets()
"""
USES_MOTO = """
import boto3
from moto import mock_aws

@mock_aws
def test_program():
    boto3.client("s3", region_name="us-east-1").list_buckets()
"""


@pytest.fixture
def suite(
    pytester: pytest.Pytester, install: Install, monkeypatch: pytest.MonkeyPatch
) -> pytest.Pytester:
    """Return a folder for tests, where a plugin that must not be called is selected."""
    folder = install(NEVER, name="acme")
    (folder / "acme_role.py").write_text(ASKS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "acme")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    return pytester


def outcomes(suite: pytest.Pytester) -> dict[str, int]:
    """Run the tests as a developer does."""
    result = suite.runpytest_subprocess("-p", "no:cacheprovider", "-W", "default", timeout=120)
    found = dict(result.parseoutcomes())
    # On Python 3.12 and later, botocore's older versions warn, and the kit shows each warning.
    warnings = [line for line in result.outlines if "Warning: " in line]
    if warnings and all("datetime.datetime.utcnow() is deprecated" in line for line in warnings):
        del found["warnings"]
    return found


def write(folder: Path, *names: str) -> None:
    """Write the files of the page with these names; of two with one name, the last given."""
    files = [block for block in blocks_of(PAGE) if "file" in block.notes]
    assert len(files) == 5, "a block that no test runs"
    for name in names:
        wanted, _, number = name.partition(" ")
        found = [block for block in files if block.notes["file"] == wanted]
        (folder / wanted).write_text(found[int(number or 0)].text, encoding="utf-8")


@pytest.mark.parametrize(
    ("program", "files"),
    [(USES_MOTO, ["conftest.py"]), (USES_PROFILE, ["conftest.py 1", "aws-config"])],
)
def test_the_lines_are_what_a_suite_needs(
    suite: pytest.Pytester, program: str, files: list[str]
) -> None:
    """Guards the lines that people copy: without them the plugin is called, with them it is not."""
    suite.makepyfile(program)
    assert "passed" not in outcomes(suite)
    write(suite.path, *files)
    assert outcomes(suite) == {"passed": 1}


def test_the_examples_with_a_plugin_pass(suite: pytest.Pytester) -> None:
    """Guards the last examples of the page, beside the line at its top."""
    write(suite.path, "conftest.py", "test_upload.py", "test_plugin.py")
    with (suite.path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write('pytest_plugins = ["plugincreds.testing"]\n')
    found = outcomes(suite)
    assert set(found) == {"passed", "skipped"}, json.dumps(found)


def test_the_page_has_a_row_for_each_case() -> None:
    """Guards the table against a case that is not measured."""
    table = PAGE.read_text("utf-8").partition("| without the line | with the line |")[2]
    rows = [line for line in table.partition("\n\n")[0].splitlines() if line[:2] == "| "]
    assert len(rows) == len(ROWS) + 1  # the client from before
    called = ["called" in row for row in rows]
    assert called == [*(row[2] == "plugin:acme" for row in ROWS), True]
