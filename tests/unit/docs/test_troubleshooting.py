"""A reader who searches for what is on the screen comes to the page on troubleshooting."""

import re

import pytest

from plugincreds._bindings.rejection import _REJECTIONS
from tests.support.pages import page, sections

TEXT = page("how-to/troubleshooting.md")
PARTS = sections(TEXT, 2)
SYMPTOMS = [
    "AccessDenied",
    "403 Forbidden",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "NoCredentialsError",
    "SignatureDoesNotMatch",
    "The config profile (NAME) could not be found",
    "Unable to locate credentials",
    "command not found",
    "wrong account",
    "plugin is not used",
    "not in pandas, pyarrow",
    "not in cron, systemd, an IDE, Lambda or a zipapp",
    "It is slow",
    "asks me again and again",
    "pip uninstall",
]


@pytest.mark.parametrize("words", [*SYMPTOMS, *sorted(_REJECTIONS)])
def test_a_symptom_is_in_a_heading(words: str) -> None:
    """Guards what people search for, and the codes after which plugincreds calls the plugin."""
    assert any(words in heading for heading in PARTS)


@pytest.mark.parametrize("heading", PARTS)
def test_each_symptom_has_a_check(heading: str) -> None:
    """Guards that a reader sees how to find the reason before reading about reasons."""
    assert "\n$ " in PARTS[heading]
    assert re.search(r"plugincreds|aws ", PARTS[heading])


@pytest.mark.parametrize("heading", [each for each in PARTS if each != "None of these"])
def test_each_symptom_has_reasons_and_remedies(heading: str) -> None:
    """A reason without what to do helps no reader."""
    rows = re.findall(r"^\| (.*) \|$", PARTS[heading], re.MULTILINE)
    assert "reason" in rows[0]
    assert rows[0].endswith("what to do")
    assert all(row.rpartition(" | ")[2].strip() for row in rows)
