"""docs/explanation/security.md says how many secrets are missed; samples are counted here."""

import pytest

from plugincreds._redaction import shown
from tests.support.error_messages import NOT_TOLD_APART, READABLE
from tests.support.pages import on_one_line, page
from tests.support.redaction import ANYWHERE, EMBEDDINGS, IN_PLACE, misses

PAGE = page("explanation/security.md")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("redaction: begin")[2].partition("redaction: end")[0].splitlines()
    if line.startswith("|") and "---" not in line
]
SAMPLE = 40  # the first ones of the 20,000 that benchmarks/redaction.py counts


def test_the_page_has_all_kinds_and_places() -> None:
    """A new one wants a new measurement: `python -m benchmarks.redaction --write`."""
    (_, *places), *rows = ROWS
    assert places == list(EMBEDDINGS)
    assert [row[0] for row in rows] == [*ANYWHERE, "in its place", *IN_PLACE]


@pytest.mark.parametrize(
    "row", [row for row in ROWS[1:] if row[1].isdigit()], ids=lambda row: row[0]
)
def test_no_more_secrets_are_missed_than_the_page_says(row: list[str]) -> None:
    """Those who read the page decide by it what they may log."""
    name, *counts = row
    if name in ANYWHERE:
        measured = [misses(ANYWHERE[name], place, SAMPLE) for place in EMBEDDINGS.values()]
    else:
        measured = [misses(*IN_PLACE[name], SAMPLE)]
    assert len(measured) == len(counts)
    assert all(found <= int(count) for found, count in zip(measured, counts, strict=True))


def test_the_page_says_how_many_messages_lose_a_word() -> None:
    """A message that is redacted without need hides the cause of a failure."""
    messages = (*READABLE, *NOT_TOLD_APART)
    lost = sum("[redacted]" in shown(text) for text in messages)
    assert f"Of {len(messages)} messages" in on_one_line(PAGE)
    assert f"without a secret, {lost} lose a word" in on_one_line(PAGE)
