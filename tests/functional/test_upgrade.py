"""From 1.0.0 to this version in place, and back: with running programs, old plugins, a cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version

from tests.support.environments import ROOT, Environment, NewEnvironment, pinned, run_uv
from tests.support.moto_process import Identity, MotoServer
from tests.support.once import Once
from tests.support.programs import PROGRAMS, whoami
from tests.support.trees import run_in

RELEASED = "186e2fe8673100e04e1bbfd19a6d05a334c0d589"  # 1.0.0
PACKAGES = {
    "plugincreds": ".",
    "plugincreds-json-file": "sample_plugin",
    "plugincreds-keyring": "plugins/keyring",
}
PROFILE = "[profile asks]\ncredential_plugin = json-file\n"
KEYCHAIN = "keyrings.alt.file.PlaintextKeyring"


@pytest.fixture(scope="module")
def released(once: Once) -> dict[str, Path]:
    """Build the wheels of 1.0.0 from the history, where that is there."""
    git = (shutil.which("git") or "", "-C", str(ROOT))
    asked = [*git, "cat-file", "-e", RELEASED]
    if not git[0] or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("there is no git, or its history does not reach back to 1.0.0")
    if Version(version("botocore")) < Version("1.31"):
        pytest.skip("1.0.0 needs botocore 1.31")

    def build(folder: Path) -> None:
        folder.mkdir()
        archive = folder / "tree.zip"
        run_in(ROOT, *git, "archive", f"--output={archive}", RELEASED)
        with zipfile.ZipFile(archive) as tree:
            tree.extractall(folder / "tree")
        for source in PACKAGES.values():
            hatchling = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d")
            run_in(folder / "tree" / source, *hatchling, str(folder))

    folder = once.get("released", build)
    names = {name: name.replace("-", "_") for name in PACKAGES}
    return {name: next(folder.glob(f"{stem}-1.0.0-*.whl")) for name, stem in names.items()}


def exchange(environment: Environment, wheel: Path, installer: str) -> None:
    """Install another version of a package, over the one that is there."""
    if installer == "pip":
        environment.pip("install", "--no-deps", "--force-reinstall", wheel)
    else:
        where = ("--python", environment.python, "--no-deps", "--reinstall", "--no-index")
        run_uv("pip", "install", *where, wheel)


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize("back", [False, True], ids=["to this version", "back to 1.0.0"])
def test_running_programs(
    new_environment: NewEnvironment,
    released: dict[str, Path],
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    container: Identity,
    tmp_path: Path,
    back: bool,
    installer: str,
) -> None:
    """Guards programs whose files are replaced: what is loaded goes on, and nothing is mixed."""
    environment = new_environment("plugincreds-json-file", own=True, pip=True)
    old, new = released["plugincreds"], environment.wheel("plugincreds")
    first, second = (new, old) if back else (old, new)
    exchange(environment, first, "uv")
    exchange(environment, released["plugincreds-json-file"], "uv")
    environment.write_config(PROFILE)
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(alice.document()))
    variables = {
        "PLUGIN_CREDS_FILE": str(keys),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
    }
    situations = [
        *[("nothing", "new"), ("nothing", "profile"), ("plugin", "same"), ("plugin", "new")],
        *[("plugin", "profile"), ("keys", "new"), ("keys", "profile")],
    ]
    found, logged = {}, {}
    with ExitStack() as stack:
        running = {
            situation: stack.enter_context(
                environment.start(
                    *(environment.python, "-I", PROGRAMS / "upgraded.py", *situation),
                    variables=variables | (bob.variables() if situation[0] == "keys" else {}),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
            for situation in situations
        }
        for program in running.values():
            assert program.stdout
            assert program.stdout.readline() == "ready\n"
        exchange(environment, second, installer)
        keys.write_text(json.dumps(bob.document()))
        for situation, program in running.items():
            out, logged[situation] = program.communicate("\n", timeout=60)
            found[situation] = json.loads(out)
    # A program that has imported nothing, or that goes on with what it has imported.
    assert found["nothing", "new"] == found["nothing", "profile"] == [bob.arn]
    assert found["plugin", "same"] == found["plugin", "new"] == [alice.arn, bob.arn]
    # One that imports a module late: an error. No other identity signs for what selects a plugin.
    for situation in [("plugin", "profile"), ("keys", "profile")]:
        assert "plugincreds" in found[situation][-1]
        assert "Error: " in found[situation][-1]
        assert not back or "restart the program" in found[situation][-1]
    # One that no plugin has signed for, and that selects none: as if the package were gone.
    assert found["keys", "new"] == [bob.arn, container.arn]
    assert "credential plugins are not used" in logged["keys", "new"]


def test_old_plugins_and_keys_in_the_keychain(
    new_environment: NewEnvironment, released: dict[str, Path], tmp_path: Path, alice: Identity
) -> None:
    """Guards upgrades one by one, and the way back: the same key signs at each step."""
    keychain = pinned("filelock", "keyring", "keyrings.alt")
    environment = new_environment(*keychain, "plugincreds-keyring", own=True)
    steps = [
        *[released["plugincreds"], released["plugincreds-keyring"]],
        *[environment.wheel("plugincreds"), environment.wheel("plugincreds-keyring")],
        *[released["plugincreds-keyring"], released["plugincreds"]],
    ]
    for wheel in steps[:2]:
        exchange(environment, wheel, "uv")
    environment.write_config("[profile work]\ncredential_plugin = keyring\n")
    variables = {
        "AWS_PROFILE": "work",
        "PYTHON_KEYRING_BACKEND": KEYCHAIN,
        "KEYRING_PROPERTY_FILE_PATH": str(tmp_path / "keys.cfg"),
    }
    script = environment.script("plugincreds-keyring")
    command = (script, "set", "--insecure", "--profile", "work")
    stored = environment.start(*command, variables=variables, stdin=subprocess.PIPE)
    stored.communicate(f"{alice.access_key}\n{alice.secret_key}\n", timeout=60)
    assert stored.returncode == 0
    assert whoami(environment, variables).arn == alice.arn
    for wheel in steps[2:]:
        exchange(environment, wheel, "uv")
        assert whoami(environment, variables).arn == alice.arn, wheel.name


def test_a_key_that_nothing_selects(
    new_environment: NewEnvironment,
    released: dict[str, Path],
    tmp_path: Path,
    server: MotoServer,
    alice: Identity,
    container: Identity,
) -> None:
    """Guards against another signer after the upgrade of plugincreds-keyring, without a word."""
    keychain = pinned("filelock", "keyring", "keyrings.alt")
    environment = new_environment(*keychain, "plugincreds-keyring", own=True)
    for name in ("plugincreds", "plugincreds-keyring"):
        exchange(environment, released[name], "uv")
    variables = {
        "PYTHON_KEYRING_BACKEND": KEYCHAIN,
        "KEYRING_PROPERTY_FILE_PATH": str(tmp_path / "keys.cfg"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url,
    }
    command = (environment.script("plugincreds-keyring"), "set", "--insecure")
    stored = environment.start(*command, variables=variables, stdin=subprocess.PIPE)
    stored.communicate(f"{alice.access_key}\n{alice.secret_key}\n", timeout=60)
    assert whoami(environment, variables).arn == alice.arn
    for name in ("plugincreds", "plugincreds-keyring"):
        exchange(environment, environment.wheel(name), "uv")
    report = whoami(environment, variables)
    assert report.arn == container.arn
    (warning,) = report.logged("WARNING")
    assert "Version 1.0.0 used it. Now other credentials may be used." in warning
    script = environment.script("plugincreds")
    doctor = environment.run(script, "doctor", variables=variables, flags=())
    assert "Version 1.0.0 used it" in " ".join(doctor.stdout.split())


def test_a_cache_of_the_other_version(
    new_environment: NewEnvironment, released: dict[str, Path], trace: Path, alice: Identity
) -> None:
    """Guards files that processes share: one more retrieval after the upgrade, and no fault."""
    environment = new_environment(*pinned("filelock"), "keyed", own=True)
    new = environment.wheel("plugincreds")
    variables = {
        **alice.for_plugin("keyed"),
        "PLUGIN_TRACE": str(trace),
        "AWS_CREDENTIAL_PLUGIN_CACHE": "true",
    }
    retrievals = []
    for wheel in (released["plugincreds"], new, new, released["plugincreds"]):
        exchange(environment, wheel, "uv")
        assert whoami(environment, variables).arn == alice.arn, wheel.name
        retrievals.append(len(trace.read_text().splitlines()))
    assert retrievals == [1, 2, 2, 2]
