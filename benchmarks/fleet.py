"""Simulate 100,000 workers whose identity provider fails for 20 minutes.

`plugincreds` is its own decision function with its own jitter, under a virtual clock. Beside it
are botocore's rules, and ours with each pause at its mean instead of drawn by chance.

The workers know nothing of each other, so each lives its two hours alone, from one moment at
which something is to be decided to the next, and only the second of each request is kept. The
figures come out the same on every machine.

Run it as `python -m benchmarks.fleet`.
"""

import argparse
import functools
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.svg import Chart
from benchmarks.workers import (
    END,
    MINUTE,
    OUTAGE,
    SEED,
    Ledger,
    Life,
    World,
    live_with_botocore,
    live_with_plugincreds,
    mean,
)
from plugincreds._lifecycle import policy
from plugincreds._lifecycle.policy import Uniform, soft_backoff

DOCS = Path(__file__).parent.parent / "docs"
BEGIN, FINISH = "<!-- fleet: begin -->", "<!-- fleet: end -->"

BOTOCORE, EVEN, OURS = "botocore", "plugincreds without jitter", "plugincreds"
RULES: dict[str, Callable[[], Life]] = {
    BOTOCORE: lambda: live_with_botocore,
    EVEN: lambda: functools.partial(live_with_plugincreds, uniform=mean),
    OURS: lambda: functools.partial(live_with_plugincreds, uniform=random.Random(SEED).uniform),
}
IN_STEP = World(40 * MINUTE, started_within=1)
SCENARIOS = {
    "none": World(None),
    "0 to 20 min": World(0),
    "30 to 50 min": World(30 * MINUTE),
    "40 to 60 min": World(40 * MINUTE),
    "45 to 65 min": World(45 * MINUTE),
    "50 to 70 min": World(50 * MINUTE),
    "40 to 60 min, started within a second": IN_STEP,
    "45 to 65 min, one signature a minute": World(45 * MINUTE, interval=60),
}
PICTURES = "0 to 20 min", "40 to 60 min", "45 to 65 min"


def within_the_life(left: float, uniform: Uniform) -> float:
    """Return our backoff, cut off where the credentials expire, at least a second."""
    return max(min(soft_backoff(left, uniform), left), 1.0)


# What else `policy` might have, and the world for it: for a window it is an outage that begins
# when the first refresh is due, which is hardest on the fleet as a whole.
OTHERS: dict[str, tuple[World, dict[str, Any]]] = {
    "pause of 1 to 15 s once expired": (World(45 * MINUTE), {"HARD_BACKOFF": (1.0, 15.0)}),
    "pause of 5 to 30 s once expired": (World(45 * MINUTE), {"HARD_BACKOFF": (5.0, 30.0)}),
    "half of the time left, not spread": (
        IN_STEP,
        {"_SOFT_SHARE": (0.5, 0.5), "_SHORTEST_BACKOFF": (1.0, 1.0)},
    ),
    "half of the time left, at least 1 to 5 s": (IN_STEP, {"_SOFT_SHARE": (0.5, 0.5)}),
    "a quarter to half of the time left": (IN_STEP, {"_SOFT_SHARE": (0.25, 0.5)}),
    "no pause beyond the expiry": (IN_STEP, {"soft_backoff": within_the_life}),
    "shortest pause of 5 to 15 s": (IN_STEP, {"_SHORTEST_BACKOFF": (5.0, 15.0)}),
    "window of 20 min": (World(40 * MINUTE), {"_MEDIUM_WINDOW": 20.0 * MINUTE}),
    "window of 25 min": (World(35 * MINUTE), {"_MEDIUM_WINDOW": 25.0 * MINUTE}),
    "window of 30 min": (World(30 * MINUTE), {"_MEDIUM_WINDOW": 30.0 * MINUTE}),
}


@dataclass(frozen=True)
class Row:
    """What is reported of one fleet."""

    label: str
    rules: str
    ledger: Ledger
    requests: list[int]

    @property
    def outage(self) -> str:
        """Return when it was, in words, and of which fleet."""
        world = self.ledger.world
        step = ", started within a second" if world.started_within == 1 else ""
        return f"{(world.outage_at or 0) // MINUTE} to {world.recovers_at // MINUTE} min{step}"

    def cells(self) -> list[str]:
        """Return the figures: first those of the identity provider, then those of the workers."""
        world, ledger = self.ledger.world, self.ledger
        out, back = world.outage_at or 0, world.recovers_at
        during = self.requests[out:back]
        steady = self.requests[max(back, MINUTE) + MINUTE :]
        healed = "-"
        if world.outage_at is not None:
            healed = f"{ledger.signing_after:,.1f} s / {ledger.renewed_after:,.0f} s"
        return [
            f"{sum(self.requests) / END:,.0f}",
            f"{max(during):,}" if during else "-",
            f"{sum(during) / OUTAGE:,.0f}" if during else "-",
            f"{max(self.requests[back : back + MINUTE]):,}" if during else "-",
            f"{max(steady):,}",
            f"{ledger.failures:,} ({ledger.failures / ledger.signatures:.2%})",
            f"{ledger.failed_workers:,}",
            healed,
        ]


