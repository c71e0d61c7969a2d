"""What `make dist` builds, byte for byte, and what users get from it."""

from __future__ import annotations

import base64
import csv
import email
import hashlib
import os
import re
import sys
import tarfile
import zipfile
from email.message import Message
from pathlib import Path

import pytest

from tests.support.environments import pinned, run_uv
from tests.support.pythons import pythons
from tests.support.trees import copy_tree, files_in, make, run_in

STARTUP_LINE = b"import plugincreds_startup; plugincreds_startup.install()\n"
# What else a build, a test, a debugger or an editor leaves in somebody's tree.
JUNK = [
    ".env",
    ".git/config",
    ".hypothesis/examples/example",
    ".mypy_cache/3.11/cache.json",
    ".nox/tests/bin/python",
    ".pytest_cache/README.md",
    ".venv/bin/activate",
    "build/lib/plugincreds/_old.py",
    "credentials.json",
    "dist/plugincreds-0.0.1.tar.gz",
    "docs/_build/html/index.html",
    "notes.txt",
    "sample_plugin/dist/old.whl",
    "sample_plugin/src/plugincreds_json_file/__pycache__/_old.cpython-311.pyc",
    "src/plugincreds/__pycache__/_old.cpython-311.pyc",
    "src/plugincreds.egg-info/PKG-INFO",
    "tests/unit/.pytest_cache/README.md",
]
MARK = b"not for users"  # what is in each of them
# What the sdist has at its root: enough to build, test, lint and document it.
AT_ROOT = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "PKG-INFO",
    "README.md",
    "SECURITY.md",
    "benchmarks",
    "conftest.py",
    "docs",
    "noxfile.py",
    "plugins",
    "pyproject.toml",
    "sample_plugin",
    "src",
    "startup",
    "tests",
}
PROJECT = r"((sample_plugin|plugins/[^/]+)/)?pyproject\.toml"
NAME = re.compile(r'^\[project\]\nname = "(.*)"$', re.MULTILINE)


class Built:
    """One copy of the tree, and what `make dist` made of it."""

    def __init__(self, source: Path, tree: Path, *, umask: int = 0o022) -> None:
        """Copy, note what is there, strew junk, and build."""
        self.tree = copy_tree(tree, source)
        self.source = files_in(tree)
        for name in JUNK:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes(MARK)
        make(tree, "dist", umask=umask)
        self.dist = tree / "dist"
        (self.wheel,) = self.dist.glob("plugincreds-*.whl")
        (self.sdist,) = self.dist.glob("plugincreds-*.tar.gz")

    def wheel_files(self) -> dict[str, bytes]:
        """Return the wheel's files, by name."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def sdist_names(self) -> set[str]:
        """Return the names in the sdist, without the folder that holds them all."""
        with tarfile.open(self.sdist) as archive:
            (folder,) = {name.split("/")[0] for name in archive.getnames()}
            return {name.removeprefix(f"{folder}/") for name in archive.getnames()}

    def metadata(self) -> Message:
        """Return the wheel's metadata."""
        (text,) = (file for name, file in self.wheel_files().items() if name.endswith("/METADATA"))
        return email.message_from_bytes(text)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tree once, so that nobody changes it between two builds."""
    return copy_tree(tmp_path_factory.mktemp("source") / "tree")


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build once."""
    return Built(source, tmp_path_factory.mktemp("built") / "tree")


def test_the_wheel_holds_the_package_and_no_more(built: Built) -> None:
    """Guards that no module is left out, and that no test or junk comes to users."""
    source = {name.removeprefix("src/") for name in built.source if name.startswith("src/")}
    assert {"plugincreds/py.typed", "plugincreds_startup.py"} < source
    (info,) = {name.split("/")[0] for name in built.wheel_files() if ".dist-info/" in name}
    facts = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    metadata = {f"{info}/{name}" for name in facts}
    assert set(built.wheel_files()) == {*source, "plugincreds_startup.pth", *metadata}


def test_all_at_the_root_is_named_after_the_package(built: Built) -> None:
    """Guards what people see in site-packages, where the startup files must lie to be read."""
    at_root = {name.split("/")[0] for name in built.wheel_files()}
    assert all(re.fullmatch(r"plugincreds(_startup\.(py|pth)|-.*)?", name) for name in at_root)


def test_the_startup_line_is_frozen(built: Built) -> None:
    """Guards upgrades, in which the line meets a module of another version."""
    assert built.wheel_files()["plugincreds_startup.pth"] == STARTUP_LINE


def test_record_lists_every_file_with_its_hash(built: Built) -> None:
    """Guards `pip uninstall`, which removes what is listed, and who verifies an installation."""
    files = built.wheel_files()
    (record,) = (name for name in files if name.endswith("/RECORD"))
    listed = {name: hashed for name, hashed, _ in csv.reader(files[record].decode().splitlines())}
    assert listed.pop(record) == ""
    del files[record]
    assert listed == {name: _record_hash(content) for name, content in files.items()}


