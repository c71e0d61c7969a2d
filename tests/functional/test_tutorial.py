"""The tutorial, from its first command to its last, with the output that it shows."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.documents import (
    DOCS,
    Block,
    Server,
    Terminal,
    blocks_of,
    clean_variables,
    commands_of,
    matches,
)
from tests.support.environments import Wheels

PAGE = DOCS / "tutorial.md"
PORT = "8765"  # the page's
ROOM = "first-plugin/"  # what the reader makes first, and stays in
SECRETS = ("a-secret-that-opens-nothing", "a-token-that-opens-nothing", "another-secret")


class Reader:
    """Somebody who does what the page says, block by block, in two terminals."""

    def __init__(self, folder: Path, wheel: Path, stack: ExitStack) -> None:
        """Begin in a folder; the wheel is what `pip install plugincreds` is to find."""
        self._folder = folder
        self._port = free_port()
        self._variables = clean_variables(folder, wheel)
        self._stack = stack
        self._first = stack.enter_context(closing(Terminal(folder, self._variables)))
        self._second: Server | None = None

    def follow(self, block: Block) -> None:
        """Write a file, or type commands and compare what they print."""
        if "file" in block.notes:
            file = self._folder / block.notes["file"]
            file.write_text(block.text.replace(PORT, self._port), encoding="utf-8")
        elif "terminal" in block.notes:
            self._look_at_second(block)
        else:
            self._type(block)

    def _type(self, block: Block) -> None:
        for command in commands_of(block):
            status, printed = self._first.run(command.line)
            printed = printed.replace(self._port, PORT)
            assert matches(command.shown, printed), f"{block.place}: it printed\n{printed}"
            assert not any(secret in printed for secret in SECRETS), block.place
        assert status == int(block.notes.get("status", "0")), f"{block.place}: {status}\n{printed}"

    def _look_at_second(self, block: Block) -> None:
        shown = block.text
        if self._second is None:
            (command,) = commands_of(block)
            shown = command.shown
            server = Server(command.line, self._folder / ROOM, self._variables)
            self._second = self._stack.enter_context(closing(server))
        printed = self._second.printed(shown.count("\n")).replace(self._port, PORT)
        assert matches(shown, printed), f"{block.place}: it printed\n{printed}"


@pytest.fixture
def reader(tmp_path: Path, wheels: Wheels) -> Iterator[Reader]:
    """Return a reader in an empty folder."""
    with ExitStack() as stack:
        yield Reader(tmp_path, wheels.get("plugincreds"), stack)


def free_port() -> str:
    """Return a port on which nobody listens, in place of the page's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return str(server.getsockname()[1])


def test_every_step_does_what_the_page_shows(reader: Reader) -> None:
    """Guards a newcomer's first half hour: each command, and what it prints."""
    for block in blocks_of(PAGE):
        reader.follow(block)


def test_there_is_one_path() -> None:
    """Guards that no block is left out, and that each command stands where it can be run."""
    for block in blocks_of(PAGE):
        assert "not run" not in block.notes, block.place
        assert ("file" in block.notes) == (block.language not in {"console", "text"}), block.place


def test_each_file_is_named_where_it_is_written() -> None:
    """Guards that a reader sees where a file goes, which the comments alone do not show."""
    shown = re.sub(r"<!--.*?-->", "", PAGE.read_text(encoding="utf-8"))
    files = {block.notes["file"] for block in blocks_of(PAGE) if "file" in block.notes}
    assert [file for file in files if f"`{file.removeprefix(ROOM)}`" not in shown] == []
