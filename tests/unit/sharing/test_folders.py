"""The cache's folder: who may write there is checked on the open folder, and on its parents."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugincreds._sharing import folders
from plugincreds._sharing.files import MARK, NOTE, CacheFiles
from plugincreds._sharing.folders import RefusedError, opened

NAME = "a" * 64
SECRET = b"Canary0Canary1Canary2Canary3"
OTHER_USER = 4_000_000


@pytest.fixture
def files(tmp_path: Path) -> CacheFiles:
    """Return a cache with one entry, three folders below one that a test may change."""
    found = CacheFiles(tmp_path / "home" / "aws" / "cache")
    found.write(NAME, lambda _: b"own")
    return found


@pytest.fixture(params=["descriptors", "paths"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Use the folder by its descriptor, or by its path as on Windows."""
    chosen: str = request.param
    monkeypatch.setattr(folders, "_HAS_DESCRIPTORS", chosen == "descriptors")
    return chosen


@pytest.mark.usefixtures("way")
def test_both_ways_do_the_same(tmp_path: Path) -> None:
    """Guards Windows, where a folder has no descriptor."""
    files = CacheFiles(tmp_path / "home" / "cache")
    assert (files.names(), files.read(NAME)) == ([], None)
    files.remove(NAME)
    files.remove_leftovers()
    for content in (b"first", b"second"):
        files.write(NAME, lambda _, content=content: content)  # type: ignore[misc]
        assert files.read(NAME) == content
    files.write(NAME, str.encode, MARK)
    files.write(NAME, lambda _: b"note", NOTE)
    assert files.read(NAME, MARK) == NAME.encode()
    assert files.names() == [NAME]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(files.folder.parent.stat().st_mode) == 0o700
    old, young = (files.folder / f"{NAME}.{letter * 8}.new" for letter in "xy")
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    files.remove_leftovers()
    files.remove(NAME)
    assert sorted(path.name for path in files.folder.iterdir()) == [f"{NAME}.base", young.name]
    files.folder.chmod(0o750)
    with pytest.raises(RefusedError, match="mode 750"):
        files.read(NAME)


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 10_000_000])
def test_a_huge_file_is_empty(files: CacheFiles, size: int) -> None:
    """Guards the memory of each process."""
    (files.folder / f"{NAME}.json").write_bytes(b" " * size)
    assert len(files.read(NAME) or b"") == (size if size < 64 * 1024 else 0)


