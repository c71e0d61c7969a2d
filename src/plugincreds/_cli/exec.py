"""`plugincreds exec`: a command, and all that it starts, uses a plugin's credentials.

This process becomes the command; `_endpoint.companion` has the reasons. What calls the plugin
runs in the companion.
"""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from plugincreds._cli.serving import add_arguments, retrieved, serving
from plugincreds._cli.streams import complain
from plugincreds._cli.terminal import sentence
from plugincreds._endpoint.variables import (
    Changes,
    changes_for_keys,
    changes_of_proxies,
    changes_of_region,
    check_not_inside,
)
from plugincreds._errors import PluginError, printable

_COMMAND = "plugincreds exec"
_SEPARATOR = "--"
_MISUSED, _NOT_EXECUTABLE, _NOT_FOUND = 2, 126, 127  # the same as in a shell
# Python ignores these, and a command would inherit that.
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFSZ")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "exec",
        help="run a command with a plugin's credentials",
        usage="plugincreds exec [-h] [--profile PROFILE] [--env] [NAME] -- COMMAND [ARG ...]",
        description="Run a command that uses a plugin's credentials, also if it does not use "
        "botocore. They are refreshed while it runs.",
        allow_abbrev=False,
    )
    add_arguments(parser)
    parser.add_argument(
        "--env",
        action="store_true",
        help="give the command the keys as environment variables, which are not refreshed",
    )
    parser.set_defaults(run=run, usage=parser.format_usage)


def separated(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return our own arguments, and those of the command that `exec` is to run.

    It is done here because Python's versions differ in what argparse makes of `--`.
    """
    own = list(words)
    start = next((index for index, word in enumerate(own) if word != "--debug"), 0)
    if own[start : start + 1] != ["exec"]:
        return own, []
    if _SEPARATOR not in own:
        # The rest may be a command and its options, which argparse would call unknown.
        return (own if {"-h", "--help"} & {*own} else own[: start + 1]), []
    position = own.index(_SEPARATOR)
    return own[:position], own[position + 1 :]


def run(arguments: argparse.Namespace) -> int:
    """Become the command; return a status only if it cannot be started."""
    if not arguments.command:
        print(arguments.usage(), end="", file=sys.stderr)
        complain(f"There is no command. Write it after --, as in `{_COMMAND} NAME -- aws s3 ls`.")
        return _MISUSED
    if not hasattr(os, "fork"):
        raise PluginError(
            f"`{_COMMAND}` does not work on Windows. Use `plugincreds serve`, and set the "
            "variables that it prints."
        )
    check_not_inside(os.environ, _COMMAND)
    program = arguments.command[0]
    if shutil.which(program) is None:
        return _cannot_be_run(program)
    from plugincreds._endpoint import companion  # noqa: PLC0415 - not for Windows

    work = _give_keys if arguments.env else _give_endpoint
    changes = companion.start(
        lambda publish: work(arguments, publish), lambda error: complain(sentence(error))
    )
    if changes is None:  # the companion has said why
        return 1
    kept = {name: text for name, text in os.environ.items() if name not in changes}
    given = {name: text for name, text in changes.items() if text is not None}
    return _become(arguments.command, kept | given)


def _become(command: list[str], environ: dict[str, str]) -> int:
    for name in _IGNORED_BY_PYTHON:
        with suppress(AttributeError):  # not every system has them
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environ)  # noqa: S606 - a shell would change the arguments
    except OSError as error:
        complain(f"The command {printable(command[0])!r} cannot be run ({error.strerror}).")
    return _NOT_EXECUTABLE


def _cannot_be_run(program: str) -> int:
    if os.path.sep in program and Path(program).exists():
        complain(f"The command {printable(program)!r} is no program. Correct its path or its mode.")
        return _NOT_EXECUTABLE
    complain(f"The command {printable(program)!r} was not found. Correct its name, or the PATH.")
    return _NOT_FOUND


def _give_endpoint(arguments: argparse.Namespace, publish: Callable[[Changes], None]) -> None:
    """In the companion: serve an endpoint until the command has ended."""
    with serving(arguments, _COMMAND) as ready:
        # The signal comes when the command has ended. Until here it ends the process at once.
        signal.signal(signal.SIGTERM, _exit)
        publish(ready.changes | changes_of_proxies(os.environ))
        ready.serve()


def _give_keys(arguments: argparse.Namespace, publish: Callable[[Changes], None]) -> None:
    """In the companion: give the keys, and end."""
    with retrieved(arguments, _COMMAND) as found:
        value = found.value()
        expiry = value.expiry_time
        end = "have no expiry" if expiry is None else f"expire at {expiry:%Y-%m-%d %H:%M:%S %Z}"
        complain(f"The keys in the environment {end}, and are not refreshed.")
        publish(changes_for_keys(value) | changes_of_region(os.environ, found.region))


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit()