Job = Callable[[], Row]
HEADINGS = [
    "mean",
    "peak during outage",
    "mean during outage",
    "peak in the next minute",
    "peak later",
    "failed signatures",
    "workers with failures",
    "last worker signs / refreshes",
]


def simulate(label: str, rules: str, world: World) -> Row:
    """Let a fleet live for two hours."""
    life, ledger = RULES[rules](), Ledger(world)
    for start in world.starts():
        ledger.live(start)
        life(start, world, ledger)
    return Row(label, rules, ledger, ledger.requests())


def simulate_other(label: str, workers: int) -> Row:
    """Let a fleet live by our rules with something changed."""
    world, changes = OTHERS[label]
    with mock.patch.multiple(policy, **changes):  # raises an error for a name that is not there
        return simulate(label, OURS, replace(world, workers=workers))


def fleets(workers: int) -> tuple[list[Job], list[Job]]:
    """Return what makes the rows of all rules in all outages, and those of changed ones."""
    return [
        functools.partial(simulate, label, rules, replace(world, workers=workers))
        for label, world in SCENARIOS.items()
        for rules in RULES
    ], [functools.partial(simulate_other, label, workers) for label in OTHERS]


def run(job: Job) -> Row:
    """Do it, in a process of the pool, and say on stderr that it is done."""
    row = job()
    print(f"A fleet is done: {row.rules}, outage {row.label}", file=sys.stderr)
    return row


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Return a table as Markdown has it."""
    lines = [headings, ["---", "---", *["--:"] * (len(headings) - 2)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(rows: list[Row], others: list[Row]) -> str:
    """Return both tables."""
    first = [[row.label, row.rules, *row.cells()] for row in rows]
    second = [[row.label, row.outage, *row.cells()] for row in others]
    return "\n\n".join(
        [
            "Requests per second at the identity provider, and failures of the workers:",
            table(["outage", "rules", *HEADINGS], first),
            "The rules of plugincreds with one change:",
            table(["plugincreds", "outage", *HEADINGS], second),
        ]
    )


def circumstances(workers: int, seconds: float) -> str:
    """Return with what the figures were made."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("plugincreds", "botocore"))
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {workers:,} workers, {versions}, "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} processors, {seconds:.0f} s."
    )


def pictures(rows: list[Row]) -> dict[str, str]:
    """Return the SVG files by name."""
    drawn = {}
    for label in PICTURES:
        mine = [row for row in rows if row.label == label]
        outage_at = mine[0].ledger.world.outage_at or 0
        peaks = "; ".join(f"{row.rules}: at most {max(row.requests):,}" for row in mine)
        drawn[f"fleet-{outage_at // MINUTE}.svg"] = Chart(
            "Requests per second at the identity provider",
            f"Two hours of {mine[0].ledger.world.workers:,} workers with an outage from {label}, "
            f"logarithmic scale. {peaks}.",
            {row.rules: row.requests for row in mine},
            (outage_at, outage_at + OUTAGE),
            "outage",
        ).svg()
    return drawn


def write(text: str, drawn: dict[str, str], docs: Path) -> None:
    """Put the tables between the two marks of the documentation, and the pictures beside it."""
    page = docs / "explanation" / "fleet.md"
    before, rest = page.read_text("utf-8").split(BEGIN)
    _, after = rest.split(FINISH)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{FINISH}{after}", "utf-8")
    (docs / "images").mkdir(exist_ok=True)
    for name, picture in drawn.items():
        (docs / "images" / name).write_text(picture, "utf-8")


def main() -> None:
    """Print both tables, and write them if asked to."""
    parser = argparse.ArgumentParser(description="Simulate a fleet whose identity provider fails.")
    parser.add_argument("--workers", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true", help="into the documentation")
    arguments = parser.parse_args()
    started = time.perf_counter()
    with ProcessPoolExecutor(arguments.processes) as pool:
        rows, others = (list(pool.map(run, jobs)) for jobs in fleets(arguments.workers))
    seconds = time.perf_counter() - started
    text = f"{report(rows, others)}\n\n{circumstances(arguments.workers, seconds)}"
    print(text)
    if arguments.write:
        write(text, pictures(rows), DOCS)


if __name__ == "__main__":
    main()
