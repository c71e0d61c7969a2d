"""`plugincreds serve`: an endpoint for a login session, a container or an IDE."""

import argparse
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from plugincreds._cli.export import SHELL_FORMATS
from plugincreds._cli.serving import add_arguments, serving
from plugincreds._cli.streams import STDOUT, complain
from plugincreds._endpoint.variables import Changes, changes_of_proxies, check_not_inside

_COMMAND = "plugincreds serve"
_LAST_PORT = 65535
_FOR_FILES = "env-no-export"
_STOPPING = ("SIGTERM", "SIGHUP")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve",
        help="give a plugin's credentials to programs that do not use botocore",
        description="Serve a plugin's credentials on a port of this machine until it is stopped, "
        "and print the variables that lead AWS clients there.",
        allow_abbrev=False,
    )
    add_arguments(parser)
    parser.add_argument(
        "--port", type=_port, default=0, help="the port (default: one that the system chooses)"
    )
    parser.add_argument(
        "--format",
        choices=SHELL_FORMATS,
        default="env",
        help="the form of the variables (default: %(default)s)",
    )
    parser.add_argument(
        "--write",
        metavar="FILE",
        type=_file,
        help="write the variables to a file that only you can read, and do not print them",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    check_not_inside(os.environ, _COMMAND)
    with ExitStack() as stack:
        stack.enter_context(_stopped_by_signals())
        token = _beside(arguments.write)
        ready = stack.enter_context(serving(arguments, _COMMAND, arguments.port, token))
        changes = ready.changes | changes_of_proxies(os.environ)
        text = _text(changes, arguments.format)
        if arguments.write is not None:
            from plugincreds._endpoint.files import private_file  # noqa: PLC0415 - rarely needed

            stack.enter_context(private_file(arguments.write, text))
        with suppress(KeyboardInterrupt):
            complain(f"The endpoint is ready at {ready.url}. Ctrl-C or SIGTERM stops it.")
            if arguments.write is None:
                STDOUT.write(text)
            STDOUT.close()  # so that `$(plugincreds serve &)` ends
            ready.serve()
    return 0


def _beside(file: Path | None) -> Path | None:
    """Return where the token is kept: at a fixed place, if the variables are.

    Clients read it again for each request, so they outlast a restart with the same port.
    """
    return None if file is None else file.with_name(f"{file.name}.token")


def _text(changes: Changes, form: str) -> str:
    if form == _FOR_FILES:  # a file cannot unset anything, and an empty value is not unset
        changes = {name: text for name, text in changes.items() if text is not None}
    return SHELL_FORMATS[form](changes) + "\n"


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let the other signals that stop a server do in the body what Ctrl-C does."""
    numbers = [getattr(signal, name) for name in _STOPPING if hasattr(signal, name)]
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN  # as `nohup` does
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _file(text: str) -> Path:
    return Path(text).absolute()  # programs in other folders get it in a variable


def _port(text: str) -> int:
    with suppress(ValueError):  # Python refuses to read numbers of thousands of digits, too
        if 0 <= int(text) <= _LAST_PORT:
            return int(text)
    raise argparse.ArgumentTypeError(f"it must be a number from 0 to {_LAST_PORT}")
