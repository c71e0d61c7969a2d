"""The command `plugincreds`: what is installed, what would happen here, credentials for others."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from typing import Any

from plugincreds._cli import cache as _cache
from plugincreds._cli import cli_config as _cli_config
from plugincreds._cli import doctor as _doctor
from plugincreds._cli import export as _export
from plugincreds._cli import list as _list
from plugincreds._cli.terminal import sentence

_INTERRUPTED = 130  # what shells make of Ctrl-C
_COMMANDS = (_list, _doctor, _export, _cache, _cli_config)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the status that the process ends with."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:  # as with `| head`: stdout takes no more text
        sys.stdout = None
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - a person gets a sentence; a plugin may exit
        print(f"plugincreds: {sentence(error)}", file=sys.stderr)
        return 1
    return status


def script() -> int:
    """Run as the console script; stdout is closed after the document.

    What plugins print later, from their threads or at exit, goes to stderr.
    """
    status = main()
    with suppress(OSError, ValueError):
        os.dup2(2, 1)
    sys.stdout = sys.stderr
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plugincreds", description=__doc__, allow_abbrev=False)
    version = f"%(prog)s {metadata.version('plugincreds')}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        help="print a script that completes this command in a shell, and end",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


class _PrintCompletion(argparse.Action):
    """Prints the script, with the package that can write it."""

    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> None:
        try:
            shtab = importlib.import_module("shtab")
        except ImportError:
            parser.exit(
                1,
                "plugincreds: completion needs the package shtab. Install it: "
                "pip install 'plugincreds[completion]'.\n",
            )
        print(shtab.complete(parser, shell=arguments[1]))
        parser.exit()
