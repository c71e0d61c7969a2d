"""Let 1,000 tasks want credentials at once, at first and at expiry, while another task ticks.

The plugin takes two seconds to retrieve. Each report has the longest time between two ticks.
"""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiobotocore.session import AioSession

TASKS, REQUESTS = 1000, 20
TICK, LIFETIME = 0.005, 3  # seconds


async def longest_gap(until: asyncio.Event) -> float:
    """Return the longest time between two ticks, less that of a tick."""
    longest, last = 0.0, time.perf_counter()
    while not until.is_set():
        await asyncio.sleep(TICK)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TICK), now
    return longest


async def together(call: Callable[[], Awaitable[Any]], tasks: int) -> dict[str, Any]:
    """Return what all tasks got, how long they took, and the longest gap meanwhile."""
    done = asyncio.Event()
    gap = asyncio.create_task(longest_gap(done))
    await asyncio.sleep(10 * TICK)
    start = time.perf_counter()
    results = await asyncio.gather(*[call() for _ in range(tasks)])
    seconds = time.perf_counter() - start
    done.set()
    return {"results": sorted(set(results)), "seconds": seconds, "gap": await gap}


async def main() -> None:
    """Run both rounds and print the report."""
    session = AioSession()
    # What has nothing to do with credentials and blocks: imports, and botocore's data.
    unused = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    async with session.create_client("sts", **unused):
        pass

    async def get_key() -> str:
        credentials: Any = await session.get_credentials()
        return str((await credentials.get_frozen_credentials()).access_key)

    os.environ["SLEEPER_LIFETIME"] = f"{LIFETIME}"
    report = {"first": await together(get_key, TASKS)}
    os.environ["SLEEPER_LIFETIME"] = "3600"
    async with session.create_client("sts") as sts:

        async def ask() -> str:
            return str((await sts.get_caller_identity())["Arn"])

        await asyncio.sleep(LIFETIME)
        keys, arns = await asyncio.gather(together(get_key, TASKS), together(ask, REQUESTS))
    report |= {"expiry": keys, "requests": arns}
    print(json.dumps(report))


asyncio.run(main())
