"""What is found on `sys.path`, held against the two libraries that read entry points."""

import importlib.metadata
import sys
from importlib.machinery import BuiltinImporter, PathFinder
from pathlib import Path
from typing import Any

import importlib_metadata
import pytest

import plugincreds
from plugincreds import LookupSymbolError, PluginNotFoundError
from plugincreds._plugins.discovery import GROUP, Discovery, discover
from plugincreds._plugins.loading import load
from tests.unit.conftest import Install


def _by_the_libraries() -> list[list[tuple[str, str]]]:
    return [
        sorted((found.name, found.value) for found in library.entry_points(group=GROUP))
        for library in (importlib.metadata, importlib_metadata)
    ]


def _by_us() -> list[tuple[str, str]]:
    plugins = discover().plugins.values()
    return sorted((plugin.name, plugin.value) for several in plugins for plugin in several)


def test_what_is_found_is_what_the_libraries_find(install: Install) -> None:
    """Several plugins of several packages, extras, spaces, comments and other groups."""
    install(entry_points=f"[console_scripts]\nx = y:z\n[{GROUP}]\na = acme:one\n b= acme.two [x]\n")
    install(entry_points=f"# {GROUP}\n[{GROUP}.other]\nno = no:no\n", distribution="other")
    install(entry_points=f"[{GROUP}]\r\nc = third:get\r\n", distribution="third")
    assert [_by_us()] * 2 == _by_the_libraries()
    assert [name for name, _ in _by_us()][:3] == ["a", "b", "c"]


def test_the_first_distribution_of_a_name_wins(install: Install) -> None:
    """A newer copy in front of an old one must hide it, whatever way the name is written."""
    install(entry_points=f"[{GROUP}]\nold = acme:old\n", distribution="Acme.Creds", version="1")
    install(entry_points=f"[{GROUP}]\nnew = acme:new\n", distribution="acme-creds", version="2")
    assert [_by_us()] * 2 == _by_the_libraries()
    assert "old" not in discover().plugins


def test_a_copy_without_plugins_hides_one_with_them(install: Install) -> None:
    """The version that is imported has no plugin, so there is none."""
    install(entry_points=f"[{GROUP}]\nold = acme:old\n", version="1")
    install(entry_points="", version="2")
    assert [_by_us()] * 2 == _by_the_libraries()
    assert "old" not in discover().plugins


def test_an_egg_info_folder_is_a_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Setuptools' development installations have no .dist-info."""
    info = tmp_path / "site" / "acme.egg-info"
    info.mkdir(parents=True)
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 3\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\negg = acme:get\n")
    monkeypatch.syspath_prepend(str(info.parent))
    assert [_by_us()] * 2 == _by_the_libraries()
    assert discover().plugins["egg"][0].origin == "acme 3"


@pytest.mark.parametrize("content", ["a line without a sign\n", "[x\n=\n", "\0"])
def test_a_malformed_file_of_somebody_else_hides_nothing(install: Install, content: str) -> None:
    """The standard library gives no entry point at all then."""
    install(name="vault")
    install(entry_points=f"[console_scripts]\n{content}", distribution="broken")
    assert list(discover().plugins)[-1] == "vault"
    assert not discover().unreadable


def test_a_binary_file_of_somebody_else_hides_nothing(install: Install) -> None:
    """It is not even text."""
    install(name="vault")
    site = install(distribution="binary")
    next(site.glob("*.dist-info/entry_points.txt")).write_bytes(b"\xff\xfe" + GROUP.encode())
    assert "vault" in discover().plugins


def test_a_malformed_file_with_plugins_is_named_when_a_plugin_is_missed(install: Install) -> None:
    """Its plugins cannot be had, and whoever selects one must be told why."""
    install(entry_points=f"[{GROUP}]\nvault = acme:get\nwithout a sign\n", distribution="broken")
    install(name="other", distribution="whole")
    with pytest.raises(PluginNotFoundError, match=r"broken 1\.2 has a malformed entry_points\.txt"):
        discover().the_one("vault", "Somebody")


def test_metadata_without_a_name_is_no_trouble(install: Install) -> None:
    """Half a distribution is what an interrupted installation leaves."""
    site = install(name="vault")
    next(site.glob("*.dist-info/METADATA")).unlink()
    assert discover().the_one("vault", "Somebody").name == "vault"


def test_a_missing_name_lists_near_misses_and_what_is_there(install: Install) -> None:
    """Most wrong names are slips of the keyboard."""
    install(name="json-file")
    install(name="vault", distribution="other")
    with pytest.raises(PluginNotFoundError) as caught:
        discover().the_one("Json-fiel", "AWS_CREDENTIAL_PLUGIN=Json-fiel")
    message = str(caught.value)
    assert message.startswith("AWS_CREDENTIAL_PLUGIN=Json-fiel asks for")
    assert "did you mean 'json-file'?" in message
    assert "json-file, vault" in message
    assert caught.value.plugin == "Json-fiel"


def test_a_missing_name_where_nothing_is_installed() -> None:
    """The advice must not list nothing."""
    with pytest.raises(
        PluginNotFoundError,
        match=r"no installed package declares a plugin in the group 'aws_sdk\.cred",
    ):
        Discovery().the_one("vault", "Somebody")


@pytest.mark.parametrize("name", ["off", "False", "0"])
def test_a_wrong_word_for_none_is_told_the_right_one(name: str) -> None:
    """People try what other tools understand."""
    with pytest.raises(PluginNotFoundError, match="'none' switches plugins off"):
        Discovery().the_one(name, "Somebody")


