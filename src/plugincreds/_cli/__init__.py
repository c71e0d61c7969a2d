"""The command `plugincreds`: what is installed, what would happen here, credentials for others."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any, NoReturn

from plugincreds._cli import cache as _cache
from plugincreds._cli import cli_config as _cli_config
from plugincreds._cli import doctor as _doctor
from plugincreds._cli import exec as _exec
from plugincreds._cli import export as _export
from plugincreds._cli import list as _list
from plugincreds._cli import new as _new
from plugincreds._cli import serve as _serve
from plugincreds._cli.streams import STDOUT, complain, show_debug_records
from plugincreds._cli.terminal import sentence
from plugincreds._errors import printable

_INTERRUPTED = 130  # what shells make of Ctrl-C
_COMMANDS = (_list, _doctor, _export, _exec, _serve, _cli_config, _cache, _new)


def main(arguments: Sequence[str] | None = None, *, owns_streams: bool = False) -> int:
    """Run a command, and return the status that the process ends with.

    Args:
        arguments: What follows the name of the command; None: those of this process.
        owns_streams: Whether all that plugins print goes to stderr until the process ends.
    """
    words, command = _exec.separated(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    parsed = parser.parse_args(words)
    parsed.command = command
    if "run" not in parsed:
        parser.print_help()
        return 0
    if parsed.debug:
        show_debug_records()
    try:
        # `exec` becomes its command, which uses stdout.
        if owns_streams and parsed.run is not _exec.run:
            STDOUT.take()
        status: int = parsed.run(parsed)
        STDOUT.close()
    except BrokenPipeError:  # as with `| head`: stdout takes no more text
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - a person gets a sentence; a plugin may exit
        complain(sentence(error))
        return 1
    return status


def script() -> int:
    """Run as the console script."""
    return main(owns_streams=True)


class _Parser(argparse.ArgumentParser):
    """Shows arguments without control characters."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="plugincreds", description=__doc__, allow_abbrev=False)
    version = f"%(prog)s {metadata.version('plugincreds')}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "tcsh", "fish"),
        help="print a script that completes this command in a shell, and end",
    )
    parser.add_argument(
        "--debug", action="store_true", help="print plugincreds' debug records to stderr"
    )
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    return parser


class _PrintCompletion(argparse.Action):
    """Prints the script, with the package that can write it."""

    def __call__(self, parser: argparse.ArgumentParser, *arguments: Any) -> None:
        try:
            script = importlib.import_module("shtab").complete(parser, shell=arguments[1])
        except (ImportError, NotImplementedError):  # the latter: a version without that shell
            parser.exit(
                1,
                "plugincreds: completion needs the package shtab, version 1.9 or later. Install "
                "it: pip install 'plugincreds[completion]'.\n",
            )
        print(script)
        parser.exit()
