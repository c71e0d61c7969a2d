"""What plugin authors read, import and type: the page, the package as a module, its types."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from plugincreds import testing
from plugincreds.testing import PluginContract
from tests.support.documents import DOCS, blocks_of
from tests.unit.conftest import Install

pytest_plugins = ["pytester"]

PAGE = DOCS / "how-to" / "test-a-plugin.md"
# What the page's tests import and the page does not show.
MODULES = {
    "acme_creds": """
        import os
        def get_provider():
            keys = os.environ.get("ACME_KEYS")
            retrieve = lambda: tuple(keys.split()[:2] if keys[4:] != "ged" else 1 / 0)
            return (retrieve, bool) if keys else None
        """,
    "acme_broker": """
        def get_provider(context):
            keys = "AKIAEXAMPLE000000000", "made-up-secret"
            return (lambda: keys, lambda: False) if context.options.get("role") else None
        """,
    "acme_login": "",
}


def test_the_examples_of_the_page_pass(pytester: pytest.Pytester) -> None:
    """Guards who copies them, and the fixture where a conftest asks for it."""
    pytest.importorskip("boto3")
    pytester.makepyfile(**MODULES)
    for block in blocks_of(PAGE):
        (pytester.path / block.notes["file"]).write_text(block.text, encoding="utf-8")
    pytester.makeconftest('pytest_plugins = ["plugincreds.testing"]')
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "-ra", "-W", "error::pytest.PytestWarning", timeout=120
    )
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed", "skipped"}, result.stdout.str()
    skipped = re.findall(r"SKIPPED.*", result.stdout.str())
    reasons = ("has no name", "no cache_key()", "aiobotocore is not installed")
    missing = ("TestBroker has no fixture named failing", "TestDevice has no fixture named uncon")
    assert all(any(reason in line for reason in reasons + missing) for line in skipped), skipped


PRINTS = """
import os, subprocess, sys

def get_provider():
    return retrieve, lambda: True

def retrieve():
    print("to stdout")
    print("to stderr", file=sys.stderr)
    subprocess.run(["echo", "to stdout"])
    with open("calls", "a") as file:
        file.write("x")
    return "AKIAEXAMPLE000000000", "made-up-secret"
"""
ASKS_ENDPOINT = """
import os, urllib.request
headers = {"Authorization": os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()
print(os.path.getsize("calls"))
"""
SIGNS = "import botocore.session as s; s.Session().get_credentials().get_frozen_credentials()"
COMMAND = [sys.executable, "-m", "plugincreds"]
SHOWN = ["to stdout", "to stderr", "to stdout"]
# The programs of the table: what they print to stdout of what a plugin prints, and to stderr.
PROGRAMS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "boto3": ([sys.executable, "-c", SIGNS], ["to stdout", "to stdout"], ["to stderr"]),
    "doctor": ([*COMMAND, "doctor", "--retrieve"], [], SHOWN),
    "export": ([*COMMAND, "export"], [], SHOWN),
    "exec": ([*COMMAND, "exec", "--", sys.executable, "-c", ASKS_ENDPOINT], [], SHOWN),
}


@pytest.fixture
def printing(install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Select an installed plugin that prints; return a folder for processes."""
    monkeypatch.setenv("PYTHONPATH", str(install(PRINTS, name="acme")))
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "acme")
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder


def printed(command: list[str], folder: Path) -> tuple[list[str], list[str], int]:
    """Return what of the plugin's words a program prints to each stream, and how often it asks."""
    done = subprocess.run(
        command, check=True, cwd=folder, capture_output=True, text=True, timeout=60
    )
    out, err = (
        [line for line in text.splitlines() if line.startswith("to std")]
        for text in (done.stdout, done.stderr)
    )
    return out, err, (folder / "calls").stat().st_size


@pytest.mark.parametrize("name", PROGRAMS)
def test_where_a_plugin_prints(printing: Path, name: str) -> None:
    """Guards the table: a code on stdout damages a document, and a later one is not seen at all."""
    command, out, err = PROGRAMS[name]
    *found, calls = printed(command, printing)
    assert calls > 1  # is_expired() is always True
    times = 1 if name == "exec" else calls  # what exec's companion refreshes later is not seen
    assert found == [out * times, err * times]