def test_two_packages_with_one_name_are_both_named(install: Install) -> None:
    """Which of them answers must not depend on the order of folders."""
    install(name="vault", distribution="acme-creds")
    install(name="vault", distribution="evil-creds", version="6")
    with pytest.raises(PluginNotFoundError, match=r"acme-creds 1\.2 and evil-creds 6"):
        discover().the_one("vault", "Somebody")


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
def test_the_reserved_name_is_no_plugin(install: Install, name: str) -> None:
    """A plugin of that name could never be switched off."""
    install(name=name)
    with pytest.raises(PluginNotFoundError, match="reserved"):
        discover().the_one(name, "Somebody")


def test_looking_imports_no_plugin(install: Install) -> None:
    """One must be able to see what is installed without running it."""
    install("raise SystemExit('imported')", name="vault")
    before = set(sys.modules)
    (vault,) = [plugin for plugin in plugincreds.installed_plugins() if plugin.name == "vault"]
    assert (vault.distribution, vault.version) == ("acme-creds", "1.2")
    assert not {name for name in set(sys.modules) - before if name.startswith("acme")}


def test_what_was_found_is_kept_until_reset(install: Install) -> None:
    """Discovery reads files; a process does that once."""
    install(name="first")
    first = plugincreds.installed_plugins()
    install(name="second", distribution="other")
    assert plugincreds.installed_plugins() == first
    plugincreds.reset()
    assert len(plugincreds.installed_plugins()) == len(first) + 1


@pytest.mark.parametrize("entry", [None, 7, b"bytes", Path()])
def test_what_is_no_str_in_the_path_is_passed_over(
    install: Install, monkeypatch: pytest.MonkeyPatch, entry: object
) -> None:
    """Imports pass it over, too."""
    install(name="vault")
    monkeypatch.setattr(sys, "path", [entry, *sys.path])
    assert "vault" in discover().plugins


def test_a_finder_that_fails_hides_nothing(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is somebody else's."""

    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

        @staticmethod
        def find_distributions(*_: object) -> None:
            raise RuntimeError

    install(name="vault")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    assert "vault" in discover().plugins


@pytest.mark.parametrize(("name", "shown"), [("", "an empty one"), ("red\x1b[31m", "red?[31m")])
def test_names_that_nobody_can_write_are_unreadable(
    install: Install, name: str, shown: str
) -> None:
    """Guards terminals and logs against what a package may have for a name."""
    install(entry_points=f"[{GROUP}]\n{name} = acme:get\ngood = acme:get\n", version="1\x1b[2J")
    found = discover()
    assert list(found.plugins) == ["good"]
    assert found.plugins["good"][0].origin == "acme-creds 1?[2J"
    (fault,) = found.unreadable
    assert fault == f"acme-creds 1?[2J declares an unusable name ({shown})"


@pytest.mark.parametrize("entry", ["nul\0", "lone\ud800"])
def test_what_cannot_name_a_folder_is_passed_over(
    install: Install, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """Guards selected plugins against nonsense in sys.path that imports pass over, too."""
    install()
    monkeypatch.setattr(sys, "path", [entry, *sys.path])
    assert list(discover().plugins) == ["vault"]


@pytest.mark.parametrize("has_other_finder", [False, True])
def test_a_finder_in_the_place_of_pathfinder(
    install: Install, monkeypatch: pytest.MonkeyPatch, has_other_finder: bool
) -> None:
    """The AWS CLI 2.9 of Debian 12 puts such a finder there, and metadata is empty in it."""

    class Alias:
        def __init__(self, finder: type[PathFinder]) -> None:
            self._finder = finder

        def find_spec(self, *arguments: Any) -> Any:
            return self._finder.find_spec(*arguments)

    class Other:
        find_spec = PathFinder.find_spec

        @staticmethod
        def find_distributions(*_: object) -> list[importlib.metadata.Distribution]:
            return []

    install("def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)")
    others = [Other] if has_other_finder else []
    monkeypatch.setattr(sys, "meta_path", [BuiltinImporter, *others, Alias(PathFinder)])
    assert not list(importlib.metadata.entry_points(group=GROUP))
    assert [plugin.name for plugin in plugincreds.installed_plugins()] == ["vault"]
    retrieve, _ = plugincreds.get_plugin_provider_fns("vault")
    assert retrieve() == ("AKIA", "secret")


@pytest.mark.parametrize("other", ["foo-bar:main", "my pkg:main", "", "a:b:c", "a.b[x"])
@pytest.mark.parametrize("group", ["console_scripts", GROUP])
def test_an_odd_entry_point_costs_no_other(
    install: Install, monkeypatch: pytest.MonkeyPatch, group: str, other: str
) -> None:
    """Since 3.15, the library refuses a whole file for one of them; so it does here."""

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("Invalid object reference")

    install(entry_points=f"[{group}]\nother = {other}\n[{GROUP}]\nvault = acme:get\n")
    monkeypatch.setattr(importlib.metadata.EntryPoint, "__init__", refuse)
    found = discover()
    assert found.plugins["vault"][0].value == "acme:get"
    assert not found.unreadable
    if group == GROUP:
        with pytest.raises(LookupSymbolError, match="'other' of acme-creds"):
            load(found.the_one("other", "Somebody"))


def test_a_name_twice_in_one_package(install: Install) -> None:
    """Which of the two getters is meant, only its authors can say."""
    install(entry_points=f"[{GROUP}]\nvault = a:get\nvault = b:get\n")
    assert discover().fault("vault") == (
        "acme-creds 1.2 declares it more than once; its authors must fix this"
    )
