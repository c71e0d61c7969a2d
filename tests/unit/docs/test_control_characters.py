"""Text from outside cannot steer a terminal or forge a line of a log, in any message."""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import plugincreds
import plugincreds_startup
from plugincreds._errors import printable
from tests.unit.conftest import Install
from tests.unit.docs.error_cases import CASES
from tests.unit.docs.room import Case, Room
from tests.unit.docs.warning_cases import WARNINGS

# ESC as in a colour, CSI as one character of C1, a bidirectional override, and DEL.
STEERING = "\x1b[31m\x9b31m\u202e\x7f"
FORGING = f"{STEERING}\nFAKE\r\x85\u2028FAKE"
ESCAPED = repr(FORGING)[1:-1]


def _with_variables(case: Case) -> Case:
    return replace(case, variables={name: text + FORGING for name, text in case.variables.items()})


def _with_names(case: Case) -> Case:
    """Change the plugin's name, wherever it is selected and where it is declared."""
    name = f"acme{STEERING}"
    config = re.sub(r"(credential_plugin = )\w+", rf"\1{name}", case.config)
    entry = {"entry_points": f"[aws_sdk.credential_plugins]\n{name} = acme_creds:get_provider\n"}
    return replace(case, config=config, entry={**entry, **case.entry})


def _with_profiles(case: Case) -> Case:
    config = re.sub(r"(\[profile \w+|source_profile = \w+)", rf"\1{STEERING}", case.config)
    return replace(case, config=config)


def _with_lines(case: Case) -> Case:
    """Change the keys in the profile, but not the one that ends the wait for a plugin."""
    pattern = r"^(\s*(?!credential_plugin_timeout)\w+)( = |: )"
    config = re.sub(pattern, rf"\1{STEERING}\2", case.config, flags=re.MULTILINE)
    return replace(case, config=config)


def _with_values(case: Case) -> Case:
    config = re.sub(r"^(\s*\w+ = )(.+)$", rf"\1\2{STEERING}", case.config, flags=re.MULTILINE)
    return replace(case, config=config)


def _with_an_entry(case: Case) -> Case:
    return replace(case, entry={"value": f":get_provider [{STEERING}]"})


def _with_a_lookup(case: Case) -> Case:
    return replace(case, entry={"value": f":get_{STEERING}"})


def _with_texts(case: Case) -> Case:
    """Change what the plugin raises and returns."""
    source = re.sub(
        r"(?:Error|hint=|Value|dict)\(?'", lambda found: found[0] + ESCAPED, case.source or ""
    )
    return replace(case, source=source.replace("42", f"'{ESCAPED}'") or None)


CHANGES: dict[str, Callable[[Case], Case]] = {
    change.__name__.removeprefix("_with_"): change
    for change in (
        _with_variables,
        _with_names,
        _with_profiles,
        _with_lines,
        _with_values,
        _with_an_entry,
        _with_a_lookup,
        _with_texts,
    )
}


def _changed() -> Iterator[object]:
    for kind, cases in {**CASES, "Warnings": WARNINGS}.items():
        for cause, case in cases.items():
            yield pytest.param(case, id=f"{kind}: {cause}, paths")
            for name, change in CHANGES.items():
                if change(case) != case:
                    yield pytest.param(change(case), id=f"{kind}: {cause}, {name}")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """Return a folder whose name has control characters."""
    folder = tmp_path / f"room{FORGING}"
    folder.mkdir()
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    return Room(folder, monkeypatch)


@pytest.mark.parametrize("case", list(_changed()))
def test_no_message_has_control_characters(
    room: Room, install: Install, caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    """Guards terminals and logs, from each error and each warning of the page.

    With the changed text another one of them may come about, or none.
    """
    with caplog.at_level(logging.INFO, "plugincreds"):
        error = case.told(room, install)
    texts = [record.getMessage() for record in caplog.records if record.name == "plugincreds"]
    if type(error).__module__ == "plugincreds" or isinstance(error, case.kind or ()):
        texts += [str(error), str(getattr(error, "hint", ""))]
    assert [text for text in texts if not text.isprintable()] == []


def test_one_function_makes_text_printable() -> None:
    """Guards what is kept: spaces, letters of all languages, and one line for several."""
    assert printable("a  b é 漢 🙂") == "a  b é 漢 🙂"
    assert printable("one\n  two\r\n\n\tthree\u2028four") == "one two three four"
    assert printable("a\tb\xa0c") == "a b c"
    assert printable("\x1b[31m\x9b\u202e\u200b\ud800\x00\x7f") == "?[31m??????"
    assert printable(" \n") == ""


def test_errors_of_plugins_are_on_one_line() -> None:
    """Guards what `str()` of a plugin's own error is, and of one with an exception as message."""
    error = plugincreds.NonRecoverableError("Logged\nout.", hint="run\x1b[31m acme login")
    assert str(error) == "Logged out. (run?[31m acme login)"
    assert str(plugincreds.NonRecoverableError(OSError("a\nb"))) == "a b"  # type: ignore[arg-type]


def test_the_startup_module_is_alike() -> None:
    """Guards the message of the module that cannot import the function."""
    assert plugincreds_startup._found(ImportError(f"a{FORGING}")).isprintable()
