"""The second wheel, which `make start-wheel` builds for Pythons that ignore lines in `.pth` files.

Python 3.15 already reads `.start` files, so a wheel for it shows what the one for 3.18 will do.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from packaging.tags import compatible_tags
from packaging.utils import parse_wheel_filename

from tests.support.environments import Environment, Wheels, run_uv
from tests.support.identities import alpha
from tests.support.moto_process import Identity, MotoServer
from tests.support.pythons import pythons
from tests.support.trees import copy_tree, make

FIRST = (3, 15)  # the first Python that reads `.start` files
INSTALLERS = ["pip", "uv"]
HOOK = """
import json, sys, plugincreds_startup
import botocore.session
session = botocore.session.Session()
finders = sys.meta_path.count(plugincreds_startup._finder)
method = session.get_credentials().method
chain = [each.METHOD for each in session.get_component("credential_provider").providers]
print(json.dumps([finders, method, chain.count("plugin")]))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel for the next Pythons, and one that Python 3.15 takes for its own."""
    tree = copy_tree(tmp_path_factory.mktemp("start-wheel") / "tree")
    make(tree, "start-wheel")
    (tree / "dist").rename(tree / "next")
    make(tree, "start-wheel", "START_WHEEL_PYTHONS=py315.py316")
    return tree


@pytest.fixture
def both(tree: Path, wheels: Wheels, tmp_path: Path) -> Path:
    """Return a folder with both wheels of one version, as the package index has them."""
    folder = Path(shutil.copytree(tree / "dist", tmp_path / "both"))
    shutil.copy(wheels.get("plugincreds"), folder)
    assert len(list(folder.iterdir())) == 2
    return folder


def start_wheel(folder: Path) -> Path:
    """Return the wheel with the `.start` file."""
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_only_the_startup_file_differs(tree: Path, wheels: Wheels) -> None:
    """Guards two wheels of one version: each module is the same, and no `.pth` file is left."""
    usual, second = (
        {name: archive.read(name) for name in archive.namelist()}
        for archive in map(zipfile.ZipFile, (wheels.get("plugincreds"), start_wheel(tree / "next")))
    )
    line = usual.pop("plugincreds_startup.pth")
    start = second.pop("plugincreds_startup.start")
    assert line == b"import plugincreds_startup; plugincreds_startup.install()\n"
    assert start == b"plugincreds_startup:install\n"
    assert usual.keys() == second.keys()
    changed = {name.rpartition("/")[2] for name in usual if usual[name] != second[name]}
    assert changed == {"RECORD", "WHEEL"}


@pytest.mark.parametrize("minor", range(10, 23))
def test_each_python_prefers_its_wheel(tree: Path, minor: int) -> None:
    """Guards Python 3.19, where py3 comes before py318: the wheel has a tag for each version."""
    tags = [str(tag) for tag in compatible_tags((3, minor), f"cp3{minor}", ["any"])]
    _, _, _, second = parse_wheel_filename(start_wheel(tree / "next").name)
    ranks = [tags.index(str(tag)) for tag in second if str(tag) in tags]
    wins = bool(ranks) and min(ranks) < tags.index("py3-none-any")
    assert wins == (minor >= 18)


@pytest.mark.parametrize("installer", INSTALLERS)
@pytest.mark.parametrize("suffix", ["start", "pth"])
def test_installers_choose_by_the_version(
    both: Path,
    tmp_path: Path,
    wheels: Wheels,
    server: MotoServer,
    alice: Identity,
    suffix: str,
    installer: str,
) -> None:
    """Guards that each Python gets the file that it reads, and installs the hook once by it."""
    found = pythons()
    fitting = [version for version in found if (version >= FIRST) == (suffix == "start")]
    if not fitting:
        pytest.skip("there is no Python 3.15 here" if suffix == "start" else "only Python 3.15")
    environment = Environment(tmp_path / "environment", wheels, server)
    environment.create(pip=True, python=found[max(fitting)])
    environment.install("botocore", "alpha")  # the newest, because older ones need older Pythons
    if installer == "pip":
        environment.pip("install", "--no-deps", "--find-links", both, "plugincreds")
    else:
        where = ("--no-index", "--no-cache", "--no-deps", "--find-links", both)
        run_uv("pip", "install", "--python", environment.python, *where, "plugincreds")
    assert startup_files(environment) == {"plugincreds_startup.py", f"plugincreds_startup.{suffix}"}
    for flags in [("-I",), ("-I", "-X", "importtime")]:
        outcome = environment.run(HOOK, variables=alpha(alice), flags=flags)
        assert outcome.report == [1, "plugin:alpha", 1]
    environment.uninstall("plugincreds")
    assert startup_files(environment) == set()


def startup_files(environment: Environment) -> set[str]:
    """Return what is at the root of site-packages to be read or imported at each start."""
    return {path.name for path in environment.site_packages.glob("plugincreds_startup.*")}
