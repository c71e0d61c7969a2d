"""Compares the code with the specification, and makes a situation small in which they disagree."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.model.aws import replace_aws
from tests.unit.model.generator import situations
from tests.unit.model.situations import Outcome, Situation
from tests.unit.model.specification import outcome
from tests.unit.model.world import World


def disagreements(client: str, numbers: Iterable[int], folder: Path) -> list[str]:
    """Return what a client does in another way than the specification, one text for a number."""
    with pytest.MonkeyPatch.context() as patch:
        replace_aws(patch)
        world = World(folder)
        found = ((number, _found(world, client, situations(number))) for number in numbers)
        return [f"number {number} with {client}: {text}" for number, text in found if text]


def _found(world: World, client: str, some: list[Situation]) -> str | None:
    text = difference(world, client, some)
    for one in some if text else ():
        if difference(world, client, [one]):
            small = _shrunk(one, lambda smaller: bool(difference(world, client, [smaller])))
            return difference(world, client, [small])
    return text  # None, or it takes an earlier situation


def difference(world: World, client: str, some: list[Situation]) -> str | None:
    """Return in what a client differs, for situations one after the other in one process.

    Each must come out as if it were the first, but what is imported or skipped adds up.
    """
    expected, found = Outcome(), Outcome()
    with world.installed(some[0]):
        for here in some:
            for total, new in ((expected, outcome(here)), (found, world.outcome(client, here))):
                total.who = new.who
                total.imported |= new.imported
                total.warned |= new.warned
            if expected != found:
                before = "".join(f"\n   after {earlier}" for earlier in some[: some.index(here)])
                return f"expected {expected}\n   found {found}\n   in {here}{before}"
    return None


def _shrunk(one: Situation, differs: Callable[[Situation], bool]) -> Situation:
    for name in (field.name for field in fields(one)):
        now, default = getattr(one, name), getattr(Situation(), name)
        for value in (default, *_smaller(now)):
            if value != now and differs(smaller := replace(one, **{name: value})):
                return _shrunk(smaller, differs)
    return one


def _smaller(value: Any) -> Iterator[Any]:
    """Yield what a mapping is without one of its keys, at any depth."""
    for key in value if isinstance(value, Mapping) else ():
        yield {other: value[other] for other in value if other != key}
        for smaller in _smaller(value[key]):
            yield {**value, key: smaller}
