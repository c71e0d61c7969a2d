"""What is found is exactly what the libraries find, on environments of every kind."""

import gc
import importlib.metadata
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import importlib_metadata
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import plugincreds
from plugincreds._plugins.metadata import Distribution
from tests.unit.conftest import GROUP

EXAMPLES = int(os.environ.get("DISCOVERY_EXAMPLES", "300"))
NAMES = ["acme", "Acme", "acme-creds", "acme_creds", "Acme.Creds", "acme--creds", "other", "x", "é"]
CONTENTS = [
    None,
    "",
    f"[{GROUP}]\n{{0}} = {{0}}:get\n",
    f"[{GROUP}]\r\n{{0}} = {{0}}:get\r\nsecond-{{0}} = {{0}}.two\r\n",
    f"# {GROUP}\n[{GROUP}.more]\n{{0}} = no:no\n",
    f"[console_scripts]\n{{0}} = y:z\n[{GROUP}]\n{{0}}=spaced : get [extra]\n\n[{GROUP}]\n",
    f"[console_scripts]\nx = y:z\n# {'filler ' * 12_000}\n[{GROUP}]\nlate-{{0}} = late:get\n",
]
KINDS = ["dist-info", "egg-info", "egg-info file", "DIST-INFO", "nameless", "no metadata"]

distribution = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["", "-1.0", "-2.0", "-1.0-py3.11"]),
    st.sampled_from(KINDS),
    st.sampled_from(CONTENTS),
)
entry = st.tuples(
    st.sampled_from(["folder", "folder", "folder", "zip", "egg", "missing", "file", "again"]),
    st.lists(distribution, max_size=5),
)


