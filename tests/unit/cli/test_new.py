"""`plugincreds new`: what it writes, which names it takes, and what it never changes."""

import ast
import errno
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugincreds._cli.new.package_files import write_new_folder
from plugincreds._errors import PluginError
from tests.support.commands import main
from tests.support.pages import ROOT
from tests.unit.conftest import Install

GOOD = "def get_provider(): ..."
EXCEPT = "--ignore=COM812,CPY,EM,INP,S1,TRY003"  # matters of taste; tests assert, and are flat
GOOGLE = "--config=lint.pydocstyle.convention='google'"
LONGEST = "a" + "-b" * 19 + "c"
FILES = {
    "README.md",
    "pyproject.toml",
    "src/zeta_creds/__init__.py",
    "src/zeta_creds/py.typed",
    "tests/test_ask_broker.py",
    "tests/test_contract.py",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, which is empty."""
    path = tmp_path / "current"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


def content_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return what each file has, and when it was changed."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in files
    }


def test_what_is_written(folder: Path, install: Install, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards what an author sees and gets."""
    install(GOOD, name="another")
    assert main(["new", "zeta"]) == 0
    printed = capfd.readouterr()
    assert printed.out == (
        "The package is in ./zeta-creds:\n"
        "  pyproject.toml\n"
        "  README.md\n"
        "  src/zeta_creds/__init__.py\n"
        "  src/zeta_creds/py.typed\n"
        "  tests/test_ask_broker.py\n"
        "  tests/test_contract.py\n"
        "\n"
        "Install it, run its tests, and see it listed:\n"
        "  pip install -e './zeta-creds[test]'\n"
        "  python -m pytest ./zeta-creds\n"
        "  plugincreds list\n"
        "\n"
        "Then let ask_broker() call your broker, in\n"
        "./zeta-creds/src/zeta_creds/__init__.py.\n"
    )
    assert printed.err == ""
    written = content_of(folder / "zeta-creds")
    assert set(written) == FILES
    for text, _ in written.values():
        assert b"acme" not in text
        assert b"X.Y" not in text


@pytest.mark.parametrize("name", ["class", "json", "a", "x9", "json-file", "creds", "con", LONGEST])
def test_a_name_that_is_allowed(folder: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards keywords, modules of Python and long names: the module's name has an ending."""
    assert main(["new", name]) == 0
    module = f"{name}_creds".replace("-", "_")
    package = folder / f"{name}-creds"
    ast.parse((package / "src" / module / "__init__.py").read_text())
    tests = (package / "tests/test_ask_broker.py").read_text()
    assert f"\nfrom {module} import ask_broker\n" in tests
    project = (package / "pyproject.toml").read_text()
    assert f'\nname = "{name}-creds"\n' in project
    assert f'\n{name} = "{module}:get_provider"\n' in project
    lines = capfd.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 80 and "__init__" not in line] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "Did you mean 'acme'? "),
        ("acme_broker", "Did you mean 'acme-broker'? "),
        ("acme.broker", "Did you mean 'acme-broker'? "),
        ("acme broker", "Did you mean 'acme-broker'? "),
        ("acme--broker", "Did you mean 'acme-broker'? "),
        ("acme-", "Did you mean 'acme'? "),
        ("acme\n", "Did you mean 'acme'? "),
        ("acme_creds", "Did you mean 'acme'? "),
        ("./acme", "Did you mean 'acme'? "),
        ("/srv/acme/", "Did you mean 'acme'? "),
        ("..\\acme", "Did you mean 'acme'? "),
        ("9acme", "cannot be used. Use lowercase"),
        ("größe", "cannot be used. Use lowercase"),
        ("acme\N{ARABIC-INDIC DIGIT ONE}", "cannot be used. Use lowercase"),
        ("", "cannot be used. Use lowercase"),
        ("..", "cannot be used. Use lowercase"),
        ("\udcff", "cannot be used. Use lowercase"),
        (f"{LONGEST}d", "at most 40 characters"),
        ("acme-creds", "Write 'acme'."),
        ("acme-creds-creds", "Write 'acme'."),
        ("none", "switches plugins off"),
        ("None ", "switches plugins off"),
        ("none-creds", "switches plugins off"),
        ("off", "switches plugins off"),
        ("False", "switches plugins off"),
        ("0", "switches plugins off"),
    ],
)
def test_a_name_that_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """Guards selections and paths: the name selects the plugin, and names files."""
    assert main(["new", name]) == 1
    printed = capfd.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert list(folder.parent.rglob("*creds*")) == []