def test_a_process_that_exports_shows_nothing(
    printing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the last row: botocore keeps what its credential_process prints."""
    config = printing / "config"
    line = f"[default]\ncredential_process = {' '.join(COMMAND)} export acme\n"
    config.write_text(line, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "")
    out, err, calls = printed([sys.executable, "-c", SIGNS], printing)
    assert (out, err) == ([], [])
    assert calls


@pytest.mark.parametrize("name", ["name", "profile", "time_limit", "foreign_loggers", "failing"])
def test_the_page_names_what_an_author_may_set(name: str) -> None:
    """Guards the table on the page, and the class's own documentation, against each other."""
    assert hasattr(PluginContract, name)
    assert f"`{name}`" in PAGE.read_text("utf-8")
    assert name in (PluginContract.__doc__ or "")


def test_all_is_what_is_exported() -> None:
    """Guards against a name that is exported by accident, and then cannot be removed."""
    names = {name for name in vars(testing) if not name.startswith("_")}
    assert names == set(testing.__all__)
    assert {getattr(testing, name).__module__ for name in names if name[0].isupper()} == {
        testing.__name__
    }


def loaded_by(program: str) -> set[str]:
    """Return what a program imports."""
    code = f"import sys, json\n{program}\nprint(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return set(json.loads(printed))


def test_programs_do_not_import_it() -> None:
    """Guards production against pytest."""
    program = "import plugincreds\nfor n in plugincreds.__all__: getattr(plugincreds, n)"
    assert not {"pytest", "plugincreds.testing"} & loaded_by(program)


def test_it_is_cheap_to_import() -> None:
    """Guards collection: what is slow waits for the test that needs it."""
    slow = {"boto3", "botocore.session", "botocore.client", "aiobotocore", "moto"}
    assert not slow & loaded_by("import plugincreds.testing")


def test_without_pytest_it_says_what_to_install() -> None:
    """Guards an author who has not installed the extra."""
    program = (
        "sys.modules['pytest'] = None\ntry: import plugincreds.testing\n"
        "except ModuleNotFoundError as e: assert \"pip install 'plugincreds[testing]'\" in str(e)\n"
        "else: raise SystemExit('imported')"
    )
    assert "plugincreds.testing" not in loaded_by(program)


USES = """
from collections.abc import Iterator
from datetime import datetime

import pytest
from plugincreds import CredentialsCache, Declined
from plugincreds.testing import FakePlugin, ManualClock, PluginContract, PluginsAsIfInstalled
from typing_extensions import assert_type


class TestVault(PluginContract):
    getter = "acme_creds:get_provider"
    name = "acme"
    profile = "work"
    region = "eu-north-1"
    options = {"role": "build"}
    foreign_loggers = ("botocore", "urllib3")
    time_limit = 30.0

    @pytest.fixture
    def configured(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("ACME_KEYS", "made-up")
        yield

    @pytest.fixture
    def unconfigured(self) -> dict[str, str]:
        return {}

    @pytest.fixture(params=["one", "two"])
    def failing(self, request: pytest.FixtureRequest, configured: None) -> str:
        return str(request.param)


def test_program(plugins_as_if_installed: PluginsAsIfInstalled) -> None:
    clock = ManualClock()
    fake = FakePlugin(("key", "secret"), OSError, {"AccessKeyId": "x"}, None, cache_key="mine")
    FakePlugin(Declined("no role"), declines=Declined("no server"))
    with plugins_as_if_installed({"vault": fake, "other": "acme:get", "pair": lambda: None}):
        fake.expired = True
    plugins_as_if_installed({"vault": fake}, clock=clock)
    assert_type(fake.retrieve_calls, int)
    assert_type(clock.datetime(60), datetime)
    CredentialsCache(fake.retrieve, fake.is_expired, clock=clock)
"""
WRONG = """
from plugincreds.testing import FakePlugin, ManualClock, PluginContract

class TestVault(PluginContract):
    getter = len

FakePlugin("a string")
ManualClock("now")
"""
PYRIGHT = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": "error"}


def test_pyright_and_mypy_have_nothing_to_say(tmp_path: Path) -> None:
    """Guards authors who check types strictly, and that what is wrong is found."""
    pytest.importorskip("mypy")
    pytest.importorskip("pyright")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    (tmp_path / "uses.py").write_text(USES, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    python = f"--python-executable={sys.executable}"
    mypy = ["-m", "mypy", "--config-file=", "--strict", "--follow-untyped-imports", python]
    pyright = ["-m", "pyright", f"--pythonpath={sys.executable}"]
    for checker, line in ((mypy, r"wrong.py:(\d+): error"), (pyright, r"wrong.py:(\d+):\d+ - e")):
        command = [sys.executable, *checker]
        good = subprocess.run(
            [*command, "uses.py"], check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert good.returncode == 0, good.stdout + good.stderr
        wrong = subprocess.run(
            [*command, "wrong.py"], check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert set(re.findall(line, wrong.stdout)) == {"5", "7", "8"}, wrong.stdout
