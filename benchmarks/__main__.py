"""All figures but the fleet's and the redaction's: `python -m benchmarks [--write]`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import (
    credentials,
    endpoint,
    entry_points,
    first_client,
    instructions,
    processes,
    scale,
    starts,
    summary,
)
from benchmarks.environments import Environments
from benchmarks.rows import (
    FIGURES,
    PAGE,
    ROOT,
    Row,
    Table,
    Unit,
    circumstances,
    markdown,
    median,
    once,
    put,
)

PACKAGES = ("plugincreds", "boto3", "botocore", "aiobotocore", "importlib-metadata")
_REQUESTS = 50  # in each round


class Sizes(NamedTuple):
    """How much is measured: the less, the more chance there is in it."""

    rounds: int = 25
    counts: Sequence[int] = (50, 300, 1000)
    distributions: int = 300
    pythons: Sequence[str] = starts.NEWEST
    requests: int = _REQUESTS
    processes: int = scale.PROCESSES
    threads: int = scale.THREADS


class Step(NamedTuple):
    """What makes a table."""

    title: str
    units: tuple[Unit, ...]
    measure: Callable[[], list[Row]]


def steps(directory: Path, sizes: Sizes) -> list[Step]:
    """Return what is to be measured."""
    rounds, distributions = sizes.rounds, sizes.distributions
    few = Environments(directory / "few")
    many = Environments(directory / "many", distributions)
    of_start = 2 * rounds  # short processes vary more
    of_discovery = max(2 * rounds // 5, 1)  # its differences are large
    return [
        Step(
            "Start and import",
            processes.units(of_start),
            lambda: starts.rows(few, sizes.pythons, of_start),
        ),
        Step(
            "First client",
            processes.units(rounds),
            lambda: first_client.rows(few, directory, 0, rounds),
        ),
        Step(
            f"First client, {distributions} other packages",
            processes.units(rounds),
            lambda: first_client.rows(many, directory, distributions, rounds),
        ),
        Step(
            "Discovery, first call after `import boto3`",
            (median(of_discovery),),
            lambda: entry_points.rows(directory, few.variables(), [*sizes.counts], of_discovery),
        ),
        Step(
            "Valid credentials",
            (median(rounds, "figure"),),
            lambda: credentials.rows(rounds, number=1000 * rounds),
        ),
        Step("Retrievals", (once("retrievals"),), credentials.retrievals),
        Step(
            "The endpoint",
            (median(rounds, "figure"),),
            lambda: endpoint.rows(few, directory, rounds, sizes.requests),
        ),
        Step(
            scale.TITLE,
            scale.UNITS,
            lambda: scale.rows(few, directory, sizes.processes, sizes.threads),
        ),
    ]


def tables(directory: Path, sizes: Sizes) -> list[Table]:
    """Measure everything, and say on stderr what is measured now."""
    started, found = time.perf_counter(), []
    for title, units, measure in steps(directory, sizes):
        print(f"{time.perf_counter() - started:4.0f} s: {title} ...", file=sys.stderr)
        found.append(Table(title, units, measure()))
    return found


def main() -> None:
    """Print the tables, and write them if asked to."""
    parser = argparse.ArgumentParser(description="Compare plugincreds with its peers.")
    usual = Sizes()
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--counts", type=int, nargs="+", default=usual.counts)
    parser.add_argument("--distributions", type=int, default=usual.distributions)
    parser.add_argument(
        "--pythons",
        nargs="+",
        metavar="PATH",
        default=usual.pythons,
        help="other Pythons whose start is measured (default: %(default)s)",
    )
    parser.add_argument("--processes", type=int, default=usual.processes)
    parser.add_argument("--threads", type=int, default=usual.threads)
    parser.add_argument(
        "--write", action="store_true", help="into the documentation and the README"
    )
    arguments = vars(parser.parse_args())
    is_written = arguments.pop("write")
    if not instructions.can_count():
        parser.error("valgrind was not found. Install it: it counts instructions.")
    sizes = Sizes(**arguments)
    with tempfile.TemporaryDirectory() as directory:
        found = tables(Path(directory), sizes)
    text = "\n\n".join([*map(markdown, found), circumstances(PACKAGES)])
    readme = summary.summary(found, sizes.distributions)
    print(f"{text}\n\n{readme}")
    if is_written:
        put(ROOT / PAGE, FIGURES, text)
        put(ROOT / summary.PAGE, summary.MARKS, readme)


if __name__ == "__main__":
    main()
