"""Report who this program is with aiobotocore, and where the credentials are from."""

import asyncio
import json

from aiobotocore.session import AioSession


async def main() -> None:
    """Ask STS and print the report."""
    session = AioSession()
    async with session.create_client("sts") as sts:
        arn = (await sts.get_caller_identity())["Arn"]
    credentials = await session.get_credentials()
    print(json.dumps({"arn": arn, "method": credentials.method}))


asyncio.run(main())
