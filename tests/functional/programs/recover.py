"""Sign, lose the key on the server, and go on with another one, without a restart.

The arguments: "file" or "environment", where the plugin reads its keys; and the user's name.
"""

import json
import os
import pathlib
import sys

import boto3
from botocore.exceptions import ClientError

where, user = sys.argv[1:]
url = os.environ["AWS_ENDPOINT_URL"]
iam, sts = (boto3.client(name, endpoint_url=url) for name in ("iam", "sts"))
signer = boto3.DEFAULT_SESSION.get_credentials()


def attempt() -> str:
    """Return who this program is, or the code of what kept it from knowing."""
    try:
        return str(sts.get_caller_identity()["Arn"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def rotate(new: dict[str, str]) -> None:
    """Put the new keys where the plugin reads them."""
    if where == "environment":
        os.environ["BETA_KEY"] = new["AccessKeyId"]
        os.environ["BETA_SECRET"] = new["SecretAccessKey"]
        return
    document = {"Key": new["AccessKeyId"], "Secret": new["SecretAccessKey"]}
    file = pathlib.Path(os.environ["PLUGIN_CREDS_FILE"])
    file.with_suffix(".new").write_text(json.dumps(document))
    file.with_suffix(".new").replace(file)


attempts = [attempt()]
old = signer.access_key
made = iam.create_access_key(UserName=user)["AccessKey"]
iam.delete_access_key(UserName=user, AccessKeyId=old)
attempts.append(attempt())  # nobody has told the plugin yet
rotate(made)
attempts += [attempt(), attempt()]
changed = signer.access_key == made["AccessKeyId"] != old
print(json.dumps({"attempts": attempts, "changed": changed}))
