"""The few figures that the README has, of all those in the table."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import credentials, entry_points, first_client, instructions
from benchmarks.rows import Row

PAGE = Path("README.md")
MARKS = "<!-- summary: begin -->", "<!-- summary: end -->"
PLUGIN, WITH, REFRESHABLE = (
    "a plugin that is not selected",
    "the same, with plugincreds",
    "botocore's refreshable ones",
)


def summary(rows: Sequence[Row], distributions: int) -> str:
    """Return the README's table."""
    client = first_client.QUESTION.format(distributions)
    counted = first_client.COUNTED
    starts = _row(rows, instructions.START, "with plugincreds")
    yardstick = _row(rows, instructions.START, "with setuptools' distutils-precedence.pth")
    of_discovery = entry_points.QUESTION.format(distributions, "a third")
    found, library = (_row(rows, of_discovery, way) for way in list(entry_points.WAYS)[:2])
    lines = {
        "A Python that never imports botocore": (
            f"{_more(starts)} instructions; for comparison, setuptools' startup file: "
            f"{_more(yardstick)}"
        ),
        "First client and signature, no plugin installed": (
            f"{_more(_row(rows, counted, WITH))} instructions"
        ),
        f"The same with a plugin, {distributions} packages installed": (
            f"{_more(_row(rows, client, PLUGIN))} time; `credential_process` with a Python script: "
            f"{_more(_row(rows, client, first_client.PYTHON))}"
        ),
        f"Looking for plugins among {distributions} packages": (
            f"{found.figure}, once in a process that comes to a plugin; `importlib.metadata`: "
            f"{library.figure}"
        ),
        "Each further signature": (
            f"{_row(rows, credentials.HOT_PATH, 'plugincreds').figure} for the credentials; "
            f"botocore's refreshable ones: "
            f"{_row(rows, credentials.HOT_PATH, REFRESHABLE).figure}"
        ),
    }
    body = (f"| {what} | {cost} |" for what, cost in lines.items())
    return "\n".join(("| what | costs |", "|---|---|", *body))


def _row(rows: Sequence[Row], question: str, who: str) -> Row:
    (found,) = (row for row in rows if row.question == question and row.who == who)
    return found


def _more(row: Row) -> str:
    return f"{(row.factor - 1) * 100:+.1f} %"
