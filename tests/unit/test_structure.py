"""The import order of CONTRIBUTING.md, cycles, and sizes."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

from tests.support.pages import ROOT, SOURCE

LONGEST_MODULE, LONGEST_FUNCTION, MOST_FLAT_MODULES = 300, 45, 16
AWS_PACKAGES = {"aiobotocore", "awscli", "boto3", "botocore"}
# They import AWS packages besides the bindings and the doctor: for base classes, a class that they
# recognize, a session, or botocore's parser.
AWS_USERS = {
    "_cli.aws_cli",
    "_cli.cli_config",
    "_cli.config_damage",
    "_cli.list",
    "_cli.missing_profile",
    "_cli.plugins_section",
    "_errors",
    "testing._contract.chain_tests",
}


def text_of(file: Path) -> str:
    """Return what is in a file."""
    return file.read_text(encoding="utf-8")


def module_name(file: Path) -> str:
    """Return the name of a module in full, with `__init__`; the startup module counts as ours."""
    name = ".".join(file.relative_to(SOURCE).with_suffix("").parts)
    return f"plugincreds.{name}" if name == "plugincreds_startup" else name


PACKAGE = SOURCE / "plugincreds"
PAGE = text_of(ROOT / "CONTRIBUTING.md")
FILES = {module_name(file): file for file in sorted(SOURCE.rglob("*.py"))}
# And those of the packages that are made beside it.
ALL_FILES = [
    file
    for folder in ("", "plugins/*/", "sample_plugin/")
    for file in ROOT.glob(f"{folder}src/**/*.py")
]


def module_of(name: str) -> str | None:
    """Return the module of ours that holds an imported name, or is it; None for another's."""
    parts = ["plugincreds", name] if name == "plugincreds_startup" else name.split(".")
    while parts:
        for found in (".".join(parts), ".".join([*parts, "__init__"])):
            if found in FILES:
                return found
        parts.pop()
    return None


