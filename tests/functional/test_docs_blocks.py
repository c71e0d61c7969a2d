"""How the tests read pages: what is not read must be an error, and what differs must be seen."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.documents import (
    DOCS,
    LONGEST,
    Command,
    Server,
    Terminal,
    blocks_of,
    clean_variables,
    commands_of,
    matches,
)


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> Path:
    """Return a page that is to be written."""
    return tmp_path / "page.md"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one\n", "one\n"),
        ("NAME  STATE\n", "NAME            STATE\n"),
        ("at ... o'clock\n", "at 12:30 o'clock\n"),
        ("first\n...\nlast\n", "first\nsecond\nthird\nlast\n"),
        ("first\n...\nlast\n", "first\nlast\n"),
        ("", ""),
    ],
)
def test_same(shown: str, printed: str) -> None:
    """Guards what may differ between a page and a terminal."""
    assert matches(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one\n", "two\n"),
        ("one\n", "one\ntwo\n"),
        ("one\ntwo\n", "one\n"),
        ("at ... o'clock\n", "at 12\n30 o'clock\n"),
        ("a.c\n", "abc\n"),
        ("", "one\n"),
    ],
)
def test_different(shown: str, printed: str) -> None:
    """Guards that a page which shows something else is found out."""
    assert not matches(shown, printed)


def test_blocks_have_their_notes(page: Path) -> None:
    """Guards that a note belongs to the block right below it, and that directives are no blocks."""
    page.write_text(
        "```{note}\nhidden\n```\n\n<!-- status: 1 -->\n<!-- file: a b.py -->\n"
        "```python\nx = 1\n```\n\n```console\n$ ls\n```\n"
    )
    first, second = blocks_of(page)
    assert (first.language, first.text, first.place) == ("python", "x = 1\n", "page.md, line 7")
    assert first.notes == {"status": "1", "file": "a b.py"}
    assert (second.language, second.text, second.notes) == ("console", "$ ls\n", {})


@pytest.mark.parametrize(
    "text",
    [
        "<!-- fiel: a.py -->\n```python\nx = 1\n```\n",
        "<!-- file -->\n```python\nx = 1\n```\n",
        "<!-- file: a.py -->\n\n```python\nx = 1\n```\n",
        "- item\n\n  ```python\n  x = 1\n  ```\n",
        "```python\nx = 1\n",
    ],
)
def test_what_is_not_read_is_an_error(page: Path, text: str) -> None:
    """Guards that no misspelt note and no indented block is passed over in silence."""
    page.write_text(text)
    with pytest.raises(AssertionError, match=r"page\.md"):
        blocks_of(page)


def test_commands(page: Path) -> None:
    """Guards that a command of several lines is one, and that what it prints is its own."""
    page.write_text("```console\n$ one \\\n    more\n$ two\nprinted\n\nlast\n```\n")
    (block,) = blocks_of(page)
    assert commands_of(block) == [
        Command("one \\\n    more", ""),
        Command("two", "printed\n\nlast\n"),
    ]


def test_a_block_without_prompt_is_no_console(page: Path) -> None:
    """Guards against a forgotten dollar sign, which would make output of a command."""
    page.write_text("```console\nls\n$ ls\n```\n")
    (block,) = blocks_of(page)
    with pytest.raises(AssertionError, match="line 1"):
        commands_of(block)


def test_a_terminal_remembers(tmp_path: Path) -> None:
    """Guards that folder and variables stay, that stderr is seen, and that status is the last."""
    with closing(Terminal(tmp_path, clean_variables(tmp_path))) as terminal:
        assert terminal.run("mkdir a; cd a; export B=2") == (0, "")
        assert terminal.run("basename $PWD; echo $B >&2; false") == (1, "a\n2\n")
        assert terminal.run("printf x") == (0, "x")
        with pytest.raises(AssertionError, match="ended the shell"):
            terminal.run("exit 3")


def test_a_server_that_prints_too_little_is_an_error(tmp_path: Path) -> None:
    """Guards that a page cannot promise lines that never come."""
    with closing(Server("echo one", tmp_path, clean_variables(tmp_path))) as server:
        assert server.printed(1) == "one\n"
        with pytest.raises(AssertionError, match="printed only ''"):
            server.printed(1)


def test_a_server_ends_with_the_tests(tmp_path: Path) -> None:
    """Guards against servers that outlive a test process which was killed."""
    with closing(Server("sh -c 'echo one; sleep 1000'", tmp_path, clean_variables(tmp_path))) as it:
        assert it.printed(1) == "one\n"
        assert it._process.stdin is not None
        with Path(
            os.devnull
        ).open() as nothing:  # closes its input, as the end of this process does
            os.dup2(nothing.fileno(), it._process.stdin.fileno())
        with pytest.raises(AssertionError, match="printed only ''"):
            it.printed(1)  # its output ends when no process has it open any more
        assert it._process.wait(LONGEST) == -signal.SIGKILL


def test_every_note_says_why() -> None:
    """Guards that "not run" is an exception: it has a reason, and most blocks have none."""
    blocks = [block for page in sorted(DOCS.glob("how-to/*.md")) for block in blocks_of(page)]
    passed_over = [block for block in blocks if "not run" in block.notes]
    assert all(len(block.notes["not run"].split()) > 2 for block in passed_over)
    assert len(passed_over) < len(blocks) / 10
