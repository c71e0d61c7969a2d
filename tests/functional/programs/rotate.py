"""Sign, let the file of the sample plugin be replaced, and sign again with the same client."""

import json
import os
import sys
from pathlib import Path

import boto3

sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
before = sts.get_caller_identity()["Arn"]
Path(sys.argv[1]).replace(os.environ["PLUGIN_CREDS_FILE"])
after = [sts.get_caller_identity()["Arn"] for _ in range(3)]
print(json.dumps({"before": before, "after": after}))
