"""Do some steps with the AWS SDK for Python, and report what came of each.

The arguments are those of the clients' `resolve()`, as JSON, and the steps: `sts` and `bedrock`
make a request, `wait` lets two seconds pass, and any other one removes a variable.
"""

import asyncio
import json
import os
import sys
from typing import Any

from aws_sdk_bedrock_runtime.client import AsyncBedrockRuntimeClient
from aws_sdk_bedrock_runtime.config import AsyncBedrockRuntimeConfig
from aws_sdk_bedrock_runtime.models import InvokeModelInput
from aws_sdk_sts.client import AsyncSTSClient
from aws_sdk_sts.config import AsyncSTSConfig
from aws_sdk_sts.models import GetCallerIdentityInput
from smithy_core.exceptions import CallError, SmithyError


async def attempt(request: Any) -> Any:
    """Return the identity or the status that a server gave; else the error's text and its cause."""
    try:
        return (await request).arn
    except CallError as error:
        return error.response_metadata.http_status_code
    except SmithyError as error:
        return [str(error), type(error.__cause__).__name__]


async def main(arguments: dict[str, Any], steps: list[str]) -> None:
    """Do them, and print the report."""
    found = []
    sts_config = await AsyncSTSConfig.resolve(**arguments)
    bedrock_config = await AsyncBedrockRuntimeConfig.resolve(**arguments)
    async with (
        AsyncSTSClient(sts_config) as sts,
        AsyncBedrockRuntimeClient(bedrock_config) as bedrock,
    ):
        for step in steps:
            if step == "sts":
                found.append(await attempt(sts.get_caller_identity(GetCallerIdentityInput())))
            elif step == "bedrock":
                request = InvokeModelInput(model_id="model", body=b"{}")
                found.append(await attempt(bedrock.invoke_model(request)))
            elif step == "wait":
                await asyncio.sleep(2)
            else:
                del os.environ[step]
    print(json.dumps(found))


asyncio.run(main(json.loads(sys.argv[1]), sys.argv[2:]))
