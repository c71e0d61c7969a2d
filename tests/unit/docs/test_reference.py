"""The reference's pages hold what the code has, and nothing that it has not."""

import argparse
import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import plugincreds
from plugincreds import PROVIDER_SYMBOL_NAME, _settings
from tests.support.commands import parser
from tests.support.pages import ROOT, SOURCE, literals, page, sections
from tests.unit.conftest import GROUP

API = page("reference/api.md")
COMMANDS = page("reference/command-line.md")
SETTINGS = page("reference/settings.md")
ENTRY_POINTS = page("reference/entry-points.md")
_DIRECTIVE = re.compile(
    r"^\.\. (?:autoclass|autofunction|autoexception|py:class|py:data):: ([\w.]+)$", re.MULTILINE
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# What looks like a variable in the source, and is a name of something else.
NO_VARIABLES = {
    "CANONICAL_NAME",
    "ECS_CONTAINER",
    "O_BINARY",
    "O_DIRECTORY",
    "O_NOCTTY",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "PROVIDER_NAME",
    "PROVIDER_SYMBOL_NAME",
}


@pytest.mark.parametrize("module", ["plugincreds", "plugincreds.testing"])
def test_every_public_name_is_documented_once(module: str) -> None:
    """A name that is not on the page is one that nobody may use; one that is there must exist."""
    names = getattr(importlib.import_module(module), "__all__", ())
    documented = [
        name.removeprefix(f"{module}.")
        for name in _DIRECTIVE.findall(API)
        if name.rpartition(".")[0] == module
    ]
    assert sorted(documented) == sorted(names)


def parsers(
    parser: argparse.ArgumentParser, name: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield a parser and those of its commands, each with the words that lead to it."""
    yield name, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from parsers(below, f"{name} {word}".strip())


HEAD = COMMANDS.split("\n## ")[0]
PARSERS = dict(parsers(parser()))


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_of_a_command_is_on_the_page(name: str) -> None:
    """What `--help` offers must be explained, in the command's own section."""
    section = sections(COMMANDS, 2)[f"plugincreds {name.split(maxsplit=1)[0]}"] if name else HEAD
    for action in PARSERS[name]._actions:
        help_of_all = {"-h", "--help"}  # said once for all commands
        assert all(option in section for option in {*action.option_strings} - help_of_all)
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            assert all(f"`{choice}`" in section for choice in action.choices)
    assert f"plugincreds {name}".strip() in COMMANDS


def test_no_option_on_the_page_is_unknown() -> None:
    """An option of yesterday must not stay on the page."""
    known = {
        option
        for parser in PARSERS.values()
        for action in parser._actions
        for option in action.option_strings
    }
    assert set(_OPTION.findall(COMMANDS)) <= known


def in_settings(name: str) -> bool:
    """Tell whether the page has a name."""
    return f"`{name}`" in SETTINGS


def test_every_environment_variable_is_on_the_page() -> None:
    """A variable that changes who signs must not be a secret of the source."""
    # The kit for tests of plugins keeps the machine's variables out, and has none of its own.
    files = [file for file in SOURCE.rglob("*.py") if file.parent.name != "testing"]
    files += (ROOT / "sample_plugin").rglob("*.py")
    files += [*(ROOT / "plugins").glob("*/src/**/*.py")]
    names = {text for file in files for text in literals(file) if _VARIABLE.fullmatch(text)}
    names |= {name for file in files for name in looked_up(file)}
    assert "PLUGIN_CREDS_FILE" in names
    assert "TERM" in names
    assert {name for name in names - NO_VARIABLES if not in_settings(name)} == set()


def looked_up(file: Path) -> Iterator[str]:
    """Yield what a module asks an environment for by a name that stands there."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"get", "getenv"}
            and "environ" in ast.unparse(node.func.value)
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def test_every_key_of_a_profile_is_on_the_page() -> None:
    """The same for what is read in a profile, and for what is looked at there."""
    keys = {*_settings._READ_KEYS, *_settings._SOURCE_KEYS}
    assert {_settings.PLUGIN_KEY, _settings.OPTIONS_KEY} < keys
    assert {key for key in keys if not in_settings(key)} == set()
    own = {text for text in literals(SOURCE / "plugincreds/_settings.py") if "credential_p" in text}
    assert {key for key in own if key.isidentifier() and not in_settings(key)} == set()


@pytest.mark.parametrize("plugin", ["keyring", "shared-file"])
def test_every_option_of_our_plugins_is_on_the_page(plugin: str) -> None:
    """The options of the plugins that are made beside the package, from their own lists of them."""
    (file,) = (ROOT / "plugins" / plugin).glob("src/*/_options.py")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    (known,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_KNOWN"
    )
    table = sections(SETTINGS, 2)[f"The {plugin} plugin"]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(known)


def test_no_variable_of_ours_on_the_page_is_unknown() -> None:
    """A variable of yesterday must not stay on the page."""
    ours = set(re.findall(r"`((?:AWS_CREDENTIAL_PLUGIN|PLUGIN)\w*)`", SETTINGS))
    known = {
        text
        for folder in (SOURCE, ROOT / "sample_plugin/src")
        for file in folder.rglob("*.py")
        for text in literals(file)
    }
    assert ours <= known


@pytest.mark.parametrize(
    "name", ["../README.md", "explanation/security.md", "how-to/switch-off-and-lock-down.md"]
)
def test_the_length_of_the_startup_module_is_told(name: str) -> None:
    """Who decides whether to read it must not be told of a shorter file than there is."""
    (told,) = re.findall(r"some (\d+) lines", page(name))
    lines = (SOURCE / "plugincreds_startup.py").read_text(encoding="utf-8").splitlines()
    assert int(told) == pytest.approx(len(lines), abs=9)


def test_the_supported_versions_are_the_same_everywhere() -> None:
    """Guards installers, the first page and the matrices, which state the range each for itself."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    matrices = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    pythons = re.findall(r"Python :: (3\.\d+)", project)
    (line,) = re.findall(r"^PYTHONS = (.*)", matrices, re.MULTILINE)
    assert re.findall(r"3\.\d+", line) == pythons
    assert f"CPython {pythons[0]} to {pythons[-1]} " in page("../README.md")
    (botocore,) = re.findall(r'^dependencies = \["botocore>=([\d.]+)"', project, re.MULTILINE)
    assert f"botocore {botocore} " in page("../README.md")
    assert f'"botocore=={botocore}"' in matrices
    (boto3,) = set(re.findall(r'"boto3>=([\d.]+)"', project))
    assert f'"boto3=={boto3}", "botocore=={botocore}"' in matrices


def test_the_contract_has_the_names_of_the_code() -> None:
    """The group and the getter's name are what a package is found by."""
    assert f'[project.entry-points."{GROUP}"]' in ENTRY_POINTS
    assert f"`{PROVIDER_SYMBOL_NAME}`" in ENTRY_POINTS
    assert f"{plugincreds.__name__}.Value(" in ENTRY_POINTS
