"""Where the startup files run, where they don't, and what is left of them (design, section 8)."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.support.environments import Environment, NewEnvironment, pinned
from tests.support.identities import alpha
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import PROGRAMS, Report, whoami

BOTO3 = pinned("boto3", "botocore")
WHOAMI = f"import runpy; runpy.run_path({str(PROGRAMS / 'whoami.py')!r})"


def ours(environment: Environment) -> list[str]:
    """Return what lies in site-packages under our name."""
    return [
        name for name in environment.listing() if "plugincreds" in name and "test_alpha" not in name
    ]


@pytest.mark.parametrize("flags", [(), ("-I",), ("-E",), ("-s",)], ids=" ".join)
def test_flags_that_keep_site_files_keep_the_hook(
    new_environment: NewEnvironment, alice: Identity, flags: tuple[str, ...]
) -> None:
    """Guards that the ways to start Python which run site files activate the plugin."""
    assert whoami(new_environment("alpha"), alpha(alice), flags).arn == alice.arn


def test_without_site_one_line_installs(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity
) -> None:
    """Guards `python -S`: no plugin by itself, and the documented line brings it back."""
    environment = new_environment("alpha")
    path = f"import sys; sys.path.append({str(environment.site_packages)!r}); "
    plain = environment.run(path + WHOAMI, variables=alpha(alice), flags=("-S",))
    assert Report(**plain.report).error["kinds"][0] == "NoCredentialsError"
    assert server.seen() == []
    line = "import plugincreds; plugincreds.install(); "
    installed = environment.run(path + line + WHOAMI, variables=alpha(alice), flags=("-S",))
    assert Report(**installed.report).arn == alice.arn


def test_install_after_botocore_is_imported(
    new_environment: NewEnvironment, alice: Identity
) -> None:
    """Guards the order in which programs really write it: boto3 first, `install()` later."""
    environment = new_environment("alpha")
    path = f"import sys; sys.path.append({str(environment.site_packages)!r}); "
    late = "import boto3; import plugincreds; plugincreds.install(); "
    outcome = environment.run(path + late + WHOAMI, variables=alpha(alice), flags=("-S",))
    assert Report(**outcome.report).arn == alice.arn


def test_startup_twice_is_startup_once(new_environment: NewEnvironment, alice: Identity) -> None:
    """Guards idempotence: a venv runs each startup line twice, and people add a third."""
    program = """
import json, sys, plugincreds_startup
finders = len(sys.meta_path)
plugincreds_startup.install()
plugincreds_startup.install()
added = len(sys.meta_path) - finders
import boto3
session = boto3.session.Session()
method = session.get_credentials().method
chain = [p.METHOD for p in session._session.get_component("credential_provider").providers]
print(json.dumps([added, method, chain.count('plugin')]))
"""
    outcome = new_environment("alpha").run(program, variables=alpha(alice))
    assert outcome.report == [0, "plugin:alpha", 1]


def test_processes_without_botocore_stay_as_they_were(new_environment: NewEnvironment) -> None:
    """Guards that startup is silent, and loads nothing but its own one-file module."""
    environment = new_environment("alpha")
    program = (
        "import json, sys; print(json.dumps([name for name in sys.modules if 'cred' in name]))"
    )
    outcome = environment.run(program)
    assert outcome.report == ["plugincreds_startup"]
    assert outcome.stderr == ""


def test_half_removed_package_leaves_botocore_alone(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards a damaged installation: harmless, but an error where a plugin is selected."""
    environment = new_environment("alpha", own=True)
    shutil.rmtree(environment.site_packages / "plugincreds")
    assert whoami(environment, {**alpha(alice), **bob.variables()}).arn == bob.arn
    server.forget()
    selected = {**alpha(alice), **bob.variables(), "AWS_CREDENTIAL_PLUGIN": "alpha"}
    assert whoami(environment, selected).error["kinds"][0] != "NoCredentialsError"
    assert server.seen() == []


def test_startup_line_without_its_module_does_not_stop_python(
    new_environment: NewEnvironment, bob: Identity
) -> None:
    """Guards that even the worst removal leaves a Python that starts and a boto3 that signs."""
    environment = new_environment(own=True)
    (environment.site_packages / "plugincreds_startup.py").unlink()
    assert (environment.site_packages / "plugincreds_startup.pth").exists()
    assert whoami(environment, bob.variables()).arn == bob.arn


def test_pip_uninstall_removes_every_trace(
    new_environment: NewEnvironment, alice: Identity
) -> None:
    """Guards that `pip install` activates, and that `pip uninstall` leaves nothing behind."""
    environment = new_environment(*BOTO3, "alpha", bare=True, pip=True, own=True)
    environment.run("import boto3")
    before = environment.listing()
    environment.pip("install", "--no-deps", environment.wheel("plugincreds"))
    assert ours(environment)
    assert whoami(environment, alpha(alice)).arn == alice.arn
    environment.pip("uninstall", "--yes", "plugincreds")
    assert ours(environment) == []
    assert set(before) <= set(environment.listing())
    assert environment.run("import boto3").stderr == ""


def test_editable_install_activates_and_goes_away(
    new_environment: NewEnvironment, alice: Identity
) -> None:
    """Guards `pip install -e .`: developers get the hook too, and can get rid of it."""
    environment = new_environment(*BOTO3, "alpha", bare=True, own=True)
    environment.install_editable("plugincreds")
    assert whoami(environment, alpha(alice)).arn == alice.arn
    environment.uninstall("plugincreds")
    assert ours(environment) == []
    assert whoami(environment, alpha(alice)).error["kinds"][0] == "NoCredentialsError"


def test_reload_of_botocore_keeps_the_plugin(
    new_environment: NewEnvironment, alice: Identity
) -> None:
    """Guards programs and tests that reload botocore's module: still our provider, still once."""
    reload = (
        "import importlib, botocore.credentials as c; importlib.reload(c); importlib.reload(c); "
    )
    outcome = new_environment("alpha").run(reload + WHOAMI, json.dumps({}), variables=alpha(alice))
    assert Report(**outcome.report).arn == alice.arn
