"""What CONTRIBUTING.md, README.md and SECURITY.md tell people to do is what works."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.environments import ROOT
from tests.support.trees import copy_tree, make, run_in

PAGES = ("CONTRIBUTING.md", "README.md", "SECURITY.md")
PACKAGE = ROOT / "src" / "plugincreds"
# Programs that act for a person, or need the network: they must exist, and are not run.
OUTWARD = {"git", ".venv/bin/uvx"}
NOX = ".venv/bin/nox"


def commands(page: str) -> list[str]:
    """Return the lines of a page that a person types."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```$", text_of(page), re.MULTILINE | re.DOTALL)
    return re.findall(r"^ *\$ (.*)$", "".join(blocks), re.MULTILINE)


def text_of(page: str) -> str:
    """Return a page."""
    return (ROOT / page).read_text(encoding="utf-8")


# test_docs_how_to.py runs the README's other commands.
EVERY_COMMAND = sorted(
    {
        command
        for page in PAGES
        for command in commands(page)
        if page != "README.md" or command.startswith("make ")
    }
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tree; its `.venv` is the environment in which these tests run."""
    copy = copy_tree(tmp_path_factory.mktemp("contributing") / "tree")
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


def test_the_pages_have_commands() -> None:
    """Guards the tests below, which would have nothing to do on a page of another form."""
    assert {"make demo", "make test"} <= set(commands("README.md"))
    assert {"make lint", "make dist"} <= set(commands("CONTRIBUTING.md"))


@pytest.mark.parametrize("command", EVERY_COMMAND)
def test_a_command_works(tree: Path, command: str) -> None:
    """Guards new contributors: quick commands are run, and long ones are known to their tools."""
    program, *arguments = shlex.split(command)
    if program == "make":
        make(tree, "--dry-run", *arguments)
    elif program == NOX:
        assert set(arguments) - {"-s", "--list"} <= sessions(tree)
    elif program in OUTWARD:
        assert (tree / program).exists() or shutil.which(program)
    else:
        # The package is that of the copy, too.
        run_in(tree, program, *arguments, variables={"PYTHONPATH": str(tree / "src")})


def sessions(tree: Path) -> set[str]:
    """Return the names of the matrices."""
    listed = run_in(tree, sys.executable, "-m", "nox", "--list", "--json")
    found: set[str] = {session["name"] for session in json.loads(listed)}
    return found


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_exists(page: str) -> None:
    """Guards paths in prose and links, which nobody notices when a file moves."""
    links = re.findall(r"\]\(([^)#:]+)", text_of(page))
    code = re.findall(r"`([\w.-]+(?:/[\w.-]+)+|[\w-]+\.(?:md|toml|yml|yaml))`", text_of(page))
    assert {name for name in [*links, *code] if not is_there(name)} == set()


def is_there(name: str) -> bool:
    """Tell whether a file or folder exists, from the top or from the package; or a module does."""
    places = (ROOT / name, PACKAGE / name, PACKAGE / f"{name}.py")
    return any(place.exists() for place in places)


def test_the_diagram_names_modules() -> None:
    """Guards the data flow in CONTRIBUTING.md against modules that move."""
    (diagram,) = re.findall(
        r"^```text\n(chain .*?)^```$", text_of(PAGES[0]), re.MULTILINE | re.DOTALL
    )
    names = re.findall(r"\b_\w+(?:/\w+)?", diagram)
    assert len(names) > 10
    assert [name for name in names if not is_there(name)] == []
