"""What `exec` and `serve` have in common: their arguments, and an endpoint that is ready."""

import argparse
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from plugincreds._cli.export import marked, waiting_for_plugin
from plugincreds._cli.streams import complain
from plugincreds._endpoint.variables import (
    Changes,
    caution,
    change_of_plugin,
    changes_for_endpoint,
    changes_of_region,
)


class Ready(NamedTuple):
    """An endpoint that has a port and credentials.

    Attributes:
        url: Its address.
        changes: The changes of the environment that lead programs there.
        serve: Answers requests, until an exception ends it.
    """

    url: str
    changes: Changes
    serve: Callable[[], None]


def add_arguments(parser: Any) -> None:
    """Add the arguments that choose the plugin."""
    parser.add_argument(
        "name",
        nargs="?",
        help="the plugin; without it, the one that is selected here, else the first installed one "
        "that does not decline",
    )
    parser.add_argument("--profile", help="the profile whose options, region and settings are used")


@contextmanager
def retrieved(arguments: argparse.Namespace, command: str) -> Iterator[Any]:
    """Have a plugin's credentials while the body runs, as `Exported`; say if they take long."""
    # Imported here, because the other commands and --help don't need botocore.
    from plugincreds._bindings.exporting import exported  # noqa: PLC0415

    with ExitStack() as note:

        def noted(plugins: Sequence[str]) -> AbstractContextManager[None]:
            note.enter_context(waiting_for_plugin(plugins))
            return marked(plugins)

        with exported(arguments.name, arguments.profile, noted, command) as found:
            note.close()
            yield found


@contextmanager
def serving(
    arguments: argparse.Namespace, command: str, port: int = 0, token: Path | None = None
) -> Iterator[Ready]:
    """Have an endpoint while the body runs.

    Args:
        arguments: With the name of the plugin and the profile.
        command: The command that asks, in the words of a message.
        port: The port; 0 for one that the system chooses.
        token: Where the token is kept; None for a folder of its own.
    """
    # As above.
    from plugincreds._endpoint.files import token_file  # noqa: PLC0415
    from plugincreds._endpoint.server import Endpoint  # noqa: PLC0415
    from plugincreds._endpoint.supply import Supply  # noqa: PLC0415

    with closing(Endpoint(port)) as endpoint, ExitStack() as stack:
        found = stack.enter_context(retrieved(arguments, command))
        file = stack.enter_context(token_file(endpoint.token, token))
        asked = found.default, found.source.plugin.name, found.profile
        allowed = change_of_plugin(*asked)
        changes = changes_for_endpoint(endpoint.url, endpoint.token, file) | allowed
        if warning := caution(*asked):
            complain(warning)
        supply = Supply(found.value, found.held)
        yield Ready(
            endpoint.url,
            changes | changes_of_region(os.environ, found.region),
            lambda: endpoint.serve(supply.document),
        )
