"""What is read of a distribution: only regular files, and never more than the limits."""

import importlib.metadata
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import botocore.session
import pytest

import plugincreds
from plugincreds._plugins.discovery import Discovery, discover
from plugincreds._plugins.metadata import LARGEST, Distribution
from tests.unit.conftest import GROUP, Install

POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
DECLARED = f"[{GROUP}]\nevil = evil:get\n"


def other_package(site: Path, name: str = "evil-3.0.dist-info") -> Path:
    """Install another package with a plugin, and return the folder of its metadata."""
    info = site / name
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 3.0\n")
    (info / "entry_points.txt").write_text(DECLARED)
    return info


def pipe(file: Path) -> None:
    """Put a named pipe there, at which nobody writes."""
    file.unlink(missing_ok=True)
    os.mkfifo(file)


def device(file: Path) -> None:
    """Put a device there that never ends."""
    file.unlink()
    file.symlink_to("/dev/zero")


def folder(file: Path) -> None:
    """Put a folder there."""
    file.unlink()
    file.mkdir()


@POSIX
@pytest.mark.parametrize("name", ["METADATA", "PKG-INFO", "entry_points.txt"])
@pytest.mark.parametrize("put", [pipe, device, folder])
def test_only_regular_files_are_read(
    install: Install, put: Callable[[Path], None], name: str
) -> None:
    """Guards every program against one package whose file never ends."""
    site = install()
    info = other_package(site)
    (info / name).touch()
    put(info / name)
    found = discover()
    assert list(found.plugins) == ["vault"]
    assert found.unreadable == (f"evil 3.0 has a file {name} that is not a regular file",)


@POSIX
@pytest.mark.parametrize("info", [".dist-info", "evil-3.0.DIST-INFO", "evil.egg/EGG-INFO"])
@pytest.mark.parametrize("name", ["METADATA", "PKG-INFO"])
def test_a_pipe_where_the_name_should_be(
    install: Install, monkeypatch: pytest.MonkeyPatch, info: str, name: str
) -> None:
    """Guards the search for the name, for which the metadata is read as well."""
    site = install()
    pipe(other_package(site, info) / name)
    monkeypatch.syspath_prepend(str(site / "evil.egg"))
    assert "vault" in discover().plugins


@POSIX
def test_a_pipe_in_place_of_record(install: Install) -> None:
    """Guards the choice between two copies in one folder."""
    site = install()
    for version in ("1.0", "2.0"):
        pipe(other_package(site, f"evil-{version}.dist-info") / "RECORD")
    assert list(discover().plugins) == ["evil", "vault"]


@pytest.mark.parametrize("line", ["a.py,", "a.py,,", "\0.py,sha256=x,3", "a.py,x,y", ".py,"])
def test_a_malformed_record(install: Install, line: str) -> None:
    """Guards the same against any text there: such a copy is not the one with its modules."""
    site = install()
    good, bad = (other_package(site, f"evil-{version}.dist-info") for version in ("1.0", "2.0"))
    (good / "RECORD").write_text(f"{good.name}/RECORD,,\n")
    (good / "METADATA").write_text("Name: evil\nVersion: 1.0\n")
    (bad / "RECORD").write_text(f"{line}\n")
    assert discover().plugins["evil"][0].version == "1.0"


@POSIX
def test_a_pipe_that_another_finder_has_found(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the distributions of other packages' finders, which are of the library's class."""
    install()
    info = other_package(Path(sys.path[0]), "evil-3.0.other")
    pipe(info / "METADATA")

    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(_: object) -> list[importlib.metadata.Distribution]:
            return [importlib.metadata.PathDistribution(info)]

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    assert list(discover().plugins) == ["vault"]


def with_size(info: Path, size: int) -> Discovery:
    """Look for plugins where the file of entry points has that size."""
    padding = size - len(DECLARED) - len("#\n")
    (info / "entry_points.txt").write_text(f"#{'x' * padding}\n{DECLARED}")
    return discover()


def test_the_largest_file_of_entry_points(install: Install) -> None:
    """Guards memory and time against a file without an end; the page has the limit."""
    site = install()
    info = other_package(site)
    assert list(with_size(info, LARGEST).plugins) == ["evil", "vault"]
    found = with_size(info, LARGEST + 1)
    assert list(found.plugins) == ["vault"]
    assert found.unreadable == ("evil 3.0 has a file entry_points.txt of more than 1024 KiB",)


def test_a_gigabyte_is_not_read(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the limit where the group stands behind it, and where all that is read counts."""
    info = other_package(install())
    for name in ("METADATA", "entry_points.txt", "RECORD"):
        os.truncate(info / name, 2**30) if (info / name).exists() else (info / name).touch()
    sizes = []
    read = os.read

    def counted(descriptor: int, most: int) -> bytes:
        data = read(descriptor, most)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(os, "read", counted)
    found = discover()
    assert list(found.plugins) == ["vault"]
    assert "evil 3.0 has a file entry_points.txt of more than 1024 KiB" in found.unreadable
    assert sum(sizes) < 4 * LARGEST


def test_a_zip_file_that_unpacks_to_a_gigabyte(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the same in a zip file, which the library would unpack in memory."""
    install()
    with zipfile.ZipFile(tmp_path / "evil.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("evil-3.0.dist-info/METADATA", "Name: evil\nVersion: 3.0\n")
        archive.writestr("evil-3.0.dist-info/entry_points.txt", DECLARED + "#" * 16 * LARGEST)
    monkeypatch.syspath_prepend(str(tmp_path / "evil.zip"))
    found = discover()
    assert list(found.plugins) == ["vault"]
    assert found.unreadable == ("evil 3.0 has a file entry_points.txt of more than 1024 KiB",)


@pytest.mark.parametrize(("count", "is_used"), [(1000, True), (1001, False)])
def test_the_most_plugins_of_one_package(install: Install, count: int, is_used: bool) -> None:
    """Guards a chain that would import a million modules, one after the other."""
    lines = "".join(f"p{number} = p{number}:get\n" for number in range(count))
    install(entry_points=f"[{GROUP}]\n{lines}")
    found = discover()
    assert len(found.plugins) == (count if is_used else 0)
    assert found.unreadable == (() if is_used else ("acme-creds 1.2 has more than 1000 plugins",))


def test_names_and_versions_are_those_of_the_library() -> None:
    """Guards our reading of metadata, on all that is installed where the tests run."""
    for found in importlib.metadata.distributions():
        path = getattr(found, "_path")  # noqa: B009 - the library's own, untyped
        ours = Distribution(str(path.parent), path.name)
        assert ours.name_and_version == (found.metadata["Name"], found.version)
        assert ours.is_whole


@POSIX
def test_a_hostile_package_is_said_once(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Guards the log of a program in which no plugin is selected."""
    site = install("def get_provider(): return None")
    pipe(other_package(site) / "METADATA")
    for _ in range(2):
        botocore.session.Session().get_credentials()
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == (
        "Credential plugins are skipped: evil 3.0 has a file METADATA that is not a regular file."
    )
    assert plugincreds.installed_plugins()[0].name == "vault"
