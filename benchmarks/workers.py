"""The workers of a fleet, and how they live through an outage: see `fleet`."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone

from botocore.credentials import RefreshableCredentials

from plugincreds import Value
from plugincreds._lifecycle.policy import (
    Failure,
    RefreshStep,
    State,
    Uniform,
    decide,
    failed,
    succeeded,
)

MINUTE = 60
LIFETIME = 60 * MINUTE
END = 120 * MINUTE
OUTAGE = 20 * MINUTE
# Starts lie on a grid that floats and microseconds hold exactly, so that "is it due?" never
# hangs on rounding.
GRID = 64
SEED = 2026
FAILURE = Failure("The source does not answer.")


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
            raised_from = max(now, expires_at - RefreshableCredentials._mandatory_refresh_timeout)
            if raised_from > now:
                raised_from = world.signature_after(start, raised_from)
            is_failing = ledger.fail(raised_from, until) > 0
            now = until
        ledger.ask(now)
        if met:
            ledger.renew(now, was_failing=is_failing)
        expires_at = now + LIFETIME
        now = world.signature_after(
            start, expires_at - RefreshableCredentials._advisory_refresh_timeout
        )


def live_with_plugincreds(start: float, world: World, ledger: Ledger, *, uniform: Uniform) -> None:
    """Live by the functions of `plugincreds._lifecycle.policy`, as the engine calls them."""
    now, state, is_failing = start, State(), False
    while now < END:
        following = now + world.interval
        step = decide(state, now, reported_expired=False)
        if step is RefreshStep.SERVE:
            following = world.signature(start, state.fresh_until)
        elif step is RefreshStep.RAISE:
            following = world.signature(start, state.retry_at)
            is_failing = ledger.fail(now, following) > 0
        elif not world.is_out(now):
            ledger.ask(now)
            if state.failure or is_failing:
                ledger.renew(now, was_failing=is_failing)
            state, is_failing = succeeded(new_value(now), now, None, uniform), False
        else:
            state = failed(state, FAILURE, now, uniform, reported_expired=False)
            if state.value is None and not state.is_hard:
                # Nothing is remembered of it, so it is the same at each signature.
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
