"""`plugincreds new`: a package with a plugin that works, for an author to change."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from plugincreds._cli.new.package_files import package_files, write_new_folder
from plugincreds._cli.new.package_name import check_name, module_of
from plugincreds._cli.terminal import print_lines, wrapped


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "new",
        help="write the package of a new plugin",
        description="Write a package with a plugin that works: its module, its tests, its "
        "pyproject.toml and a README. Files that exist are never changed.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", metavar="NAME", help="the plugin's name; the package is called NAME-creds"
    )
    parser.add_argument(
        "--into",
        metavar="FOLDER",
        type=Path,
        default=Path(),
        help="the folder in which NAME-creds is made (default: the current one)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the package, and say what comes next."""
    check_name(arguments.name)
    files = package_files(arguments.name)
    folder = arguments.into / f"{arguments.name}-creds"
    write_new_folder(folder, files)
    # Without a slash, pip would look for a package of that name in its index.
    path = f"./{folder}" if len(folder.parts) == 1 else str(folder)
    module = f"{path}/src/{module_of(arguments.name)}/__init__.py"
    print_lines(
        [
            *wrapped(f"The package is in {path}:"),
            *(f"  {name}" for name in files),
            "",
            "Install it, run its tests, and see it listed:",
            f"  pip install -e {shlex.quote(f'{path}[test]')}",
            f"  python -m pytest {shlex.quote(path)}",
            "  plugincreds list",
            "",
            *wrapped(f"Then let ask_broker() call your broker, in {module}."),
        ]
    )
    return 0
