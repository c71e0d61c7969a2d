"""What the benchmarks find, as one table; each figure stands beside what it is compared with."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = Path("docs", "explanation", "performance.md")
_LARGE = 10  # from here on, a fraction is noise
FIGURES = "<!-- figures: begin -->", "<!-- figures: end -->"


class Row(NamedTuple):
    """One figure.

    Attributes:
        question: What is measured.
        who: What it is measured of.
        figure: How much it is, with its unit.
        factor: How many times the first figure of the same question.
    """

    question: str
    who: str
    figure: str
    factor: float


def in_turn(measures: Sequence[Callable[[], float]], rounds: int) -> list[tuple[float, float]]:
    """Take each measure once in each round; return medians, and the medians of their factors.

    A factor is taken within a round, so that what else the machine does at that time is in both
    of its figures.
    """
    found = [[measure() for measure in measures] for _ in range(rounds)]
    factors = [[figure / figures[0] for figure in figures] for figures in found]
    return [
        (statistics.median(of_one), statistics.median(factors_of_one))
        for of_one, factors_of_one in zip(
            zip(*found, strict=True), zip(*factors, strict=True), strict=True
        )
    ]


def table(rows: Iterable[Row]) -> str:
    """Return the table; a question stands in its first row only."""
    lines = ["| what | of | figure | factor |", "| --- | --- | --: | --: |"]
    before = None
    for row in rows:
        question = "" if row.question == before else row.question
        lines.append(f"| {question} | {row.who} | {row.figure} | {_shown(row.factor)} |")
        before = row.question
    return "\n".join(lines)


def _shown(factor: float) -> str:
    return f"{factor:.3f}" if factor < _LARGE else f"{factor:.0f}"


def circumstances(*packages: str) -> str:
    """Return when and where the figures were found, and with what."""
    found = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, Python {platform.python_version()}, {found}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors."
    )


def put(page: Path, marks: tuple[str, str], text: str) -> None:
    """Put a text between two marks of a page."""
    begin, finish = marks
    before, rest = page.read_text("utf-8").split(begin)
    _, after = rest.split(finish)
    page.write_text(f"{before}{begin}\n\n{text}\n\n{finish}{after}", "utf-8")
