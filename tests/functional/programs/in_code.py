"""Sign with one plugin's session, made in code, and report who it is.

The arguments are the plugin's name and the arguments of `boto3.session.Session` as JSON.
"""

import json
import os
import sys

import plugincreds

plugin, arguments = sys.argv[1], json.loads(sys.argv[2])
url = os.environ["AWS_ENDPOINT_URL"]
try:
    session = plugincreds.create_session(plugin, **arguments)
    sts = session.client("sts", endpoint_url=url)
    report = {
        "arn": sts.get_caller_identity()["Arn"],
        "method": session.get_credentials().method,
        "region": sts.meta.region_name,
    }
except plugincreds.PluginError as error:
    report = {"kind": type(error).__name__, "message": str(error)}
print(json.dumps(report))