def _replaced(files: CacheFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another user replace the folder as soon as it has been checked."""
    aside = files.folder.with_name("aside")

    def replace() -> None:
        files.folder.rename(aside)
        files.folder.mkdir(mode=0o777)
        files.folder.chmod(0o777)
        foreign = files.folder / f"{NAME}.json"
        foreign.write_bytes(b"foreign")
        foreign.chmod(0o600)

    check, pending = folders._check_parents, [replace]

    def checked(*arguments: Any) -> None:
        check(*arguments)
        if pending and arguments[2] == "..":
            pending.pop()()

    monkeypatch.setattr(folders, "_check_parents", checked)


def test_a_folder_that_is_replaced_after_its_check_is_not_used(
    files: CacheFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the time between check and use: by the path, the other user's file was read."""
    _replaced(files, monkeypatch)
    assert files.read(NAME) == b"own"


def test_nothing_is_written_to_a_folder_that_was_not_checked(
    files: CacheFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a secret from a folder that another user has put in place of the checked one."""
    _replaced(files, monkeypatch)
    files.write(NAME, lambda _: SECRET)
    assert (files.folder / f"{NAME}.json").read_bytes() == b"foreign"
    assert (files.folder.with_name("aside") / f"{NAME}.json").read_bytes() == SECRET


@pytest.mark.parametrize("action", ["names", "remove", "remove_leftovers"])
def test_nothing_is_removed_from_a_folder_that_was_not_checked(
    files: CacheFiles, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """Guards files that are elsewhere under the same names."""
    (files.folder / f"{NAME}.note").touch()
    _replaced(files, monkeypatch)
    getattr(files, action)(*[NAME] * (action == "remove"))
    assert (files.folder / f"{NAME}.json").read_bytes() == b"foreign"


@pytest.mark.parametrize(
    ("level", "mode", "words"),
    [
        (0, 0o770, "aws is writable by other users (mode 770), who can replace what"),
        (0, 0o702, "aws is writable by other users (mode 702), who can replace what"),
        (1, 0o777, "home is writable by other users (mode 777), who can replace what"),
        (1, 0o720, "home is writable by other users (mode 720), who can replace what"),
    ],
)
def test_a_parent_that_others_can_write_to(
    files: CacheFiles, level: int, mode: int, words: str
) -> None:
    """Guards against members of a group, who can put another folder in place of this one."""
    parent = files.folder.parents[level]
    parent.chmod(mode)
    for call in (files.names, lambda: files.read(NAME), lambda: files.write(NAME, str.encode)):
        with pytest.raises(RefusedError) as caught:
            call()
        assert words in str(caught.value)
        assert str(caught.value).endswith("; chmod go-w it")
    assert (files.folder / f"{NAME}.json").read_bytes() == b"own"


@pytest.mark.parametrize("mode", [0o755, 0o711, 0o1777, 0o1770, 0o3777])
def test_a_parent_where_no_other_user_can_replace_a_folder(files: CacheFiles, mode: int) -> None:
    """Guards /tmp, /dev/shm and home directories that others may look into."""
    for parent in files.folder.parents[:2]:
        parent.chmod(mode)
    assert files.read(NAME) == b"own"


def test_a_parent_of_another_user(files: CacheFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards against its owner, who can give every right to others."""
    _with_owner(monkeypatch, files.folder.parent, OTHER_USER)
    with pytest.raises(RefusedError, match="aws belongs to another user, who can replace what"):
        files.read(NAME)


def test_a_parent_that_only_the_superuser_can_change(
    files: CacheFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards the advice: a user cannot change the mode of a volume of the superuser."""
    shared = files.folder.parents[1]
    shared.chmod(0o777)
    _with_owner(monkeypatch, shared, 0, me=OTHER_USER)
    with pytest.raises(RefusedError, match=r"what is in it; choose another folder$"):
        folders.create(shared / "new")


def _with_owner(
    monkeypatch: pytest.MonkeyPatch, folder: Path, owner: int, me: int | None = None
) -> None:
    """Let a folder belong to another user, or this be another one: only the superuser can."""
    original, inode = os.stat, folder.stat().st_ino

    def changed(*arguments: Any, **options: Any) -> os.stat_result:
        found = original(*arguments, **options)
        if found.st_ino != inode:
            return found
        return os.stat_result((*found[:4], owner, *found[5:]))

    monkeypatch.setattr(os, "stat", changed)
    if me is not None:
        monkeypatch.setattr(os, "geteuid", lambda: me)


def test_nothing_is_created_below_an_unsafe_parent(tmp_path: Path) -> None:
    """Guards a home directory from folders of the superuser, and a shared one from ours."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)
    files = CacheFiles(shared / "one" / "two")
    for call in (files.create_folder, lambda: files.write(NAME, str.encode)):
        with pytest.raises(RefusedError, match=r"shared is writable by other users"):
            call()
    assert list(shared.iterdir()) == []


def test_a_link_in_the_path_is_followed_to_where_it_leads(files: CacheFiles) -> None:
    """Guards a linked ~/.aws, and that the parents of the real folder are the ones that count."""
    link = files.folder.parents[2] / "link"
    link.symlink_to(files.folder.parent)
    linked = CacheFiles(link / "cache")
    assert linked.read(NAME) == b"own"
    files.folder.parents[1].chmod(0o770)
    with pytest.raises(RefusedError, match=r"home is writable by other users"):
        linked.read(NAME)


def test_a_link_in_place_of_a_missing_folder(tmp_path: Path) -> None:
    """Guards what the link leads to: nothing is created there."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(RefusedError, match="is a symbolic link; choose a folder of your own"):
        CacheFiles(tmp_path / "link").write(NAME, str.encode)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("place", ["json", "base"])
def test_a_pipe_is_not_waited_for(files: CacheFiles, place: str) -> None:
    """Guards against what blocks when it is opened or read."""
    path = files.folder / f"{'b' * 64}.{place}"
    os.mkfifo(path, 0o600)
    with pytest.raises(RefusedError, match="is no file; remove it"):
        files.read("b" * 64, f".{place}")


def test_no_descriptor_is_left_open(files: CacheFiles) -> None:
    """Guards long-running programs, also where a folder or file is refused."""
    before = _descriptors()
    files.read(NAME)
    files.read("b" * 64)
    files.write(NAME, str.encode)
    (files.folder / f"{NAME}.json").chmod(0o644)
    for mode in (0o700, 0o755):
        files.folder.chmod(mode)
        with pytest.raises(RefusedError):
            files.read(NAME)
    files.folder.chmod(0o700)
    files.folder.parent.chmod(0o777)
    with pytest.raises(RefusedError):
        files.read(NAME)
    with pytest.raises(RefusedError):
        CacheFiles(files.folder.with_name("new")).create_folder()
    assert _descriptors() == before


def _descriptors() -> set[str]:
    listing = Path("/proc/self/fd")  # Linux has it
    return {path.name for path in listing.iterdir()} if listing.exists() else set()


def test_a_folder_that_is_removed_meanwhile(files: CacheFiles) -> None:
    """Guards readers from `rm -r`: what is gone is absent."""
    with opened(files.folder) as folder:
        (files.folder / f"{NAME}.json").unlink()
        files.folder.rmdir()
        assert folder.names() == []
        with pytest.raises(FileNotFoundError):
            folder.open(f"{NAME}.json", os.O_RDONLY)
    assert (files.names(), files.read(NAME)) == ([], None)


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, OSError])
def test_an_interrupted_write(
    files: CacheFiles, monkeypatch: pytest.MonkeyPatch, call: str, kind: type[BaseException]
) -> None:
    """Guards the old entry, and the folder from unfinished files."""
    original = getattr(os, call)

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if call != "open" or str(arguments[0]).endswith(".new"):
            raise kind
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, interrupted)
        with pytest.raises(kind):
            files.write(NAME, lambda _: SECRET)
    assert [path.name for path in files.folder.iterdir()] == [f"{NAME}.json"]
    assert files.read(NAME) == b"own"


@pytest.fixture(autouse=True)
def _usual_mask() -> Iterator[None]:
    """Let folders that a test creates be closed to others, whatever the mask here is."""
    before = os.umask(0o022)
    yield
    os.umask(before)
