"""Simulate 100,000 workers whose source of credentials fails for 20 minutes.

`plugincreds` is its own decision function with its own jitter, under a virtual clock. Beside it
are botocore's rules, and ours with each pause at its mean instead of drawn by chance.

The workers know nothing of each other, so each lives its two hours alone, from one moment at
which something is to be decided to the next, and only the second of each request is kept. The
figures come out the same on every machine.

Run it as `python -m benchmarks.fleet`.
"""

import argparse
import functools
import math
import os
import platform
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from unittest import mock

from botocore.credentials import (
    _DEFAULT_ADVISORY_REFRESH_TIMEOUT,
    _DEFAULT_MANDATORY_REFRESH_TIMEOUT,
)

from benchmarks.svg import Chart
from plugincreds import Value, _lifecycle
from plugincreds._lifecycle import Failure, State, Step, Uniform, decide, failed, succeeded

MINUTE = 60
LIFETIME = 60 * MINUTE
END = 120 * MINUTE
OUTAGE = 20 * MINUTE
# Starts lie on a grid that floats and microseconds hold exactly, so that "is it due?" never
# hangs on rounding.
GRID = 64
SEED = 2026
FAILURE = Failure("The source does not answer.")
DOCS = Path(__file__).parent.parent / "docs"
BEGIN, FINISH = "<!-- fleet: begin -->", "<!-- fleet: end -->"


@dataclass(frozen=True)
class World:
    """What all workers live in.

    Attributes:
        outage_at: When the source begins to fail, in seconds; None if it never does.
        interval: How many seconds lie between a worker's signatures.
        started_within: In how many seconds all workers start.
        workers: How many there are.
    """

    outage_at: int | None
    interval: int = 1
    started_within: int = 60
    workers: int = 100_000

    @property
    def recovers_at(self) -> int:
        """When the source answers again."""
        return 0 if self.outage_at is None else self.outage_at + OUTAGE

    def is_out(self, now: float) -> bool:
        """Tell whether the source fails."""
        return self.outage_at is not None and self.outage_at <= now < self.recovers_at

    def starts(self) -> Iterator[float]:
        """Yield when each worker starts and signs for the first time."""
        draw = random.Random(SEED).randrange
        return (draw(self.started_within * GRID) / GRID for _ in range(self.workers))

    def signature(self, start: float, moment: float) -> float:
        """Return when a worker signs, at `moment` or next after it."""
        return start + math.ceil((moment - start) / self.interval) * self.interval

    def signature_after(self, start: float, moment: float) -> float:
        """Return when a worker signs next after `moment`."""
        return start + (math.floor((moment - start) / self.interval) + 1) * self.interval


@dataclass
class Ledger:
    """What a fleet did under one set of rules.

    Attributes:
        changes: How many requests each second has more than the second one interval before.
        signatures: How often all workers signed.
        failures: How many of those signatures failed.
        failed_workers: How many workers had one that failed.
        signing_after: How long after the recovery the last worker signed again.
        renewed_after: How long after it the last worker that had met the outage had a new value.
    """

    world: World
    changes: list[int] = field(default_factory=lambda: [0] * END)
    signatures: int = 0
    failures: int = 0
    failed_workers: int = 0
    signing_after: float = 0.0
    renewed_after: float = 0.0

    def live(self, start: float) -> None:
        """Count one worker's signatures."""
        self.signatures += math.ceil((END - start) / self.world.interval)

    def ask(self, now: float) -> None:
        """Count one request."""
        self.ask_each(now, now + self.world.interval)

    def ask_each(self, first: float, until: float) -> None:
        """Count one request for each signature from `first` until before `until`."""
        self.changes[int(first)] += 1
        if until < END:
            self.changes[int(until)] -= 1

    def fail(self, first: float, until: float) -> int:
        """Count as failed the signatures from `first` until before `until`; return how many."""
        count = max(0, math.ceil((min(until, END) - first) / self.world.interval))
        self.failures += count
        return count

    def renew(self, now: float, *, was_failing: bool) -> None:
        """Note that a worker that had met the outage has a new value."""
        after = now - self.world.recovers_at
        self.renewed_after = max(self.renewed_after, after)
        if was_failing:
            self.failed_workers += 1
            self.signing_after = max(self.signing_after, after)

    def requests(self) -> list[int]:
        """Return the requests of each second."""
        running = list(self.changes)
        for second in range(self.world.interval, END):
            running[second] += running[second - self.world.interval]
        return running