def files_of(number: int, found: tuple[str, str, str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield the files of one distribution, with their contents."""
    name, version, kind, content = found
    number_of_version = version.strip("-").partition("-")[0] or "1.0"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number_of_version}\n"
    ending = {"egg-info": "egg-info", "egg-info file": "egg-info", "DIST-INFO": "DIST-INFO"}
    folder = f"{'' if kind == 'nameless' else name}{version}.{ending.get(kind, 'dist-info')}"
    if kind == "egg-info file":
        yield folder, metadata
        return
    if kind != "no metadata":
        yield f"{folder}/{'PKG-INFO' if kind == 'egg-info' else 'METADATA'}", metadata
    if content is not None:
        yield f"{folder}/entry_points.txt", content.format(f"p{number}")


def build(
    root: Path, entries: list[tuple[str, list[tuple[str, str, str, str | None]]]]
) -> list[str]:
    """Make the entries of a path, and return it."""
    path: list[str] = []
    for number, (kind, each) in enumerate(entries):
        # The libraries take any of several in a zip file, from which `clean` can delete none.
        first_words = {re.split("[-_.]", one[0].lower())[0]: one for one in each}
        found = list(first_words.values()) if kind == "zip" else each
        files = [pair for each in found for pair in files_of(number * 10 + len(path) % 7, each)]
        place = root / f"entry{number}{'.egg' if kind == 'egg' else ''}"
        if kind == "again" and path:
            path.append(path[0])
        elif kind == "file":
            place.write_text("no archive")
            path.append(str(place))
        elif kind == "zip":
            with zipfile.ZipFile(place, "w") as archive:
                for name, content in dict(files).items():
                    archive.writestr(name, content)
            path.append(str(place))
        else:
            if kind != "missing":
                place.mkdir()
                write(place, files, in_egg=kind == "egg")
            path.append(str(place))
    return path


def write(place: Path, files: list[tuple[str, str]], *, in_egg: bool) -> None:
    """Write files, as far as they do not stand in each other's way."""
    for name, content in files:
        file = place / ("EGG-INFO/" + name.partition("/")[2] if in_egg and "/" in name else name)
        if not file.parent.is_file() and not file.is_dir():
            file.parent.mkdir(exist_ok=True, parents=True)
            file.write_text(content, newline="")


def clean(path: list[str]) -> None:
    """Delete what must hide nothing; what the libraries find then is what we must find before."""
    found = [info for folder in dict.fromkeys(path) for info in infos_in(Path(folder))]
    whole = {key_of(info) for info in found if is_whole(info)}
    groups: dict[tuple[Path, str], list[Path]] = {}
    for info in found:
        if not is_whole(info) and key_of(info) in whole:
            shutil.rmtree(info)
        else:
            groups.setdefault((info.parent, key_of(info)), []).append(info)
    for (_, key), group in groups.items():
        for info in sorted(group, key=version_of)[:-1] if key else ():
            shutil.rmtree(info) if info.is_dir() else info.unlink()


def infos_in(folder: Path) -> list[Path]:
    children = folder.iterdir() if folder.is_dir() else ()
    endings = (".dist-info", ".egg-info")
    in_egg = {"EGG-INFO"} if folder.suffix == ".egg" else set[str]()
    return [each for each in children if each.name.lower().endswith(endings) or each.name in in_egg]


def header(info: Path, name: str) -> str:
    file = next((info / each for each in ("METADATA", "PKG-INFO") if (info / each).exists()), None)
    lines = file.read_text().splitlines() if file is not None else ()
    return next((line.split()[1] for line in lines if line.startswith(f"{name}: ")), "")


def is_whole(info: Path) -> bool:
    return info.is_file() or header(info, "Name") != ""


def key_of(info: Path) -> str:
    has_name = info.suffix in {".dist-info", ".egg-info"}
    name = (has_name and info.stem.partition("-")[0]) or header(info, "Name")
    return re.sub("[-_.]+", "_", name).lower()


def version_of(info: Path) -> tuple[bool, list[int], str]:
    version = header(info, "Version") or info.stem.partition("-")[2]
    return is_whole(info), list(map(int, re.findall(r"\d+", version))), str(info)


@contextmanager
def only(path: list[str]) -> Iterator[None]:
    """Let nothing else be installed."""
    with patch.object(sys, "path", path):
        importlib.invalidate_caches()
        yield


def ours() -> list[tuple[str, str]]:
    plugincreds.reset()
    return sorted((each.name, each.value) for each in plugincreds.installed_plugins())


def theirs(library: object) -> list[tuple[str, str]]:
    found = library.entry_points(group=GROUP)  # type: ignore[attr-defined]
    return sorted((each.name, each.value) for each in found)


@pytest.fixture
def closed_in_the_end() -> Iterator[None]:
    """Let what the libraries have left open go here, and not in some later test."""
    yield
    importlib.invalidate_caches()
    gc.collect()


# The libraries leave zip files open.
@pytest.mark.usefixtures("closed_in_the_end")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(entry, max_size=5))
def test_the_answers_are_those_of_the_libraries(
    entries: list[tuple[str, list[tuple[str, str, str, str | None]]]],
) -> None:
    """Guards order, shadowing, names, eggs, zip files and all else that the libraries look at."""
    with tempfile.TemporaryDirectory() as folder, only(build(Path(folder), entries)):
        found = ours()
        clean(sys.path)
        importlib.invalidate_caches()
        answers = []
        for library in (importlib.metadata, importlib_metadata):
            # Half a distribution makes them raise, or differ from each other.
            with suppress(Exception):
                answers.append(theirs(library))
        assert found in answers or not answers


def test_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the empty entry of `python -c` and of a prompt."""
    write(tmp_path, list(files_of(1, ("acme", "-1.0", "dist-info", CONTENTS[2]))), in_egg=False)
    monkeypatch.chdir(tmp_path)
    with only([""]):
        assert ours() == theirs(importlib.metadata) == [("p1", "p1:get")]


def test_only_those_are_read_that_hold_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the speed: what has no plugin is not even parsed."""
    for number in range(50):
        content = CONTENTS[2] if number == 7 else "[console_scripts]\nx = y:z\n"
        files = files_of(number, (f"package{number}", "-1.0", "dist-info", content))
        write(tmp_path, list(files), in_egg=False)
    read: list[str] = []
    original = Distribution.read

    def read_one(self: Distribution, name: str, most: int) -> bytes:
        read.append(self.path)
        return original(self, name, most)

    monkeypatch.setattr(Distribution, "read", read_one)
    with only([str(tmp_path)]):
        assert ours() == [("p7", "p7:get")]
    assert {Path(path).name for path in read} == {"package7-1.0.dist-info"}


@pytest.mark.parametrize("call", ["open", "read", "listdir"])
def test_what_cannot_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Guards a disk that fails: nobody selected a plugin, so nobody may suffer from it."""
    write(tmp_path, list(files_of(1, ("acme", "-1.0", "dist-info", CONTENTS[2]))), in_egg=False)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(f"os.{call}", fail)
    with only([str(tmp_path)]):
        assert ours() == []


def test_the_backports_finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards processes in which importlib-metadata has taken the place of the library's finder."""
    write(tmp_path, list(files_of(1, ("acme", "-1.0", "dist-info", CONTENTS[2]))), in_egg=False)
    finder = importlib_metadata.MetadataPathFinder()
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    with only([str(tmp_path)]):
        assert ours() == theirs(importlib_metadata)
