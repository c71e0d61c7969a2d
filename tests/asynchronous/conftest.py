"""The plugins of the unit tests, and functions that run in each kind of event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from tests.unit.conftest import clean_process, install

__all__ = ["Together", "clean_process", "install", "together"]

Together = Callable[..., list[Any]]


def in_asyncio(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Run all at once, and return what each returned or raised."""

    async def main() -> list[Any]:
        tasks = [asyncio.ensure_future(call()) for call in calls]
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    return asyncio.run(main())


def in_trio(*calls: Callable[[], Awaitable[Any]]) -> list[Any]:
    """Run all at once, and return what each returned or raised."""
    results: list[Any] = [None] * len(calls)

    async def run(number: int) -> None:
        try:
            results[number] = await calls[number]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[number] = error

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(len(calls)):
                nursery.start_soon(run, number)

    trio.run(main)
    return results


@pytest.fixture(params=[in_asyncio, in_trio], ids=["asyncio", "trio"])
def together(request: pytest.FixtureRequest) -> Together:
    """Return a function that runs coroutine functions at once, in each kind of event loop."""
    run: Together = request.param
    return run