@pytest.mark.parametrize("installed", ["ze-ta", "Ze-Ta", "ze.ta", "ze_ta", "ze-ta-creds"])
def test_a_plugin_that_is_installed(
    folder: Path, install: Install, capfd: pytest.CaptureFixture[str], installed: str
) -> None:
    """Guards a name that would then be declared twice, or is written almost the same."""
    install(GOOD, name=installed)
    assert main(["new", "ze-ta"]) == 1
    assert f"This environment has the plugin {installed!r} of acme-creds" in capfd.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_package_of_that_name(
    folder: Path, install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards a package that pip would replace, because its plugin has another name."""
    install(GOOD, name="another", distribution="zeta-creds")
    assert main(["new", "zeta"]) == 1
    assert "has the package 'zeta-creds' already" in capfd.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_module_of_that_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards a module that would be hidden, and does not run it."""
    (tmp_path / "zeta_creds.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main(["new", "zeta"]) == 1
    assert "has a module 'zeta_creds' already" in capfd.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_second_time(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards the author's work: nothing is changed, and nothing is added."""
    assert main(["new", "zeta"]) == 0
    (folder / "zeta-creds/README.md").unlink()
    (folder / "zeta-creds/pyproject.toml").write_text("mine")
    before = content_of(folder)
    capfd.readouterr()
    assert main(["new", "zeta"]) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "zeta-creds exists already, and nothing in it was changed." in printed.err
    assert content_of(folder) == before


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dangling link"])
def test_what_is_there_stays(folder: Path, kind: str) -> None:
    """Guards an empty folder, a file, and what a symbolic link leads to."""
    there, other = folder / "zeta-creds", folder / "other"
    if kind == "file":
        there.write_text("mine")
    elif kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(other)
    if kind == "link":
        other.mkdir()
    before = sorted(map(str, folder.rglob("*")))
    assert main(["new", "zeta"]) == 1
    assert sorted(map(str, folder.rglob("*"))) == before
    assert kind != "file" or there.read_text() == "mine"


def test_a_race_for_one_folder(folder: Path) -> None:
    """Guards that one of many gets it, and that the others remove nothing of it."""
    barrier = threading.Barrier(8)

    def write(number: int) -> bool:
        barrier.wait(10)
        try:
            write_new_folder(folder / "new", {"a/b": str(number), "c": str(number)})
        except PluginError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        written = [number for number, won in enumerate(pool.map(write, range(8))) if won]
    (winner,) = written
    assert {text for text, _ in content_of(folder).values()} == {str(winner).encode()}
    assert len(content_of(folder)) == 2


def test_a_file_that_appears(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards a file that another program puts into the new folder: it stays as it is."""
    opened = Path.open

    def late(path: Path, *arguments: str, **keywords: str) -> object:
        if path.name == "test_contract.py":
            path.touch()
        return opened(path, *arguments, **keywords)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", late)
    assert main(["new", "zeta"]) == 1
    assert "(File exists). Remove what is left of it." in capfd.readouterr().err
    assert set(content_of(folder)) == {"zeta-creds/tests/test_contract.py"}


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 1, "(No space left on device). Nothing"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_write_that_fails(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    """Guards against half a package, which a second attempt would refuse to complete."""
    opened = Path.open

    def full(path: Path, *arguments: str, **keywords: str) -> object:
        if path.name == "py.typed":
            raise error
        return opened(path, *arguments, **keywords)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    assert main(["new", "zeta"]) == status
    printed = capfd.readouterr()
    assert said in printed.err
    assert printed.out == ""
    assert list(folder.iterdir()) == []


def test_another_folder(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Guards commands that work from where the author is, also if a shell must quote the path."""
    other = tmp_path / "my plugins"
    other.mkdir()
    assert main(["new", "zeta", "--into", str(other)]) == 0
    assert set(content_of(other / "zeta-creds")) == FILES
    assert list(folder.iterdir()) == []
    assert f"  pip install -e '{other}/zeta-creds[test]'\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("into", "shown"),
    [
        (".", "./zeta-creds"),
        ("..", "../zeta-creds"),
        ("a/b", "a/b/zeta-creds"),
        ("/", "/zeta-creds"),
        ("", "./zeta-creds"),
    ],
)
def test_the_path_in_the_commands(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], into: str, shown: str
) -> None:
    """Guards the command for pip, which takes a name without a slash for one of its index."""
    monkeypatch.setattr("plugincreds._cli.new.write_new_folder", lambda *_: None)
    assert main(["new", "zeta", "--into", into]) == 0
    assert f"  pip install -e '{shown}[test]'\n" in capfd.readouterr().out


@pytest.mark.parametrize("into", ["missing", "a-file"])
def test_a_folder_that_is_none(folder: Path, capfd: pytest.CaptureFixture[str], into: str) -> None:
    """Guards a slip in the path: no folders are made on the way."""
    (folder / "a-file").write_text("mine")
    assert main(["new", "zeta", "--into", into]) == 1
    assert f"{into}/zeta-creds cannot be written (N" in capfd.readouterr().err
    assert [path.name for path in folder.rglob("*")] == ["a-file"]


def test_stdout_that_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that nothing is written of which nothing is told."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["new", "zeta"]) == 1
    assert list(folder.iterdir()) == []


def test_without_a_name(capfd: pytest.CaptureFixture[str]) -> None:
    """Guards the first attempt, and the help that it leads to."""
    with pytest.raises(SystemExit) as caught:
        main(["new"])
    assert caught.value.code == 2
    assert "arguments are required: NAME" in capfd.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["new", "--help"])
    assert caught.value.code == 0
    printed = capfd.readouterr().out
    assert "Files that exist are never changed." in " ".join(printed.split())
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_completion(capfd: pytest.CaptureFixture[str], shell: str) -> None:
    """Guards the command and its option in all shells."""
    with pytest.raises(SystemExit):
        main(["--print-completion", shell])
    script = capfd.readouterr().out
    assert re.search(r"\bcli-config\b.*\bnew\b", script, re.DOTALL)
    assert re.search(r"\binto\b", script)


@pytest.mark.parametrize("name", ["zeta", "a", LONGEST])
@pytest.mark.parametrize(
    "options",
    [
        ["check", "--isolated", "--target-version=py310"],
        ["format", "--check", "--isolated"],
        ["check", "--isolated", "--target-version=py310", "--select=ALL", EXCEPT, GOOGLE],
    ],
)
def test_the_code_is_clean(folder: Path, name: str, options: list[str]) -> None:
    """Guards authors who run ruff on what they got, also with all its rules."""
    assert main(["new", name]) == 0
    ruff = [sys.executable, "-m", "ruff", *options, "--no-cache", "."]
    done = subprocess.run(
        ruff, cwd=folder / f"{name}-creds", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_template_is_not_a_package_itself() -> None:
    """Guards tools that look for packages here, such as the release's own build."""
    template = ROOT / "src/plugincreds/_cli/new/template"
    assert {path.suffix for path in template.rglob("*") if path.is_file()} == {".txt"}
