"""`plugincreds cli-config`: lets an AWS CLI v2 of AWS's own installer use plugins."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import plugincreds
import plugincreds_startup
from plugincreds._cli.plugins_section import (
    MODULE,
    MODULE_KEY,
    PATH_KEY,
    config_file,
    missing_lines,
    read_section,
    write_lines,
)
from plugincreds._cli.streams import complain
from plugincreds._cli.terminal import print_lines
from plugincreds._plugins.discovery import discovered

_SUMMARY = "let the AWS CLI v2 of AWS's own installer use the plugins of this environment"


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "cli-config",
        help=_SUMMARY,
        description="Print the lines with which the AWS CLI v2 of AWS's own installer uses the "
        "plugins of this environment, and check with the aws on the path that it does.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the lines into the configuration file, unless the check fails",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the lines; what the check finds goes to stderr, so that stdout can be appended."""
    # Imported here, because the other commands and --help do not need botocore.
    from plugincreds._cli.aws_cli_run import checked  # noqa: PLC0415

    file, folders = config_file(), _folders()
    lines = {PATH_KEY: os.pathsep.join(folders), MODULE_KEY: MODULE}
    print_lines(["[plugins]", *(f"{key} = {value}" for key, value in lines.items())])
    section = read_section(file)
    missing = missing_lines(section, folders, file)
    aws = checked({**section, **missing})
    names = ", ".join(aws.plugins) or "none"
    complain(f"{aws.path} contains Python {aws.python} and finds: {names}.")
    if not missing:
        complain(f"{file} has these lines already.")
    elif arguments.write:
        write_lines(file, missing)
        complain(f"Written to {file}. Remove the lines before you remove {folders[0]}.")
    else:
        complain(f"Add them to {file}, or use --write.")
    return 0


def _folders() -> list[str]:
    """Return the folders of `sys.path` that have this package, botocore, and the plugins."""
    import botocore  # noqa: PLC0415 - the parser does not need it

    needed = {_folder(plugincreds_startup.__file__)}
    needed |= {_folder(Path(each.__file__ or "").parent) for each in (plugincreds, botocore)}
    plugins = discovered().plugins.values()
    needed |= {os.path.realpath(each.location) for several in plugins for each in several}
    return _once(each for each in sys.path if each and os.path.realpath(each) in needed)


def _folder(file: str | Path) -> str:
    return os.path.realpath(Path(file).parent)


def _once(folders: Iterable[str]) -> list[str]:
    """Return each folder once, as an absolute path: the AWS CLI expands nothing."""
    return list({os.path.realpath(each): str(Path(each).absolute()) for each in folders}.values())
