"""The fleet benchmark still runs, and does what real credentials do. No time is asserted."""

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import botocore.credentials
import pytest

from benchmarks import fleet
from benchmarks.fleet import BOTOCORE, EVEN, OURS
from benchmarks.svg import Chart
from benchmarks.workers import END, MINUTE, SEED, Ledger, World, mean, new_value
from plugincreds import CredentialsCache, Value

EPOCH = datetime.fromtimestamp(0, timezone.utc)
FEW = 200


class Worker:
    """A worker with real credentials, which signs at each of its moments for two hours."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = 0.0
        self.asked: list[int] = []
        self.failed: list[float] = []

    def live(self, start: float, sign: Callable[[], object]) -> None:
        count = math.ceil((END - start) / self.world.interval)
        for number in range(count):
            self.now = start + number * self.world.interval
            try:
                sign()
            except Exception:  # noqa: BLE001 - of the source, or of plugincreds
                self.failed.append(self.now)

    def retrieve(self) -> Value:
        self.asked.append(int(self.now))
        if self.world.is_out(self.now):
            raise ConnectionError("out")
        return new_value(self.now)

    def metadata(self) -> dict[str, str]:
        expiry = self.retrieve().expiry_time
        assert expiry is not None
        key = {"access_key": "AKIA", "secret_key": "secret", "token": "token"}
        return {**key, "expiry_time": expiry.isoformat()}


def real_plugincreds(worker: Worker, uniform: Callable[[float, float], float]) -> Any:
    cache = CredentialsCache(worker.retrieve, clock=lambda: worker.now, uniform=uniform)
    return cache.get


def real_botocore(worker: Worker) -> Any:
    long_expired = EPOCH - timedelta(days=1)
    credentials = botocore.credentials.RefreshableCredentials(
        "AKIA",
        "secret",
        "token",
        long_expired,
        refresh_using=worker.metadata,
        method="test",
        time_fetcher=lambda: EPOCH + timedelta(seconds=worker.now),
    )
    return credentials.get_frozen_credentials


@pytest.mark.parametrize("interval", [1, 60])
@pytest.mark.parametrize("outage_at", [None, 0, 30 * MINUTE, 40 * MINUTE, 46 * MINUTE])
@pytest.mark.parametrize("rules", [BOTOCORE, EVEN, OURS])
def test_a_simulated_worker_does_what_real_credentials_do(
    rules: str, outage_at: int | None, interval: int
) -> None:
    """The leaps from decision to decision miss no request and no failed signature."""
    world, start = World(outage_at, interval, workers=1), 17.25
    ledger, worker = Ledger(world), Worker(world)
    fleet.RULES[rules]()(start, world, ledger)
    if rules == BOTOCORE:
        worker.live(start, real_botocore(worker))
    else:
        uniform = mean if rules == EVEN else random.Random(SEED).uniform
        worker.live(start, real_plugincreds(worker, uniform))
    asked = Counter(worker.asked)
    assert ledger.requests() == [asked[second] for second in range(END)]
    assert ledger.failures == len(worker.failed)
    assert ledger.failed_workers == bool(worker.failed)


def test_a_fleet_in_step_falls_out_of_step() -> None:
    """Chance in our backoff keeps most of such a fleet away from the source in each second."""
    world = replace(fleet.IN_STEP, workers=FEW)
    during = slice(world.outage_at, world.recovers_at)
    now = fleet.simulate("now", OURS, world)
    before = fleet.simulate_other("half of the time left, not spread", FEW)
    assert max(now.requests[during]) < 0.45 * FEW
    assert max(before.requests[during]) == FEW


def test_a_changed_rule_changes_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that got another name must not be simulated unchanged under the label of a change."""
    monkeypatch.setitem(fleet.OTHERS, "old name", (fleet.IN_STEP, {"_BACKOFF": (1.0, 2.0)}))
    with pytest.raises(AttributeError, match="_BACKOFF"):
        fleet.simulate_other("old name", FEW)


def test_longer_pauses_spread_the_requests_of_expired_workers() -> None:
    """Guards that the table's pauses reach the simulation: fewer ask in each second."""
    world, _ = fleet.OTHERS["pause of 5 to 30 s once expired"]
    now = fleet.simulate("now", OURS, replace(world, workers=FEW))
    longer = fleet.simulate_other("pause of 5 to 30 s once expired", FEW)
    assert max(longer.requests) < 0.7 * max(now.requests)


def test_a_small_fleet_is_reported(tmp_path: Path) -> None:
    """Tables and pictures of a fleet replace what stood between the marks of the page."""
    page = tmp_path / "explanation" / "fleet.md"
    page.parent.mkdir()
    page.write_text(f"before\n{fleet.BEGIN}\nold\n{fleet.FINISH}\nafter\n")
    rows, others = ([fleet.run(job) for job in jobs] for jobs in fleet.fleets(FEW))
    assert len(rows) == len(fleet.SCENARIOS) * len(fleet.RULES)
    assert all(sum(row.requests) >= FEW for row in rows + others)
    text = f"{fleet.report(rows, others)}\n\n{fleet.circumstances(FEW, 1.0)}"
    fleet.write(text, fleet.pictures(rows), tmp_path)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert written.count("\n| none |") == len(fleet.RULES)
    assert len(list((tmp_path / "images").iterdir())) == len(fleet.PICTURES)


def test_the_page_in_the_documentation_has_its_marks() -> None:
    """`--write` finds its place, and the pictures that the page shows are there."""
    page = (fleet.DOCS / "explanation" / "fleet.md").read_text("utf-8")
    assert page.count(fleet.BEGIN) == page.count(fleet.FINISH) == 1
    for label in fleet.PICTURES:
        assert (name := f"images/fleet-{label.split()[0]}.svg") in page
        assert (fleet.DOCS / name).stat().st_size < 40_000


def test_a_chart_is_a_picture_with_words() -> None:
    """It is well-formed, has a title and a description, and escapes what it is given."""
    curves = {"a < b": [0, 5, 1000, 3], "c & d": [1, 1, 1, 1]}
    text = Chart("Title <1>", "About & about", curves, (1, 2), "band").svg()
    root = ET.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{name}title") == "Title <1>"
    assert root.findtext(f"{name}desc") == "About & about"
    assert {"a < b", "c & d", "band", "1,000"} <= {it.text for it in root.iter(f"{name}text")}
