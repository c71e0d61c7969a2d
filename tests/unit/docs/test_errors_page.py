"""docs/reference/errors.md: each error is made here, and stands there word for word."""

import re
from pathlib import Path

import pytest

import plugincreds
from tests.support.pages import SOURCE, literals, messages, on_one_line, page, says, sections
from tests.unit.conftest import Install
from tests.unit.docs.error_cases import CASES
from tests.unit.docs.room import Case, Room
from tests.unit.docs.warning_cases import WARNINGS

PAGE = page("reference/errors.md")
SECTIONS = sections(PAGE, 2)
FLAT = [
    pytest.param(kind, cause, case, id=f"{kind}: {cause}")
    for kind, cases in CASES.items()
    for cause, case in cases.items()
]
# Text that no user sees like this: messages below WARNING, or parts that other modules word.
NOT_SHOWN = {
    "%r cannot list distributions.",  # DEBUG
    "A distribution's %s cannot be read.",  # DEBUG
    "It was raised here: %s",  # DEBUG
    "%Y-%m-%d %H:%M:%S %Z",
    "` found no plugin. Name one, or install one.",  # the error for a role's source comes before
    "A credential plugin",  # how a cache is called that has no plugin
    "A credential plugin was interrupted.",  # the interruption is raised in its place
    "Value(<keys not shown>, expiry_time=",  # a repr
    # Regular expressions of the command.
    r"#! *(?:\S+/env (?:-S )?)?((?:\S*/)?python[0-9.]*t?)(?=\s)",
    r"(?:[ \t]*(?:[#;].*)?\r?\n)*([ \t]*)",
    r"^home *= *(.+)/bin$",
    r"^include-system-site-packages *= *true",
}
SHORTEST = 3  # words; less than that is no message
# The messages of the command that are on the page. It shows those of the others, too.
OF_THE_COMMAND = {
    "aws_cli.py",
    "aws_cli_findings.py",
    "aws_cli_run.py",
    "package_files.py",
    "package_name.py",
    "plugins_section.py",
}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Return a folder for the case, and what undoes its changes."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    return Room(tmp_path, monkeypatch)


def test_the_page_and_the_cases_have_the_same_causes() -> None:
    """A cause that nobody produces may be a message of yesterday."""
    wanted = {kind: set(cases) for kind, cases in {**CASES, "Warnings": WARNINGS}.items()}
    found = {kind: set(messages(text)) for kind, text in SECTIONS.items() if messages(text)}
    assert found == wanted


def test_each_error_class_has_its_section() -> None:
    """A person who catches a class must find it."""
    classes = {name for name in plugincreds.__all__ if name.endswith("Error")}
    assert classes <= set(SECTIONS)


@pytest.mark.parametrize(("kind", "cause", "case"), FLAT)
def test_the_page_shows_the_message_of_each_error(
    room: Room, install: Install, kind: str, cause: str, case: Case
) -> None:
    """A person searches for what stands on the screen, and must find it."""
    error = case.told(room, install)
    assert type(error) is (case.kind or getattr(plugincreds, kind))
    assert says(messages(SECTIONS[kind])[cause], str(error).replace(str(room.folder), "/srv"))


@pytest.mark.parametrize(("cause", "case"), WARNINGS.items(), ids=WARNINGS)
def test_the_page_shows_each_warning(
    room: Room, install: Install, caplog: pytest.LogCaptureFixture, cause: str, case: Case
) -> None:
    """What stands in a log must be found, and what is harmless told from what is not."""
    case.prepare(room, install)
    case.call(room)
    (told,) = (record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert says(messages(SECTIONS["Warnings"])[cause], told.replace(str(room.folder), "/srv"))


def test_the_page_has_each_text_of_the_source() -> None:
    """Whoever adds a message must say on the page what to do about it."""
    shown = on_one_line(PAGE)
    texts = {
        on_one_line(text)
        for file in SOURCE.rglob("*.py")
        if file.name in OF_THE_COMMAND
        or not {"_cli", "testing"} & {*file.relative_to(SOURCE).parts}
        for text in literals(file)
        if len(text.split()) >= SHORTEST
    }
    parts = {part for text in texts - NOT_SHOWN for part in re.split(r"%s|%\.0f|{}", text)}
    assert {part for part in parts if on_one_line(part) not in shown} == set()
