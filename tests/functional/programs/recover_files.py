"""Use s3fs, lose the key on the server, and go on with another one, without a restart.

The arguments are "read" or "write", the bucket and the user's name. The plugin reads its keys in
the environment.
"""

import json
import os
import sys

import botocore.session
import fsspec

what, bucket, user = sys.argv[1:]
iam = botocore.session.get_session().create_client("iam")
files = fsspec.filesystem("s3")
files.pipe_file(f"{bucket}/greeting", b"hello")


def attempt() -> str:
    """Return "done", or what kept it from being so."""
    try:
        if what == "read":
            files.cat_file(f"{bucket}/greeting")
        else:
            files.pipe_file(f"{bucket}/greeting", b"hello")
    except PermissionError as error:
        return str(error)
    return "done"


attempts = [attempt()]
old = os.environ["BETA_KEY"]
new = iam.create_access_key(UserName=user)["AccessKey"]
iam.delete_access_key(UserName=user, AccessKeyId=old)
attempts.append(attempt())  # nobody has told the plugin yet
os.environ["BETA_KEY"], os.environ["BETA_SECRET"] = new["AccessKeyId"], new["SecretAccessKey"]
attempts += [attempt(), attempt()]
print(json.dumps({"attempts": attempts, "keys": [old, new["AccessKeyId"]]}))
