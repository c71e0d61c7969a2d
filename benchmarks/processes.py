"""What whole processes cost, from their start to their end, in time and in instructions."""

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks import instructions
from benchmarks.rows import Figure, Row, Unit, compared, median, once
from tests.support.environments import checked


class Case(NamedTuple):
    """An interpreter, and the variables that it finds."""

    python: Path
    variables: dict[str, str]


def units(rounds: int) -> tuple[Unit, Unit]:
    """Return the units of `in_both_units`."""
    return median(rounds), once("instructions")


def milliseconds(command: list[str | Path], variables: dict[str, str]) -> float:
    """Return how long a command takes."""
    started = time.perf_counter()
    checked(command, variables)
    return (time.perf_counter() - started) * 1000


def in_both_units(question: str, code: str, cases: Mapping[str, Case], rounds: int) -> list[Row]:
    """Compare what a piece of code costs in several environments.

    Instructions are counted after the rounds, when all bytecode is written, and once: the figure
    is nearly the same each time.
    """
    measures = {
        who: partial(milliseconds, [case.python, "-c", code], case.variables)
        for who, case in cases.items()
    }
    timed = compared(question, measures, rounds, "{:.1f} ms")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        count = partial(_count, code)
        counts = list(pool.map(count, cases.values()))
    return [
        Row(
            row.question,
            row.who,
            (*row.figures, Figure(f"{count:.1f} million", count / counts[0])),
        )
        for row, count in zip(timed, counts, strict=True)
    ]


def _count(code: str, case: Case) -> float:
    return instructions.instructions(case.python, code, case.variables)
