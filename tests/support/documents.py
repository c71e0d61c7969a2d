"""The blocks of a page of the documentation, and the terminals in which its commands are run.

What a page tells the tests stands in comments right before a block, which no reader sees:

    <!-- file: name -->        the block is the text of that file, in the page's folder
    <!-- terminal: second -->  its command is typed in another terminal, and goes on running;
                               a block without a command is what that one has printed since
    <!-- typed: text -->       a person at a terminal answers its last command with that
    <!-- status: 1 -->         its last command ends with that status; without it, 0
    <!-- answer: who -->       who answers for each of its profiles, if it is not the plugin `acme`
    <!-- profile: name -->     it is run for that profile
    <!-- not run: reason -->   nothing is done with the block

Three dots in what a command prints stand for any text, and alone on a line for any lines.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import final

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LONGEST = 120  # seconds; a command that takes longer hangs
_NOTES = frozenset({"answer", "file", "not run", "profile", "status", "terminal", "typed"})
_FENCE = re.compile(r"^(`{3,})(\S*)\n(.*?)^\1$\n?", re.MULTILINE | re.DOTALL)
_NOTE = re.compile(r"<!-- ([a-z ]+): (.+?) -->\n\Z")
_DIRECTIVE = "{"  # a language that begins so is not one: MyST does something with the block
_PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code of a page.

    Attributes:
        place: The page and the line, for messages.
        language: What stands behind the three backticks.
        text: The lines between them.
        notes: What the page tells the tests of it.
    """

    place: str
    language: str
    text: str
    notes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of a block, and the lines that the page shows below it."""

    line: str
    shown: str


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of code of a page in order, less those that are directives."""
    text = page.read_text(encoding="utf-8")
    found = [match for match in _FENCE.finditer(text) if not match[2].startswith(_DIRECTIVE)]
    every = len(re.findall(r"^ *```", text, re.MULTILINE))
    directives = len(re.findall(r"^```\{", text, re.MULTILINE))
    assert every == 2 * (len(found) + directives), f"{page.name}: a block that is not read"
    return [_block(page, text, match) for match in found]


def commands_of(block: Block) -> list[Command]:
    """Return the commands of a block, each with what it prints."""
    first, *rest = f"\n{block.text}".split(f"\n{_PROMPT}")
    assert rest, f"{block.place}: there is no command in it"
    assert not first.strip(), f"{block.place}: it does not begin with a command"
    return [_command(each) for each in rest]


def matches(shown: str, printed: str) -> bool:
    """Tell whether a page shows what was printed; how wide a column is doesn't count."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else _line_pattern(line)
        for line in _narrow(shown).splitlines()
    )
    return re.fullmatch(pattern, _narrow(printed)) is not None


def clean_variables(home: Path, *wheels: Path) -> dict[str, str]:
    """Return the variables of a person without settings of their own, but those of installers.

    Where pip is asked for one of the wheels' packages, by name, it takes that wheel.
    """
    pins = home / "constraints.txt"
    lines = [f"{wheel.name.partition('-')[0]} @ {wheel.as_uri()}\n" for wheel in wheels]
    pins.write_text("".join(lines), encoding="utf-8")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PYTHON", "VIRTUAL_ENV"))
    }
    return {
        **kept,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "PIP_CONSTRAINT": str(pins),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Of the modules that are installed, most are never imported.
        "PIP_NO_COMPILE": "1",
    }


@final
class Terminal:
    """A shell that keeps its folder and its variables from one command to the next."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        """Start the shell in a folder, with these variables and no others."""
        self._process = _started(["bash", "--noprofile", "--norc"], folder, variables)

    def run(self, command: str) -> tuple[int, str]:
        """Type a command; return the status with which it ends, and all that it printed."""
        mark = secrets.token_hex(8)
        assert self._process.stdin is not None
        # The braces keep it in this shell; the line end before the mark is taken off again.
        self._process.stdin.write(
            f"{{ {command}\n}} </dev/null 2>&1; printf '\\n%s %s\\n' {mark} $?\n"
        )
        self._process.stdin.flush()
        lines: list[str] = []
        for line in _lines(self._process):
            if line.startswith(mark):
                return int(line.split()[1]), "".join(lines).removesuffix("\n")
            lines.append(line)
        raise AssertionError(f"{command!r} ended the shell, or ran for too long:\n{''.join(lines)}")

    def close(self) -> None:
        """End the shell."""
        _ended(self._process)


@final
class Server:
    """A program that goes on running in a terminal of its own."""

    def __init__(self, command: str, folder: Path, variables: Mapping[str, str]) -> None:
        """Start the program."""
        # The shell waits for the end of its input, which comes with the end of the tests, however
        # they end, and then kills what it started.
        lines = f"{command} </dev/null 2>&1 &\nexec >/dev/null\ncat\nkill -KILL 0\n"
        self._process = _started(["bash", "-c", lines], folder, variables)

    def printed(self, count: int) -> str:
        """Return the next lines that it prints; wait until there are so many."""
        found = [line for _, line in zip(range(count), _lines(self._process), strict=False)]
        assert len(found) == count, f"it printed only {''.join(found)!r}"
        return "".join(found)

    def close(self) -> None:
        """Stop the program."""
        _ended(self._process)


@contextmanager
def watched(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process that takes too long, so that who reads from it comes to an end."""
    timer = threading.Timer(LONGEST, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _block(page: Path, text: str, match: re.Match[str]) -> Block:
    before = text[: match.start()]
    place = f"{page.name}, line {before.count(chr(10)) + 1}"
    notes: dict[str, str] = {}
    while (note := _NOTE.search(before)) is not None:
        assert note[1] in _NOTES, f"{place}: nobody knows the note {note[1]!r}"
        notes[note[1]] = note[2]
        before = before[: note.start()]
    assert not before.rstrip().endswith("-->"), f"{place}: a note that is not read"
    return Block(place, match[2], match[3], notes)


def _command(text: str) -> Command:
    """Part a command, of which each line but the last ends with a backslash, and what it prints."""
    lines = text.splitlines()
    length = next(count for count, line in enumerate(lines, 1) if not line.endswith("\\"))
    shown = "".join(f"{line}\n" for line in lines[length:])
    return Command("\n".join(lines[:length]), shown)


def _narrow(text: str) -> str:
    lines = (re.sub(r" {2,}", "  ", line.rstrip()) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines)


def _line_pattern(line: str) -> str:
    return ".*".join(map(re.escape, line.split("..."))) + r"\n"


def _started(
    command: list[str], folder: Path, variables: Mapping[str, str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # what it starts ends with it
    )


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    with watched(process):
        while line := process.stdout.readline():
            yield line


def _ended(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, 9)
    process.communicate()
