"""The variables that lead botocore's clients to a server of the tests, for old versions too."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import botocore

_READS_THE_VARIABLE = (1, 31)
_GLOBAL = {
    "partitionEndpoint": "aws-global",
    "isRegionalized": True,
    "endpoints": {"aws-global": {"credentialScope": {"region": "us-east-1"}}},
}
# In place of botocore's own: the endpoints of its services, in whichever region.
_PARTITION = {
    "partition": "aws",
    "dnsSuffix": "invalid",
    "regionRegex": ".*",
    "regions": {},
    "services": {"s3": _GLOBAL, "sts": _GLOBAL},
}
# 1.29 and 1.30 read this instead, for each service and version of it.
_RULES = "sts/2011-06-15/endpoint-rule-set-1.json"


def leading_to(url: str, folder: Path) -> dict[str, str]:
    """Return the variables; older botocores ask STS there as well, which reads them from a folder.

    Clients of other services must be given the URL where botocore reads no `AWS_ENDPOINT_URL`.
    """
    variables = {"AWS_ENDPOINT_URL": url}
    if tuple(map(int, botocore.__version__.split(".")[:2])) >= _READS_THE_VARIABLE:
        return variables
    defaults = {
        "hostname": urlsplit(url).netloc,
        "protocols": ["http"],
        "signatureVersions": ["v4"],
    }
    partitions = {"version": 3, "partitions": [{**_PARTITION, "defaults": defaults}]}
    (folder / "endpoints.json").write_text(json.dumps(partitions), encoding="utf-8")
    rule = {"conditions": [], "endpoint": {"url": url}, "type": "endpoint"}
    region = {"builtIn": "AWS::Region", "required": False, "documentation": "", "type": "String"}
    rules = {"version": "1.0", "parameters": {"Region": region}, "rules": [rule]}
    (folder / _RULES).parent.mkdir(parents=True, exist_ok=True)
    (folder / _RULES).write_text(json.dumps(rules), encoding="utf-8")
    # The global endpoint, which some regions have by default, is not in the data.
    return {**variables, "AWS_DATA_PATH": str(folder), "AWS_STS_REGIONAL_ENDPOINTS": "regional"}
