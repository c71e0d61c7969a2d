"""Send 1,000 requests at once when the credentials have just expired.

The report has how often the plugin retrieved for them.
"""

import asyncio
import json
import os
from pathlib import Path

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

REQUESTS = 1000
trace = Path(os.environ["PLUGIN_TRACE"])


def retrievals() -> int:
    """Return how often the plugin has retrieved."""
    return trace.read_text().count("retrieved")


async def main() -> None:
    """Send one request, wait for the expiry, send the others, and report who they were."""
    os.environ["SLEEPER_LIFETIME"] = "1"
    # Beyond a few connections at once, the server's backlog is what would be tested.
    config = AioConfig(max_pool_connections=20, read_timeout=100)
    async with AioSession().create_client("sts", config=config) as sts:
        await sts.get_caller_identity()
        os.environ["SLEEPER_LIFETIME"] = "3600"
        await asyncio.sleep(1.1)
        before = retrievals()
        answers = await asyncio.gather(*[sts.get_caller_identity() for _ in range(REQUESTS)])
    arns = sorted({each["Arn"] for each in answers})
    print(json.dumps({"arns": arns, "count": len(answers), "retrievals": retrievals() - before}))


asyncio.run(main())
