"""Write with aioboto3's resource, read with its client.

The arguments are the bucket and the arguments of `aioboto3.Session` as JSON.
"""

import asyncio
import json
import sys

import aioboto3

bucket, arguments = sys.argv[1], json.loads(sys.argv[2])


async def main() -> None:
    """Write, read and print the report."""
    session = aioboto3.Session(**arguments)
    async with session.resource("s3") as s3:
        await (await s3.Object(bucket, "greeting")).put(Body=b"hello")
        names = [each.key async for each in (await s3.Bucket(bucket)).objects.all()]
    async with session.client("s3") as s3:
        answer = await s3.get_object(Bucket=bucket, Key="greeting")
        read = await answer["Body"].read()
    print(json.dumps({"names": names, "read": read.decode()}))


asyncio.run(main())
