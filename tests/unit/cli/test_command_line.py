"""`plugincreds` itself: no command, names that are nearly right, completion, debug output."""

import logging
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from plugincreds._cli import exec as _exec
from plugincreds._cli.streams import show_debug_records
from tests.support.commands import main, parser
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'topsecret')), (lambda: False)"
FAILS = """
    def retrieve():
        raise ValueError("first line\\nsecond \\x1b[2J line")
    def get_provider(): return retrieve, lambda: False
"""


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Return our logger, which gets its handlers and its level back."""
    logger = logging.getLogger("plugincreds")
    handlers, level = [*logger.handlers], logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def test_without_a_command(capfd: pytest.CaptureFixture[str]) -> None:
    """Guards the first thing that a person types."""
    assert main([]) == 0
    printed = capfd.readouterr()
    assert printed.out == parser().format_help()
    assert printed.err == ""


@pytest.mark.parametrize("words", [["nonsense"], ["--"], ["--", "ls"], ["--nonsense"], ["cache"]])
def test_what_is_no_command(capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    """Guards scripts with a mistake from a status that says all is well."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("command", ["export", "serve"])
@pytest.mark.parametrize(
    ("name", "installed"),
    [
        ("acme", "acme-broker"),
        ("broker", "acme-broker"),
        ("ACME", "acme-broker"),
        ("acme", "acme_credential.broker"),
        ("acme-broker-of-production", "acme"),
    ],
)
def test_a_name_without_a_word_of_it(
    install: Install,
    capfd: pytest.CaptureFixture[str],
    command: str,
    name: str,
    installed: str,
) -> None:
    """Guards the suggestion for a person who leaves out a word."""
    install(GOOD, name=installed)
    assert main([command, name]) == 1
    printed = capfd.readouterr()
    assert f"did you mean '{installed}'?" in printed.err
    assert printed.out == ""


def test_a_name_that_is_alike_comes_first(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the better suggestion from one that has only a word in common."""
    install(GOOD, name="acme-broker")
    install(GOOD, name="acne", distribution="acne")
    assert main(["export", "acme"]) == 1
    assert "did you mean 'acne'?" in capfd.readouterr().err


def test_completion_for_fish(capfd: pytest.CaptureFixture[str]) -> None:
    """Guards the commands and the options of each."""
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", "fish"])
    assert caught.value.code in {0, None}
    script = capfd.readouterr().out
    assert "complete -c plugincreds" in script
    for word in ("export", "powershell", "retrieve", "doctor"):
        assert word in script


def test_completion_with_an_old_package(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards a sentence in place of a traceback."""

    def complete(_parser: object, shell: str) -> str:
        raise NotImplementedError(shell)

    monkeypatch.setitem(sys.modules, "shtab", SimpleNamespace(complete=complete))
    with pytest.raises(SystemExit) as caught:
        main(["--print-completion", "fish"])
    assert caught.value.code == 1
    assert "version 1.9 or later" in capfd.readouterr().err


@pytest.mark.usefixtures("logger")
@pytest.mark.parametrize("command", [["doctor", "--retrieve", "--json"], ["export"]])
def test_debug_records(
    install: Install, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """Guards stdout from them, a terminal from control characters, and lines from forgery."""
    install("def get_provider(): return None", name="declines")
    install(FAILS, name="fails", distribution="fails")
    assert main(["--debug", *command]) == 1
    printed = capfd.readouterr()
    assert "\nplugincreds: DEBUG: " in f"\n{printed.err}"
    assert "DEBUG" not in printed.out
    assert "\x1b" not in printed.err
    assert "\nsecond" not in printed.err
    main(command)


def test_no_debug_records_without_the_option(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards the output that people know."""
    install(FAILS)
    assert main(["doctor", "--retrieve"]) == 1
    printed = capfd.readouterr()
    assert "DEBUG" not in printed.out + printed.err


@pytest.mark.usefixtures("logger")
def test_no_secret_among_the_debug_records(
    install: Install, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards text that people put into an issue."""
    install(GOOD)
    assert main(["--debug", "doctor", "--retrieve"]) == 0
    printed = capfd.readouterr()
    assert "topsecret" not in printed.out + printed.err


def test_debug_before_exec() -> None:
    """Guards the words of the command that exec is to run."""
    assert _exec.separated(["--debug", "exec", "a", "--", "ls", "-l"]) == (
        ["--debug", "exec", "a"],
        ["ls", "-l"],
    )
    assert _exec.separated(["--debug", "exec", "ls"]) == (["--debug", "exec"], [])
    assert _exec.separated(["--debug"]) == (["--debug"], [])


def test_a_debug_record_cannot_be_forged(
    logger: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    """Guards terminals from control characters, and readers from lines that a plugin words."""
    show_debug_records()
    error = ValueError("text of an exception")
    logger.debug("one\nplugincreds: ERROR: \x1b[2J", exc_info=error)
    assert capfd.readouterr().err == ("plugincreds: DEBUG: one\n    plugincreds: ERROR: ?[2J\n")
