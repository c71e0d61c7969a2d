"""Writes two lines under `[plugins]` of the configuration file, and nothing else."""

import os
import stat
from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse

from plugincreds import PluginError
from plugincreds._cli.plugins_section import (
    missing_lines,
    read_section,
    with_lines,
    write_lines,
)

PATH, MODULE = "cli_legacy_plugin_path", "plugincreds_startup"
LINES = {PATH: "/site", "plugincreds": MODULE}
TWO = f"{PATH} = /site\nplugincreds = {MODULE}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"[plugins]\n{TWO}"),
        ("[default]\nregion = x\n", f"[default]\nregion = x\n\n[plugins]\n{TWO}"),
        ("[default]\nregion = x", f"[default]\nregion = x\n\n[plugins]\n{TWO}"),
        (
            "# a\n[plugins]\n# b\nold = mod  \n\n[default]\ns3 =\n  x = 1\n",
            f"# a\n[plugins]\n{TWO}# b\nold = mod  \n\n[default]\ns3 =\n  x = 1\n",
        ),
        ("[plugins]", f"[plugins]\n{TWO}"),
        ("[plugins]\n", f"[plugins]\n{TWO}"),
        ("[plugins] # c\na = b\n", f"[plugins] # c\n{TWO}a = b\n"),
        (
            "[plugins]\n\n; b\n    old = mod\n",
            f"[plugins]\n    {PATH} = /site\n    plugincreds = {MODULE}\n\n; b\n    old = mod\n",
        ),
        (
            "[plugins]\r\nold = mod\r\n",
            f"[plugins]\r\n{PATH} = /site\r\nplugincreds = {MODULE}\r\nold = mod\r\n",
        ),
        (
            "[default]\r\na = b\r\n",
            "[default]\r\na = b\r\n\r\n[plugins]\r\n{}".format(TWO.replace("\n", "\r\n")),
        ),
        ("[profile plugins]\na = b\n", f"[profile plugins]\na = b\n\n[plugins]\n{TWO}"),
    ],
)
def test_the_rest_stays_as_it_is(tmp_path: Path, before: str, after: str) -> None:
    """Guards comments, order, indentation and line ends of a file that people write."""
    file = tmp_path / "config"
    file.write_bytes(before.encode())
    parsed = raw_config_parse(str(file))
    write_lines(file, LINES)
    assert file.read_bytes().decode() == after == with_lines(before, LINES)
    written = raw_config_parse(str(file))
    assert written == {**parsed, "plugins": {**parsed.get("plugins", {}), **LINES}}


def test_one_line_is_added_to_the_other(tmp_path: Path) -> None:
    """Guards a file that has one of the two."""
    file = tmp_path / "config"
    file.write_text(f"[plugins]\n{PATH} = /site\n")
    missing = missing_lines(read_section(file), ["/site"], file)
    write_lines(file, missing)
    assert read_section(file) == LINES
    assert missing_lines(read_section(file), ["/site"], file) == {}


@pytest.mark.parametrize(
    ("section", "missing"),
    [
        ({}, LINES),
        ({"old": "module"}, LINES),
        ({PATH: "/site"}, {"plugincreds": MODULE}),
        ({PATH: "/other:/site/"}, {"plugincreds": MODULE}),
        ({"any": MODULE}, {PATH: "/site"}),
        ({PATH: "/site", "any": MODULE}, {}),
    ],
)
def test_what_is_missing(section: dict[str, str], missing: dict[str, str]) -> None:
    """Guards what other people have written there, in other forms with the same meaning."""
    assert missing_lines(section, ["/site"], Path("/c")) == missing


@pytest.mark.parametrize("path", ["/other", "~/site", "", "/sit"])
def test_another_path_is_an_error(path: str) -> None:
    """Guards the packages of others, and a `~`, which the AWS CLI does not expand."""
    with pytest.raises(PluginError) as caught:
        missing_lines({PATH: path}, ["/site", "/b"], Path("/c"))
    both = f"{path}:/site:/b" if path else "/site:/b"
    assert str(caught.value) == (
        f"/c has {PATH} = {path} under [plugins], but the packages of this environment are in "
        "/site:/b. Install the plugins in the folder of that line, or write "
        f"{PATH} = {both}."
    )


def test_another_module_is_an_error() -> None:
    """Guards a line of our name that somebody else means."""
    with pytest.raises(PluginError, match=f"another value than {MODULE} for plugincreds under"):
        missing_lines({"plugincreds": "mine"}, ["/site"], Path("/c"))


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640])
def test_the_mode_and_a_link_are_kept(tmp_path: Path, mode: int) -> None:
    """Guards dotfiles in a repository, and files that others may or may not read."""
    real, file = tmp_path / "real", tmp_path / "config"
    real.write_text("[default]\n")
    real.chmod(mode)
    file.unlink(missing_ok=True)
    file.symlink_to("real")
    write_lines(file, LINES)
    assert file.readlink() == Path("real")
    assert stat.S_IMODE(real.stat().st_mode) == mode
    assert read_section(real) == LINES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "real"]


def test_a_new_file(tmp_path: Path) -> None:
    """Guards a home directory without `.aws`; the AWS CLI makes its file with this mode, too."""
    file = tmp_path / ".aws" / "config"
    write_lines(file, LINES)
    assert file.read_text() == f"[plugins]\n{TWO}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_bytes_that_are_not_utf_8() -> None:
    """Guards a comment in another encoding, where the system reads the file in that."""
    assert "\udce9" in with_lines("# caf\udce9\n", LINES)


@pytest.mark.parametrize("text", ["[default]\n  [plugins]\na = b\n", "[plugins] ]\na = b\n"])
def test_an_unusual_form_is_left_alone(tmp_path: Path, text: str) -> None:
    """Guards a file in which a line would get another meaning: it stays, byte by byte."""
    file = tmp_path / "config"
    file.write_text(text)
    with pytest.raises(PluginError, match="has an unusual form, in which the lines for"):
        write_lines(file, LINES)
    assert file.read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a full disk: the old file is there, and no other one."""
    file = tmp_path / "config"
    file.write_text("[default]\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_lines(file, LINES)
    assert file.read_text() == "[default]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config"]
