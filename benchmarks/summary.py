"""The few figures that the README has, of all those in the tables."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import credentials, endpoint, entry_points, first_client, starts
from benchmarks.rows import Table

PAGE = Path("README.md")
MARKS = "<!-- summary: begin -->", "<!-- summary: end -->"
HEADS = "what", "compared with", "instructions", "time, median of the rounds"
_CLIENT = "First client and signature"
_KEYS = "keys in the environment, without plugincreds"
_SAME = "the same without plugincreds"

# In whole processes: what is measured, what it is compared with, and whose row it is.
_STARTS = (
    ("A Python that never imports botocore", _SAME, starts.WITH),
    (
        "The same, for comparison: setuptools' startup file",
        "the same without it",
        starts.SETUPTOOLS,
    ),
)
_CLIENTS = (
    (f"{_CLIENT}, no plugin", _SAME, first_client.KEYS_WITH),
    (f"{_CLIENT}, a plugin, not selected", _KEYS, first_client.AUTOMATIC),
    (f"{_CLIENT}, a plugin, selected by variable", _KEYS, first_client.BY_VARIABLE),
    (f"{_CLIENT}, a plugin, selected by profile", _KEYS, first_client.BY_PROFILE),
    (f"{_CLIENT}, for comparison: `credential_process`, a shell script", _KEYS, first_client.SHELL),
    (
        f"{_CLIENT}, for comparison: `credential_process`, a Python script",
        _KEYS,
        first_client.PYTHON,
    ),
)
_AMONG_MANY = (
    (_CLIENT + " among {} packages, no plugin", _SAME, first_client.KEYS_WITH),
    (_CLIENT + " among {} packages, a plugin, not selected", _KEYS, first_client.AUTOMATIC),
)
# Of single calls: the question, whose row is ours, and whose is compared with it.
_LOOKING = entry_points.OURS, entry_points.LIBRARY
_SIGNING = credentials.HOT_PATH, credentials.OURS, credentials.REFRESHABLE
_ASKING = endpoint.PROVIDER, endpoint.OURS, endpoint.SERVER


def summary(tables: Sequence[Table], distributions: int) -> str:
    """Return the README's table; each line says what it is compared with."""
    rows = {(row.question, row.who): row for table in tables for row in table.rows}
    few, many = (first_client.QUESTION.format(count) for count in ("no", distributions))
    processes = [
        *((what, other, rows[starts.HERE, who]) for what, other, who in _STARTS),
        *((what, other, rows[few, who]) for what, other, who in _CLIENTS),
        *((what.format(distributions), other, rows[many, who]) for what, other, who in _AMONG_MANY),
    ]
    lines = [HEADS, ("---", "---", "--:", "--:")]
    for what, other, row in processes:
        time, instructions = row.figures
        lines.append((what, other, _more(instructions.factor), _more(time.factor)))
    discovery = entry_points.QUESTION.format(distributions, "a third")
    for what, question, ours, other in (
        (f"Finding plugins among {distributions} packages", discovery, *_LOOKING),
        ("Getting the credentials for each further signature", *_SIGNING),
        ("A botocore request to the endpoint of `exec` or `serve`", *_ASKING),
    ):
        times = (rows[question, who].figures[0].text for who in (ours, other))
        lines.append((what, other, "-", ", against ".join(times)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _more(factor: float) -> str:
    return f"{(factor - 1) * 100:+.1f} %"