Life = Callable[[float, World, Ledger], None]


def live_with_botocore(start: float, world: World, ledger: Ledger) -> None:
    """Live by the rules of botocore's `RefreshableCredentials`.

    Each signature in the advisory window asks the source, without a pause after a failure. In
    the mandatory window a failure is raised, though the value is still valid.
    """
    now, expires_at = start, -math.inf
    while now < END:
        met, is_failing = world.is_out(now), False
        if met:
            until = world.signature(start, world.recovers_at)
            ledger.ask_each(now, until)
            raised_from = max(now, expires_at - _DEFAULT_MANDATORY_REFRESH_TIMEOUT)
            if raised_from > now:
                raised_from = world.signature_after(start, raised_from)
            is_failing = ledger.fail(raised_from, until) > 0
            now = until
        ledger.ask(now)
        if met:
            ledger.renew(now, was_failing=is_failing)
        expires_at = now + LIFETIME
        now = world.signature_after(start, expires_at - _DEFAULT_ADVISORY_REFRESH_TIMEOUT)


def live_with_plugincreds(start: float, world: World, ledger: Ledger, *, uniform: Uniform) -> None:
    """Live by the functions of `plugincreds._lifecycle`, as `CredentialsCache` calls them."""
    now, state, is_failing = start, State(), False
    while now < END:
        following = now + world.interval
        step = decide(state, now, given_up=False)
        if step is Step.SERVE:
            following = world.signature(start, state.calm_until)
        elif step is Step.RAISE:
            following = world.signature(start, state.retry_at)
            is_failing = ledger.fail(now, following) > 0
        elif not world.is_out(now):
            ledger.ask(now)
            if state.failure or is_failing:
                ledger.renew(now, was_failing=is_failing)
            state, is_failing = succeeded(new_value(now), now, None, uniform), False
        else:
            state = failed(state, FAILURE, now, uniform, given_up=False)
            if state == State():  # nothing is remembered of it: the same at each signature
                following = world.signature(start, world.recovers_at)
            ledger.ask_each(now, following)
            if state.is_hard or state.value is None:
                is_failing = ledger.fail(now, following) > 0
        now = following


def new_value(now: float) -> Value:
    """Return what the source gives."""
    expiry = datetime.fromtimestamp(now + LIFETIME, timezone.utc)
    return Value("AKIA", "secret", expiry_time=expiry)


def mean(low: float, high: float) -> float:
    """Return what is drawn where nothing is left to chance."""
    return (low + high) / 2