def names_imported(module: str) -> Iterator[str]:
    """Yield the names that a module imports, also in its functions, or for type checkers alone."""
    pending: list[ast.AST] = [ast.parse(text_of(FILES[module]))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = resolve_name("." * node.level + base, module.rpartition(".")[0])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from filter(None, map(text_in, node.args))
        elif is_module_of_ours(text_in(node)):
            yield text_in(node)
        pending.extend(ast.iter_child_nodes(node))


def text_in(node: ast.AST) -> str:
    """Return the string that an expression is, or an empty one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_module_of_ours(text: str) -> bool:
    """Tell whether a string names one of our modules: importlib is given such strings.

    The package's own name is left out, because it is the name of the logger, too.
    """
    names = {text, f"{text}.__init__", f"plugincreds.{text}"}
    return text != "plugincreds" and not names.isdisjoint(FILES)


def imports(module: str) -> set[str]:
    """Return the modules of ours that a module imports."""
    found = {module_of(name) for name in names_imported(module)}
    return {name for name in found if name is not None} - {module}


IMPORTS = {module: imports(module) for module in FILES}


def order() -> dict[str, dict[str, int]]:
    """Return the level of each module and package, by the package that it is in; 0 is the top."""
    (block,) = re.findall(r"^```text\n(plugincreds:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    text = re.sub(r" +#.*", "", block)
    levels = {}
    for package, lines in re.findall(r"^(\S+):((?:.*\n)(?: .*\n)*)", text, re.MULTILINE):
        name = package if package == "plugincreds" else f"plugincreds.{package}"
        levels[name] = {
            member: number
            for number, level in enumerate(lines.split(">"))
            for member in re.findall(r"\w+", level)
        }
    return levels


ORDER = order()


def common_package(one: str, other: str) -> str:
    """Return the innermost package that two modules are in."""
    package = one.rpartition(".")[0]
    while not other.startswith(f"{package}."):
        package = package.rpartition(".")[0]
    return package


def level(module: str, package: str) -> int:
    """Return on which level of a package a module stands, by itself or with its own package."""
    return ORDER[package][module.removeprefix(f"{package}.").partition(".")[0]]


def test_the_order_names_every_module() -> None:
    """Guards the order in CONTRIBUTING.md against modules that come and go."""
    members: dict[str, set[str]] = {}
    for module, file in FILES.items():
        if len(ast.parse(text_of(file)).body) > 1:  # more than a docstring
            package, _, name = module.rpartition(".")
            members.setdefault(package, set()).add(name)
            if package != "plugincreds":
                outer, _, name = package.rpartition(".")
                members.setdefault(outer, set()).add(name)
    assert {package: set(ORDER[package]) for package in ORDER} == members


def test_imports_lead_downward() -> None:
    """Guards that what is below can be read, and tested, without what is above or beside it."""
    pairs = ((module, imported) for module in FILES for imported in IMPORTS[module])
    upward = [
        f"{module} imports {found}" for module, found in pairs if not leads_down(module, found)
    ]
    assert not upward, upward


def leads_down(module: str, imported: str) -> bool:
    """Tell whether an imported module stands on a lower level than the one that imports it."""
    package = common_package(module, imported)
    return level(module, package) < level(imported, package)


def test_no_import_leads_back() -> None:
    """Guards against cycles by themselves: they fail only for the one who imports first."""
    TopologicalSorter(IMPORTS).prepare()  # its error has the modules of a cycle


def test_the_imports_are_seen() -> None:
    """Guards the tests above: an import of each form is among those that they look at."""
    assert "plugincreds._contract" in IMPORTS["plugincreds.__init__"]  # a string in a table
    assert "plugincreds.plugincreds_startup" in IMPORTS["plugincreds.__init__"]
    assert "plugincreds._bindings.__init__" in IMPORTS["plugincreds.plugincreds_startup"]
    assert "plugincreds._bindings.loading" in IMPORTS["plugincreds._bindings.plugin_provider"]
    assert "plugincreds.__init__" in IMPORTS["plugincreds.testing._fake"]
    assert "plugincreds._contract" in IMPORTS["plugincreds._resolution"]  # for type checkers


def test_aws_packages_are_behind_the_bindings() -> None:
    """Guards that a new version of botocore is a matter of few modules."""
    users = [
        module for module in FILES if AWS_PACKAGES & set(map(package_of, names_imported(module)))
    ]
    names = {module.removeprefix("plugincreds.") for module in users}
    others = {name for name in names if not name.startswith(("_bindings.", "_cli.doctor."))}
    assert others == AWS_USERS


def package_of(name: str) -> str:
    """Return the package in which an imported name is."""
    return name.partition(".")[0]


def test_modules_are_short() -> None:
    """Guards readers: a longer module usually holds two ideas."""
    lengths = {str(file): len(text_of(file).splitlines()) for file in ALL_FILES}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert not too_long, too_long


def test_functions_are_short() -> None:
    """Guards readers likewise; docstrings are not counted."""
    lengths = {
        f"{file}:{node.lineno} {node.name}": length(node)
        for file in ALL_FILES
        for node in ast.walk(ast.parse(text_of(file)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    assert not too_long, too_long


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has, without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return lines
    return lines - ((first.end_lineno or 0) - first.lineno + 1)


def test_the_places_to_change_something_exist() -> None:
    """Guards the page's table: what it names in a row is in the row's files."""
    rows = re.findall(
        r"^\| (?:a|an|the) .*`.*$", PAGE.partition("I want to change")[2], re.MULTILINE
    )
    assert len(rows) == 10
    for row in rows:
        names = re.findall(r"`([^`]+)`", row)
        files = [file for name in names for file in (ROOT / name, PACKAGE / name) if file.is_file()]
        assert files, row
        texts = "".join(map(text_of, files))
        places = [name for name in names if name.isidentifier() and not (PACKAGE / name).exists()]
        assert places, row
        assert [name for name in places if name not in texts] == [], row


def test_few_modules_are_flat() -> None:
    """Guards the packages: a module that belongs to one goes into it."""
    flat = [module for module in FILES if re.fullmatch(r"plugincreds\._[a-z]\w*", module)]
    assert 0 < len(flat) <= MOST_FLAT_MODULES
