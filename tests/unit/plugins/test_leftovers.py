"""What interrupted installations leave hides nothing, doubles nothing, and is named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import plugincreds
from plugincreds._plugins.discovery import discover
from tests.support.commands import main
from tests.unit.conftest import GROUP, Install


def versions() -> list[str]:
    """Return where the plugins come from."""
    return [each[0].origin for each in discover().plugins.values()]


def info_of(site: Path) -> Path:
    """Return the metadata of what `install` has installed."""
    (info,) = site.glob("*.dist-info")
    return info


def copied(site: Path, name: str, version: str) -> Path:
    """Add a copy of the metadata, as of another version."""
    copy = site / name
    shutil.copytree(info_of(site), copy)
    metadata = f"Metadata-Version: 2.1\nName: acme-creds\nVersion: {version}\n"
    (copy / "METADATA").write_text(metadata)
    (copy / "entry_points.txt").write_text(f"[{GROUP}]\nold = acme_old:get\n")
    return copy


def recorded(info: Path, *modules: Path) -> None:
    """Write a RECORD that lists these modules as they are now."""
    rows = [f"{module.name},sha256=x,{module.stat().st_size}\n" for module in modules]
    (info / "RECORD").write_text("".join([*rows, f"{info.name}/RECORD,,\n"]))


def first_in_listings(patch: pytest.MonkeyPatch, name: str, *, is_first: bool) -> None:
    """Let a name come first, or last, where a folder is listed: the order is the file system's."""
    listdir = os.listdir

    def ordered(path: str) -> list[str]:
        return sorted(listdir(path), key=lambda each: (each == name) is not is_first)

    patch.setattr("os.listdir", ordered)


def empty(site: Path) -> Path:
    """Leave an empty folder of an older version."""
    (site / "acme_creds-0.9.dist-info").mkdir()
    return site / "acme_creds-0.9.dist-info"


def empty_egg(site: Path) -> Path:
    """Leave the same of setuptools."""
    (site / "acme_creds-0.9.egg-info").mkdir()
    return site / "acme_creds-0.9.egg-info"


def without_metadata(site: Path) -> Path:
    """Leave a newer version that is not complete."""
    info = copied(site, "acme_creds-9.9.dist-info", "9.9")
    (info / "METADATA").unlink()
    return info


def truncated(site: Path) -> Path:
    """Leave an older version whose metadata was never written to the disk."""
    info = copied(site, "acme_creds-0.9.dist-info", "0.9")
    (info / "METADATA").write_text("")
    return info


def about_to_be_deleted(site: Path) -> Path:
    """Leave what pip has renamed."""
    return copied(site, "~cme_creds-1.2.dist-info", "1.2")


def older(site: Path) -> Path:
    """Leave a whole older version, as `pip install --target --upgrade` does."""
    return copied(site, "acme_creds-0.10.dist-info", "0.10")


def newer(site: Path) -> Path:
    """The same after a downgrade: RECORD tells which modules are there."""
    info = copied(site, "acme_creds-10.0.dist-info", "10.0")
    module = next(site.glob("acme_*.py"))
    recorded(info, module)
    module.write_text("longer = True\n")
    recorded(site / "acme_creds-1.2.dist-info", module)
    return info


LEFTOVERS = [empty, empty_egg, without_metadata, truncated, about_to_be_deleted, older, newer]


@pytest.mark.parametrize("is_first", [False, True])
@pytest.mark.parametrize("leave", LEFTOVERS)
def test_leftovers_beside_the_plugin(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    leave: Callable[[Path], Path],
    is_first: bool,
) -> None:
    """Guards a selected plugin, and who signs, against the order in which a folder is listed."""
    site = install()
    path = leave(site)
    first_in_listings(monkeypatch, path.name, is_first=is_first)
    assert versions() == ["acme-creds 1.2"]
    assert discover().fault("vault") is None
    assert main(["list", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    assert [row["version"] for row in document["plugins"]] == ["1.2"]
    (note,) = document["leftovers"]
    assert note.startswith(f"{path} is left over from ")
    assert "Delete it" in note
    assert main(["list"]) == 0
    assert note in " ".join(capfd.readouterr().out.split())
    main(["doctor", "--json"])
    assert note in json.loads(capfd.readouterr().out)["warnings"]


@pytest.mark.parametrize("leave", [empty, empty_egg, truncated])
@pytest.mark.parametrize("is_first", [False, True])
def test_leftovers_in_another_folder(
    install: Install, leave: Callable[[Path], Path], is_first: bool
) -> None:
    """Guards a plugin in the system's folder against half a copy in the user's, and inversely."""
    first, second = install(), install("", name="other", distribution="other-creds")
    leave(second if is_first else first)
    plugincreds.reset()
    assert sorted(versions()) == ["acme-creds 1.2", "other-creds 1.2"]


def test_a_copy_without_metadata_that_is_the_only_one(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards what 1.0.0 found: a file of entry points and its modules are enough to sign."""
    site = install()
    (info_of(site) / "METADATA").unlink()
    assert versions() == ["acme-creds 1.2"]
    assert main(["list"]) == 0
    printed = " ".join(capfd.readouterr().out.split())
    assert f"{info_of(site)} is left over from an interrupted installation" in printed


def test_an_empty_folder_alone_is_named(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards against "not installed" here, and "requirement already satisfied" of pip."""
    site = install("", name="other", distribution="other-creds")
    path = empty(site)
    main(["list"])
    assert f"{path} is left over from" in " ".join(capfd.readouterr().out.split())


def test_what_is_no_leftover(install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards against notes of copies that hide each other as they should, or have no plugins."""
    first, _ = install(), install(version="3")
    for name in ("~umpy-1.0.dist-info", "numpy-1.0.dist-info", "numpy-2.0.dist-info"):
        (first / name).mkdir()
        (first / name / "METADATA").write_text("Name: numpy\n")
    (first / "old-1.0.egg-info").write_text("Name: old\n")
    main(["list", "--json"])
    assert json.loads(capfd.readouterr().out)["leftovers"] == []
