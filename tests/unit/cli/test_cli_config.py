"""`plugincreds cli-config`, with a program that loads plugins as the AWS CLI v2 does."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import plugincreds
from tests.support.commands import main
from tests.support.pages import SOURCE
from tests.unit.conftest import Install

GOOD = "def get_provider(): raise SystemExit('the getter was called')"
PATH = "cli_legacy_plugin_path"
# awscli/plugin.py of version 2, in short; its Python has no packages of its own.
AWS_CLI = """
    import configparser, os, sys
    config = configparser.RawConfigParser()
    config.read([os.environ["AWS_CONFIG_FILE"]])
    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    plugins = dict(config["plugins"])
    sys.path += plugins.pop("cli_legacy_plugin_path").split(os.pathsep)
    for name in plugins.values():
        __import__(name)
        sys.modules[name].awscli_initialize(None)
    print("aws-cli/2.38.1")
"""
Aws = Callable[[str], Path]


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Return a function that puts the program on the path, as AWS's own installer would."""

    def make(source: str) -> Path:
        folder = tmp_path / "aws-cli"
        (folder / "awscli").mkdir(parents=True)
        (folder / "cli.py").write_text(dedent(source))
        program = folder / "aws"
        program.write_text(f'#!/bin/sh\n"{sys.executable}" -S "{folder}/cli.py" "$@"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
        return program

    return make


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the configuration file, which does not exist yet, beside a profile that has none."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "new-config"))
    return tmp_path / "new-config"


def folders_of(printed: str) -> list[str]:
    """Return the folders in the lines that the command printed."""
    first, path, module = printed.splitlines()
    assert (first, module) == ("[plugins]", "plugincreds = plugincreds_startup")
    return path.removeprefix(f"{PATH} = ").split(os.pathsep)


def test_the_lines_are_printed_and_checked(
    install: Install, aws: Aws, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the first look: nothing is written, and stdout has the lines alone."""
    site, program = install(GOOD), aws(AWS_CLI)
    assert main(["cli-config"]) == 0
    printed = capfd.readouterr()
    assert {str(SOURCE), str(site)} <= set(folders_of(printed.out))
    version = "{}.{}.{}".format(*sys.version_info)
    assert printed.err == (
        f"plugincreds: {program} contains Python {version} and finds: vault.\n"
        f"plugincreds: Add them to {config}, or use --write.\n"
    )
    assert not config.exists()


def test_the_lines_are_written_once(
    install: Install, aws: Aws, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the second run, which finds all as it should be."""
    install(GOOD)
    aws(AWS_CLI)
    config.write_text("[default]\nregion = x  # kept\n")
    assert main(["cli-config", "--write"]) == 0
    printed = capfd.readouterr()
    assert config.read_text() == f"[default]\nregion = x  # kept\n\n{printed.out}"
    assert f"Written to {config}. Remove the lines before you remove /" in printed.err
    assert main(["cli-config", "--write"]) == 0
    assert f"{config} has these lines already." in capfd.readouterr().err
    assert config.read_text() == f"[default]\nregion = x  # kept\n\n{printed.out}"


def test_the_profile_of_the_environment(
    install: Install, aws: Aws, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a check that would fail because its files have no profiles, or are damaged."""
    install(GOOD)
    aws(AWS_CLI)
    config.write_text("[profile dev]\n")
    monkeypatch.setenv("AWS_PROFILE", "dev")
    assert main(["cli-config"]) == 0


REFUSED = {
    "no plugin mechanism": (
        "print('aws-cli/2')",
        GOOD,
        "",
        "aws does not work with these lines (status 0). Nothing is written. Only the AWS CLI v2",
    ),
    "version 1": (
        "__import__('/site')",
        GOOD,
        "",
        "(status 1, ModuleNotFoundError: No module named '/site'). Nothing is written. Only the",
    ),
    "another module": (
        AWS_CLI,
        GOOD,
        "[plugins]\nold = gone_module\n",
        "No module named 'gone_module'). Nothing is written. The other keys under [plugins] name "
        "modules that it imports as well (old): remove them, or install them in the folder of",
    ),
    "a plugin with a fault": (
        AWS_CLI,
        "import gone_package",
        "",
        "cannot use all plugins, so nothing is written. The credential plugin 'vault' of "
        "acme-creds 1.2 cannot be loaded: ",
    ),
    "a missing standard module": (
        f"import sys\nsys.modules['smtplib'] = None\n{dedent(AWS_CLI)}",
        "import smtplib",
        "",
        "Python's own module smtplib is not among those in ",
    ),
    "another version of Python": (
        f"import platform\nplatform.python_version = lambda: '3.99.1'\n{dedent(AWS_CLI)}",
        "import gone_package._speedups",
        "",
        "compiled ones must be for 3.99: pip install --target FOLDER --python-version 3.99 "
        "--only-binary=:all: PACKAGE. Remove the plugin, or use credential_process = plugincreds",
    ),
    "another path": (
        AWS_CLI,
        GOOD,
        f"[plugins]\n{PATH} = /other\n",
        f"has {PATH} = /other under [plugins], but the packages of this environment are in /",
    ),
    "damaged file": (AWS_CLI, GOOD, "nonsense\n", "cannot be parsed: line 1 is neither"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_written(
    install: Install, aws: Aws, config: Path, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    """Guards `aws` itself: with lines that it cannot follow, each of its commands fails."""
    program, plugin, before, told = REFUSED[case]
    install(plugin)
    aws(program)
    config.write_text(before)
    assert main(["cli-config", "--write"]) == 1
    printed = capfd.readouterr()
    assert folders_of(printed.out)
    assert printed.err.startswith("plugincreds: ")
    # Python 3.15 adds advice to its own error, because the test runs `aws` with -S.
    assert told in re.sub(r"\. Site initialization is disabled[^)]*", "", printed.err)
    assert config.read_text() == before


def test_two_packages_with_one_name(
    install: Install, aws: Aws, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards a fault that no import shows."""
    install(GOOD)
    install(GOOD, distribution="other-creds")
    aws(AWS_CLI)
    assert main(["cli-config", "--write"]) == 1
    assert "more than one package declares it" in capfd.readouterr().err
    assert not config.exists()


def test_no_aws_on_the_path(
    install: Install, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards a machine without it, for which the lines are printed all the same."""
    install(GOOD)
    assert main(["cli-config", "--write"]) == 1
    printed = capfd.readouterr()
    assert folders_of(printed.out)
    assert "There is no aws on the path, so these lines cannot be checked." in printed.err
    assert not config.exists()


def test_an_aws_of_an_ordinary_python(
    install: Install, aws: Aws, config: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards version 1 and version 2 of distributions, which need no lines."""
    install(GOOD)
    aws("").write_text(f"#!{sys.executable}\n")
    plugincreds.reset()
    assert main(["cli-config", "--write"]) == 1
    assert "is not of AWS's own installer: it runs in" in capfd.readouterr().err
    assert not config.exists()


def test_an_aws_that_hangs(
    install: Install,
    aws: Aws,
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guards a plugin module that waits for something while it is imported."""
    install(GOOD)
    aws(AWS_CLI)

    def run(*command: object, **options: object) -> None:
        assert options["stdin"] == subprocess.DEVNULL
        raise subprocess.TimeoutExpired(str(command), 60)

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["cli-config", "--write"]) == 1
    assert "does not work with these lines (TimeoutExpired)." in capfd.readouterr().err
    assert not config.exists()
