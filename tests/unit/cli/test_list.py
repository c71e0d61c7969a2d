"""`plugincreds list`: what is installed, of what use it is, and that nothing is imported."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from plugincreds._cli import terminal
from plugincreds._cli.selection import line_of
from plugincreds._cli.terminal import Palette, print_lines, table
from plugincreds._errors import printable
from tests.support import golden
from tests.support.commands import main
from tests.unit.conftest import GROUP, Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
BOMB = "raise RuntimeError('imported')"
NOISY = f"import os\nprint('noise')\nos.system('echo noise')\n{GOOD}"


def nothing(_install: Install, _patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """No plugin, but a profile that asks for one."""
    _config.write_text("[default]\ncredential_plugin = vault\n")
    return []


def one(install: Install, patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """One plugin, selected by the variable; importing it would fail."""
    install(BOMB, module="acme_list")
    patch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    return []


def several(install: Install, patch: pytest.MonkeyPatch, config: Path) -> list[str]:
    """Three plugins of two packages, one selected by the active profile."""
    points = f"[{GROUP}]\nbeta = acme_list:get_provider\nalpha = acme_list\n"
    install(BOMB, module="acme_list", entry_points=points)
    install(BOMB, module="acme_other", distribution="other", name="gamma")
    config.write_text("[profile dev]\nregion = eu-central-1\ncredential_plugin = gamma\n")
    patch.setenv("AWS_PROFILE", "dev")
    return []


def broken(install: Install, _patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """One that loads, and three that do not, each in its own way."""
    points = (
        f"[{GROUP}]\nbomb = acme_bomb:get_provider\ngone = acme_gone\nnumber = acme_list:n\n"
        "vault = acme_list:get_provider\n"
    )
    site = install(f"{NOISY}\nn = 1", module="acme_list", entry_points=points)
    (site / "acme_bomb.py").write_text(BOMB)
    return ["--check"]


def duplicate(install: Install, patch: pytest.MonkeyPatch, _config: Path) -> list[str]:
    """Two packages with one name, and one whose metadata cannot be read."""
    install(GOOD, module="acme_list", distribution="first")
    install(GOOD, module="acme_other", distribution="second")
    install(distribution="third", entry_points=f"[{GROUP}]\na line without a sign\n")
    patch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    return []


@pytest.mark.parametrize("form", ["txt", "json"])
@pytest.mark.parametrize("arrange", [nothing, one, several, broken, duplicate])
def test_output(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    arrange: Callable[[Install, pytest.MonkeyPatch, Path], list[str]],
    form: str,
) -> None:
    """Guards every word of the text, and every key of the document that programs read."""
    options = arrange(install, monkeypatch, tmp_path / "config")
    monkeypatch.setattr(terminal, "_WIDTH", 10_000)  # paths differ in length
    status = main(["list", *options, *(["--json"] if form == "json" else [])])
    assert status == (0 if arrange in {one, several} else 1)
    plain = golden.plain_json if form == "json" else golden.plain_text
    printed = capfd.readouterr().out
    golden.check(f"list_{arrange.__name__}.{form}", plain(printed, {tmp_path: "TMP"}))


def test_nothing_is_imported_that_is_not_needed(tmp_path: Path) -> None:
    """Guards that no plugin is imported, nor the half of botocore that takes long."""
    variables = {
        "AWS_CONFIG_FILE": str(tmp_path / "missing"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "missing"),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "plugincreds", "list"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "plugincreds._cli" in imported
    assert imported.isdisjoint({"botocore.session", "botocore.credentials"})


@pytest.mark.skipif(sys.platform == "win32", reason="it loads the C library as on POSIX")
@pytest.mark.parametrize("command", [["list", "--check"], ["doctor", "--retrieve"]])
def test_what_plugins_print_is_not_in_the_document(install: Install, command: list[str]) -> None:
    """Guards the document from print(), from child processes, and from C's own buffer."""
    site = install(
        "import ctypes, os\nprint('noise')\nos.system('echo noise')\n"
        f"ctypes.CDLL(None).printf(b'noise\\n')\n{GOOD}"
    )
    done = subprocess.run(
        [sys.executable, "-m", "plugincreds", *command, "--json"],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert json.loads(done.stdout)["ok"]
    assert done.stderr.count("noise") == 3


def test_a_missing_plugin_is_said_in_one_sentence(
    install: Install, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the advice for a name that is written wrongly."""
    install(GOOD)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "valt")
    assert main(["list"]) == 1
    assert "did you mean 'vault'?" in capfd.readouterr().out


def test_files_that_cannot_be_read(
    install: Install, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards that the plugins are listed all the same, and what is wrong is said."""
    install(GOOD)
    (tmp_path / "config").write_text("no section\n")
    assert main(["list", "--json"]) == 1
    document = json.loads(capfd.readouterr().out)
    assert [each["name"] for each in document["plugins"]] == ["vault"]
    assert "The profiles cannot be read" in document["problems"][0]


@pytest.mark.parametrize(
    ("text", "has_prefix", "line"),
    [
        ("[profile dev]\ncredential_plugin = x\n", True, 2),
        ('[profile "dev"]\n# c\ncredential_plugin=x\n', True, 3),
        ("[dev]\ncredential_plugin = x\n", True, None),
        ("[other]\ncredential_plugin = y\n[dev]\n\nCredential_Plugin: x\n", False, 5),
        ("[profile dev]\nother =\n  credential_plugin = x\n", True, None),
        ("[profile dev]\n;credential_plugin = x\n", True, None),
    ],
)
def test_the_line_in_a_file(tmp_path: Path, text: str, has_prefix: bool, line: int | None) -> None:
    """Guards the number that a person goes to in an editor."""
    file = tmp_path / "file"
    file.write_text(text)
    assert line_of(file, "dev", "credential_plugin", has_prefix=has_prefix) == line


def test_the_credentials_file_has_the_last_word(
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Guards that the place is the one that botocore reads, where a profile is in both files."""
    install(GOOD)
    (tmp_path / "config").write_text("[default]\ncredential_plugin = other\n")
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\ncredential_plugin = vault\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    assert main(["list", "--json"]) == 0
    selection = json.loads(capfd.readouterr().out)["selection"]
    assert (selection["plugin"], selection["file"]) == ("vault", str(credentials))


def test_columns_are_aligned() -> None:
    """Guards that a column is as wide as its widest cell, and no cell can steer a terminal."""
    rows = table([("a", "bcd", "e"), ("long", "\x1b[2J", "f")], indent=" ")
    assert rows == [" a     bcd   e", " long  ?[2J  f"]
    assert printable("a\nb\x07") == "a b?"


@pytest.mark.parametrize(
    ("is_terminal", "environ", "is_on"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, environ: dict[str, str], is_on: bool
) -> None:
    """Guards that colours are for terminals, and that NO_COLOR is respected."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal, raising=False)
    palette = Palette(sys.stdout, {"WT_SESSION": "1", **environ})
    assert palette.paint("x", "red") == ("\033[31mx\033[0m" if is_on else "x")
    assert palette.paint("x", "") == "x"


def test_what_a_terminal_cannot_show_is_escaped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards the C locale, in which a folder's name may not be printable."""
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        print_lines(["caf\u00e9"])
        monkeypatch.undo()
    assert (tmp_path / "out").read_text(encoding="ascii") == "caf\\xe9\n"