BOTOCORE, EVEN, OURS = "botocore", "plugincreds without jitter", "plugincreds"
RULES: dict[str, Callable[[], Life]] = {
    BOTOCORE: lambda: live_with_botocore,
    EVEN: lambda: functools.partial(live_with_plugincreds, uniform=mean),
    OURS: lambda: functools.partial(live_with_plugincreds, uniform=random.Random(SEED).uniform),
}
SCENARIOS = {
    "none": World(None),
    "0 to 20 min": World(0),
    "30 to 50 min": World(30 * MINUTE),
    "40 to 60 min": World(40 * MINUTE),
    "45 to 65 min": World(45 * MINUTE),
    "50 to 70 min": World(50 * MINUTE),
    "45 to 65 min, started within a second": World(45 * MINUTE, started_within=1),
    "45 to 65 min, a signature a minute": World(45 * MINUTE, interval=60),
}
PICTURES = "0 to 20 min", "40 to 60 min", "45 to 65 min"
# Other constants of `_lifecycle`, each with when the outage begins: for windows that is when the
# first value is due, the worst moment.
OTHERS: dict[str, tuple[int, dict[str, object]]] = {
    "pause of 1 to 15 s once expired": (45, {"_HARD_BACKOFF": (1.0, 15.0)}),
    "pause of 5 to 30 s once expired": (45, {"_HARD_BACKOFF": (5.0, 30.0)}),
    "shortest pause of 10 s before": (40, {"_SHORTEST_BACKOFF": 10.0}),
    "window of 20 min": (40, {"_MEDIUM_WINDOW": 20.0 * MINUTE}),
    "window of 25 min": (35, {"_MEDIUM_WINDOW": 25.0 * MINUTE}),
    "window of 30 min": (30, {"_MEDIUM_WINDOW": 30.0 * MINUTE}),
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
        """Return when it was, in words."""
        world = self.ledger.world
        return f"{(world.outage_at or 0) // MINUTE} to {world.recovers_at // MINUTE} min"

    def cells(self) -> list[str]:
        """Return the figures: first those of the source, then those of the workers."""
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


HEADINGS = [
    "mean",
    "peak in the outage",
    "mean in it",
    "peak in the minute after it",
    "peak later",
    "signatures that failed",
    "workers they hit",
    "last worker signs / has renewed",
]


def simulate(label: str, rules: str, world: World) -> Row:
    """Let a fleet live for two hours."""
    life, ledger = RULES[rules](), Ledger(world)
    for start in world.starts():
        ledger.live(start)
        life(start, world, ledger)
    return Row(label, rules, ledger, ledger.requests())


def simulate_other(label: str, workers: int) -> Row:
    """Let a fleet live by our rules with other constants."""
    minute, constants = OTHERS[label]
    world = World(minute * MINUTE, workers=workers)
    with mock.patch.dict(vars(_lifecycle), constants):
        return simulate(label, OURS, world)


def all_rows(workers: int, processes: int | None) -> tuple[list[Row], list[Row]]:
    """Return the rows of all rules in all outages, and those of other constants."""
    with ProcessPoolExecutor(processes) as pool:
        main = [
            pool.submit(simulate, label, rules, replace(world, workers=workers))
            for label, world in SCENARIOS.items()
            for rules in RULES
        ]
        others = [pool.submit(simulate_other, label, workers) for label in OTHERS]
        return [job.result() for job in main], [job.result() for job in others]


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
            "Requests per second at the source, and what the workers saw of the outage:",
            table(["outage", "rules", *HEADINGS], first),
            "Our rules with other constants:",
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
            f"Requests per second at the source, outage from {label}",
            f"Two hours of {mine[0].ledger.world.workers:,} workers, logarithmic scale. {peaks}.",
            {row.rules: row.requests for row in mine},
            (outage_at, outage_at + OUTAGE),
            "outage",
        ).svg()
    return drawn


def write(text: str, drawn: dict[str, str], docs: Path) -> None:
    """Put the tables between the two marks of the documentation, and the pictures beside it."""
    page = docs / "fleet.md"
    before, rest = page.read_text("utf-8").split(BEGIN)
    _, after = rest.split(FINISH)
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{FINISH}{after}", "utf-8")
    (docs / "images").mkdir(exist_ok=True)
    for name, picture in drawn.items():
        (docs / "images" / name).write_text(picture, "utf-8")


def main() -> None:
    """Print both tables, and write them if asked to."""
    parser = argparse.ArgumentParser(description="Simulate a fleet whose source fails.")
    parser.add_argument("--workers", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true", help="into docs/fleet.md and docs/images")
    arguments = parser.parse_args()
    started = time.perf_counter()
    rows, others = all_rows(arguments.workers, arguments.processes)
    seconds = time.perf_counter() - started
    text = f"{report(rows, others)}\n\n{circumstances(arguments.workers, seconds)}"
    print(text)
    if arguments.write:
        write(text, pictures(rows), DOCS)


if __name__ == "__main__":
    main()