def test_the_metadata_says_what_installers_need(built: Built) -> None:
    """Guards the few dependencies, the extras, the licence, the command, and the first page."""
    facts = built.metadata()
    requirements = facts.get_all("Requires-Dist", [])
    needed = [each for each in requirements if ";" not in each]
    assert needed == ["botocore>=1.23.34", "python-dateutil>=2.8.1"]  # which botocore needs, too
    assert {"boto3", "cache", "completion"} <= set(facts.get_all("Provides-Extra", []))
    assert facts["Requires-Python"] == ">=3.10"
    assert (facts["License-Expression"], facts["License-File"]) == ("Apache-2.0", "LICENSE")
    assert "Typing :: Typed" in facts.get_all("Classifier", [])
    assert facts["Description-Content-Type"] == "text/markdown"
    text = facts.get_payload()
    assert str(text).strip() == (built.tree / "README.md").read_text(encoding="utf-8").strip()
    scripts = [text for name, text in built.wheel_files().items() if name.endswith("_points.txt")]
    assert b"[console_scripts]\nplugincreds = plugincreds._cli:script\n" in scripts[0]


def test_the_sdist_is_the_tree_without_junk(built: Built) -> None:
    """Guards who builds and tests from an sdist, and that no file of a developer gets out."""
    wanted = {name for name in built.source if name.split("/")[0] in AT_ROOT}
    assert built.sdist_names() == {*wanted, "PKG-INFO"}


def test_no_archive_has_junk_in_it(built: Built) -> None:
    """Guards the plugins' packages as well, whose lists of files are their own."""
    for path in built.dist.glob("*.tar.gz"):
        with tarfile.open(path) as archive:
            files = [archive.extractfile(member) for member in archive if member.isfile()]
            assert MARK not in [file.read() for file in files if file], path
    for path in built.dist.glob("*.whl"):
        with zipfile.ZipFile(path) as wheel:
            assert MARK not in [wheel.read(name) for name in wheel.namelist()], path


def test_the_wheel_of_the_tree_is_that_of_the_sdist(built: Built, tmp_path: Path) -> None:
    """Guards that the sdist lacks nothing of what is in the wheel."""
    wheel = ("build", "--wheel", "--no-isolation", "--outdir", str(tmp_path))
    run_in(built.tree, sys.executable, "-m", *wheel)
    assert (tmp_path / built.wheel.name).read_bytes() == built.wheel.read_bytes()


def test_built_elsewhere_it_has_the_same_bytes(source: Path, built: Built, tmp_path: Path) -> None:
    """Guards who verifies a release: no path, no time, no user and no mode gets in."""
    aged = copy_tree(tmp_path / "aged", source)
    for name in files_in(aged):
        (aged / name).chmod((aged / name).stat().st_mode & 0o700)
        os.utime(aged / name, (1e9, 1e9))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        other = Built(aged, tmp_path / "another tree", umask=0o077)
    assert files_in(other.dist) == files_in(built.dist)
    for name in files_in(built.dist):
        assert (other.dist / name).read_bytes() == (built.dist / name).read_bytes(), name


def test_built_with_another_python_it_has_the_same_bytes(
    source: Path, built: Built, tmp_path: Path
) -> None:
    """Guards who verifies a release: Python 3.15 compresses less than 3.11 if it is not told."""
    others = [path for path in pythons().values() if path != sys.executable]
    if not others:
        pytest.skip("no other Python is found")
    environment = tmp_path / "environment"
    run_uv("venv", "--python", others[-1], environment)
    run_uv("pip", "install", "--python", environment / "bin/python", *pinned("build", "hatchling"))
    other = copy_tree(tmp_path / "tree", source)
    make(other, "dist", binaries=environment / "bin")
    assert files_in(other / "dist") == files_in(built.dist)
    for name in files_in(built.dist):
        assert (other / "dist" / name).read_bytes() == (built.dist / name).read_bytes(), name


def test_the_sdists_are_not_packed_by_python(built: Built) -> None:
    """Guards the same where there is only one Python: no time, and the best level."""
    sdists = list(built.dist.glob("*.tar.gz"))
    assert {path.read_bytes()[:9].hex() for path in sdists} == {"1f8b08000000000002"}


def test_every_package_here_is_built(built: Built) -> None:
    """Guards the sample plugin and the plugins beside it, which are released with the package."""
    projects = [name for name in built.source if re.fullmatch(PROJECT, name)]
    texts = [(built.tree / name).read_text(encoding="utf-8") for name in projects]
    names = [match[1].replace("-", "_") for text in texts for match in NAME.finditer(text)]
    assert len(names) == len(projects)
    assert {"plugincreds", "plugincreds_json_file"} <= set(names)
    kinds = [(name.split("-")[0], name.rpartition(".")[2]) for name in files_in(built.dist)]
    assert sorted(kinds) == sorted((name, kind) for name in names for kind in ("gz", "whl"))


def _record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.decode().rstrip('=')}"
