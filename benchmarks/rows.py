"""What the benchmarks find, as tables; each figure stands beside what it is compared with."""

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = Path("docs", "explanation", "performance.md")
FIGURES = "<!-- figures: begin -->", "<!-- figures: end -->"
_FACTOR = "times the base"
_LARGE = 10  # from here on, a fraction is noise


class Unit(NamedTuple):
    """What the figures of a column are, and how their factors were found: the heads of both.

    A factor compares with the first row of the same question, which is called the base.
    """

    figure: str
    factor: str


def once(what: str) -> Unit:
    """Return the unit of what is measured only once."""
    return Unit(f"{what}, one run", _FACTOR)


def median(rounds: int, what: str = "time") -> Unit:
    """Return the unit of what `in_turn` finds."""
    return Unit(f"{what}, median of {rounds} rounds", f"{_FACTOR}, median and quartiles")


class Figure(NamedTuple):
    """One figure with its unit, and how many times the base's it is.

    Attributes:
        text: The figure.
        factor: How many times the base's it is.
        quartiles: A quarter of the rounds has a lower factor than the first, and a quarter a
            higher one than the second; None if there was only one round.
    """

    text: str
    factor: float
    quartiles: tuple[float, float] | None = None


class Row(NamedTuple):
    """The figures of one thing.

    Attributes:
        question: What is measured.
        who: What it is measured of.
        figures: One for each unit of the table; none if it could not be measured.
    """

    question: str
    who: str
    figures: tuple[Figure, ...] = ()


class Table(NamedTuple):
    """Rows whose figures have the same units."""

    title: str
    units: tuple[Unit, ...]
    rows: list[Row]


class Found(NamedTuple):
    """What `in_turn` finds of one thing: the median, and three quartiles of its factors."""

    figure: float
    factor: float
    quartiles: tuple[float, float] | None


def in_turn(measures: Sequence[Callable[[], float]], rounds: int) -> list[Found]:
    """Take each measure once in each round, in each second round from the last to the first.

    A factor is taken within a round, so that what else the machine does at that time is in both
    of its figures.
    """
    found = []
    for number in range(rounds):
        step = -1 if number % 2 else 1  # what comes first may be slower, or faster
        found.append([measure() for measure in measures[::step]][::step])
    factors = [[figure / figures[0] for figure in figures] for figures in found]
    return [
        Found(statistics.median(of_one), statistics.median(its_factors), _quartiles(its_factors))
        for of_one, its_factors in zip(
            zip(*found, strict=True), zip(*factors, strict=True), strict=True
        )
    ]


def _quartiles(factors: Sequence[float]) -> tuple[float, float] | None:
    if len(factors) == 1:
        return None
    low, _, high = statistics.quantiles(factors, n=4, method="inclusive")
    return low, high


def compared(
    question: str, measures: Mapping[str, Callable[[], float]], rounds: int, form: str
) -> list[Row]:
    """Measure things in turn, and show what was found in this form, such as `{:.0f} ms`."""
    found = in_turn(list(measures.values()), rounds)
    return [
        Row(question, who, (Figure(form.format(each.figure), each.factor, each.quartiles),))
        for who, each in zip(measures, found, strict=True)
    ]


def markdown(table: Table) -> str:
    """Return a table with its title; a question stands in its first row only."""
    heads = ["what", "variant", *(head for unit in table.units for head in unit)]
    lines = [heads, ["---", "---", *["--:"] * (len(heads) - 2)]]
    before = None
    for row in table.rows:
        is_base = row.question != before
        cells = [row.question if is_base else "", row.who]
        for figure in row.figures:
            cells += [figure.text, "base" if is_base else _shown(figure)]
        lines.append(cells + ["-"] * (len(heads) - len(cells)))
        before = row.question
    return "\n".join([f"### {table.title}", "", *(f"| {' | '.join(it)} |" for it in lines)])


def _shown(figure: Figure) -> str:
    if figure.quartiles is None:
        return _number(figure.factor)
    low, high = map(_number, figure.quartiles)
    return f"{_number(figure.factor)} ({low} to {high})"


def _number(factor: float) -> str:
    return f"{factor:.3f}" if factor < _LARGE else f"{factor:.0f}"


def circumstances(packages: Iterable[str]) -> str:
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
