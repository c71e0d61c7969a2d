"""`set --write-profile`: what it adds to the config file, and that nothing else changes there."""

from __future__ import annotations

import os
from pathlib import Path

import botocore.session
import pytest
from botocore.configloader import raw_config_parse
from plugincreds import NonRecoverableError

from plugincreds_keyring import _config_file
from plugincreds_keyring._config_file import add_settings
from plugincreds_keyring._profile import Settings

LINE: Settings = {"credential_plugin": "keyring"}
BOTH: Settings = {**LINE, "credential_plugin_options": {"service": "my keys", "username": "a=b"}}


@pytest.fixture
def file(home: Path) -> Path:
    """Return the config file, which is not there."""
    return home / ".aws" / "config"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[profile work]\n+"),
        ("[profile work]", "[profile work]\n+"),
        ("[profile work]\n", "[profile work]\n+"),
        ("[profile 'work']\n", "[profile 'work']\n+"),
        ('[profile "work"]  \n', '[profile "work"]  \n+'),
        ("[profile work]\nregion = x", "[profile work]\nregion = x\n+"),
        (
            "# mine\n[profile work]\n; a\nregion = x # b\n# c\n\n# next\n[default]\nregion = y\n",
            "# mine\n[profile work]\n; a\nregion = x # b\n+# c\n\n# next\n[default]\nregion = y\n",
        ),
        (
            "[profile work]\n  region = x\n  output = y\n[a]\nb = c\n",
            "[profile work]\n  region = x\n  output = y\n+[a]\nb = c\n",
        ),
        (
            "[profile work]\ns3 =\n  addressing_style = path\n\n[profile b]\n",
            "[profile work]\ns3 =\n  addressing_style = path\n+\n[profile b]\n",
        ),
        (
            "[profile w]\nx = y\n\n\n[profile workshop]\nx = y",
            "[profile w]\nx = y\n\n\n[profile workshop]\nx = y\n\n[profile work]\n+",
        ),
        (
            "[profile work]\nx = y\n   [a]\n   y = z\n[b]\n",
            "[profile work]\nx = y\n   [a]\n   y = z\n+[b]\n",
        ),
        ("[work]\nx = y\n", "[work]\nx = y\n\n[profile work]\n+"),
        ("[profile work]\nx = \u2028\x0c y\n", "[profile work]\nx = \u2028\x0c y\n+"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_else_stays_as_it_is(file: Path, before: str, after: str, end: str) -> None:
    """Guards comments, order, indented lines, line ends, and what other profiles have."""
    new = "credential_plugin = keyring\ncredential_plugin_options =\n  service = my keys\n"
    file.write_bytes(before.replace("\n", end).encode())
    add_settings(file, "work", BOTH)
    if "\n" not in before:
        end = "\n"
    expected = after.replace("+", f"{new}  username = a=b\n").replace("\n", end)
    assert file.read_bytes() == expected.encode()
    assert botocore.session.Session(profile="work").get_scoped_config().items() >= BOTH.items()


@pytest.mark.parametrize("profile", ["default", "work", "my work", "a'b", "a]b", "jörg"])
def test_a_missing_file_is_created_for_its_user_alone(file: Path, profile: str) -> None:
    """Guards a new machine, and names that a header has to quote."""
    file.parent.rmdir()
    add_settings(file, profile, LINE)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(file.parent.iterdir()) == [file]
    assert botocore.session.Session(profile=profile).get_scoped_config() == LINE


def test_the_default_profile_may_have_either_header(file: Path) -> None:
    """Guards against a second section for one profile."""
    for header in ("[default]\n", "[profile default]\n"):
        file.write_text(header)
        add_settings(file, "default", LINE)
        assert file.read_text() == f"{header}credential_plugin = keyring\n"


def test_the_mode_is_kept_and_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    """Guards a file that others read, and one in a folder under version control."""
    target = tmp_path / "dotfiles" / "aws"
    target.parent.mkdir()
    target.write_text("[profile work]\n")
    target.chmod(0o644)
    file.symlink_to(target)
    add_settings(file, "work", LINE)
    assert file.is_symlink()
    assert target.read_text() == "[profile work]\ncredential_plugin = keyring\n"
    assert target.stat().st_mode & 0o777 == 0o644
    assert list(target.parent.iterdir()) == [target]


def test_a_link_to_a_missing_file_is_followed(file: Path, tmp_path: Path) -> None:
    """Guards a link that was there first."""
    file.symlink_to(tmp_path / "aws")
    add_settings(file, "work", LINE)
    assert file.is_symlink()
    assert (tmp_path / "aws").exists()


def test_bytes_of_another_encoding_are_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards a comment that an old editor has left, where botocore can read it."""
    monkeypatch.setattr(_config_file, "_parsed", parsed_as_latin_1)
    file.write_bytes(b"[profile work]\n# j\xf6rg\n")
    add_settings(file, "work", LINE)
    assert file.read_bytes() == b"[profile work]\ncredential_plugin = keyring\n# j\xf6rg\n"


def parsed_as_latin_1(file: Path) -> dict[str, object]:
    """Parse a file as botocore does where the system's encoding is Latin-1."""
    copy = file.with_name("copy")
    copy.write_text(file.read_text("latin-1"), "utf-8")
    try:
        return dict(raw_config_parse(str(copy)))
    finally:
        copy.unlink()


@pytest.mark.parametrize("settings", [LINE, BOTH])
@pytest.mark.parametrize(
    "before",
    [
        "[profile work]\ncredential_plugin = keyring\ncredential_plugin_options =\n  a = b\n",
        "[profile work]\ncredential_plugin =\n",
        "  [profile work]\n  region = x\n",
    ],
)
def test_what_cannot_be_added_safely_is_refused(
    file: Path, before: str, settings: Settings
) -> None:
    """Guards against a setting twice, or in another section: programs would not start any more."""
    file.write_text(before)
    with pytest.raises(NonRecoverableError, match="no line can be added safely"):
        add_settings(file, "work", settings)
    assert file.read_text() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("text", [" a", "a\nb", "a\n[default]\nregion = x"])
def test_a_name_that_does_not_survive_is_refused(file: Path, text: str) -> None:
    """Guards against an item of another name, and a line that the name would smuggle in."""
    settings: Settings = {**LINE, "credential_plugin_options": {"username": text}}
    for profile, wanted in (("work", settings), (f"work{text}\n", LINE)):
        with pytest.raises(NonRecoverableError, match="no line can be added safely"):
            add_settings(file, profile, wanted)
        assert list(file.parent.iterdir()) == []


def test_a_read_only_file_is_left_alone(file: Path) -> None:
    """Guards a file that its owner has protected, or that a tool generates."""
    file.write_text("[default]\n")
    file.chmod(0o400)
    with pytest.raises(NonRecoverableError, match=r"cannot be written \(EACCES\).*yourself"):
        add_settings(file, "default", LINE)
    assert file.read_text() == "[default]\n"
    assert list(file.parent.iterdir()) == [file]


def test_a_pipe_is_not_waited_for(file: Path) -> None:
    """Guards a process substitution as AWS_CONFIG_FILE."""
    os.mkfifo(file)
    with pytest.raises(NonRecoverableError, match="EINVAL"):
        add_settings(file, "default", LINE)


def test_another_edit_is_not_lost(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards an editor that saves the file meanwhile."""
    file.write_text("[default]\n")
    parsed = _config_file._parsed

    def edited(new: Path) -> dict[str, object]:
        found = parsed(new)
        if new != file:
            file.write_text("[default]\nregion = x\n")
        return found

    monkeypatch.setattr(_config_file, "_parsed", edited)
    with pytest.raises(NonRecoverableError, match="was changed meanwhile"):
        add_settings(file, "default", LINE)
    assert file.read_text() == "[default]\nregion = x\n"
    assert list(file.parent.iterdir()) == [file]
