"""Sign, lose the key on the server, and go on with another one, without a restart.

The argument is the user's name. The plugin reads its keys in the environment.
"""

import asyncio
import json
import os
import sys
from typing import Any

import aioboto3
from botocore.exceptions import ClientError

user = sys.argv[1]


async def attempt(sts: Any) -> str:
    """Return who this program is, or the code of what kept it from knowing."""
    try:
        return str((await sts.get_caller_identity())["Arn"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


async def main() -> None:
    """Attempt it before and after, and print the report."""
    session = aioboto3.Session()
    async with session.client("iam") as iam, session.client("sts") as sts:
        attempts = [await attempt(sts)]
        old = os.environ["BETA_KEY"]
        new = (await iam.create_access_key(UserName=user))["AccessKey"]
        await iam.delete_access_key(UserName=user, AccessKeyId=old)
        attempts.append(await attempt(sts))  # nobody has told the plugin yet
        os.environ["BETA_KEY"] = new["AccessKeyId"]
        os.environ["BETA_SECRET"] = new["SecretAccessKey"]
        attempts += [await attempt(sts), await attempt(sts)]
    print(json.dumps({"attempts": attempts, "keys": [old, new["AccessKeyId"]]}))


asyncio.run(main())
