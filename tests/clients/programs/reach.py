"""Uses one client as a long-running program does: a request for each line of stdin.

It prints whether the server took the request. Whose key signed it, the server knows.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
REGION = "us-east-1"
STS = b"Action=GetCallerIdentity&Version=2011-06-15"
Request = Callable[[], object]
OBJECT_STORE = {"aws_endpoint_url": ENDPOINT, "aws_region": REGION, "aws_allow_http": "true"}


def boto3(_: str) -> Request:
    """botocore; without plugincreds, because this interpreter has none."""
    return import_module("boto3").client("sts").get_caller_identity  # type: ignore[no-any-return]


def awscrt(_: str) -> Request:
    """The C library below the AWS CLI v2 and others."""
    auth, http, io = map(import_module, ("awscrt.auth", "awscrt.http", "awscrt.io"))
    bootstrap = io.ClientBootstrap.get_or_create_static_default()
    chain = auth.AwsCredentialsProvider.new_default_chain(bootstrap)

    def request() -> None:
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=chain,
            region=REGION,
            service="sts",
        )
        headers = {
            "Host": ENDPOINT.removeprefix("http://"),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        unsigned = http.HttpRequest(
            "POST", "/", http.HttpHeaders(list(headers.items())), io.InputStream(BytesIO(STS))
        )
        signed = dict(auth.aws_sign_request(unsigned, config).result(30).headers)
        urlopen(HttpRequest(ENDPOINT, STS, signed)).close()

    return request


def pyarrow(bucket: str) -> Request:
    """The C++ SDK."""
    files = import_module("pyarrow.fs").S3FileSystem(
        endpoint_override=ENDPOINT.removeprefix("http://"), scheme="http", region=REGION
    )

    def request() -> None:
        with files.open_output_stream(f"{bucket}/pyarrow") as stream:
            stream.write(b"text")

    return request


def pandas(bucket: str) -> Request:
    """`to_parquet("s3://...")`, which goes through pyarrow."""
    module = import_module("pandas")
    host = ENDPOINT.removeprefix("http://")
    url = f"s3://{bucket}/table.parquet?endpoint_override={host}&scheme=http&region={REGION}"
    return lambda: module.DataFrame({"a": [1]}).to_parquet(url)


def obstore(bucket: str) -> Request:
    """object_store, a Rust library with a chain of its own."""
    options = {"endpoint": ENDPOINT, "region": REGION, "client_options": {"allow_http": True}}
    store = import_module("obstore.store").S3Store(bucket, **options)
    return lambda: import_module("obstore").put(store, "obstore", b"text")


def polars(bucket: str) -> Request:
    """object_store again, in the Parquet files of polars."""
    module = import_module("polars")
    url = f"s3://{bucket}/table.parquet"
    table = module.DataFrame({"a": [1]})
    return lambda: table.write_parquet(url, storage_options=OBJECT_STORE)


def deltalake(bucket: str) -> Request:
    """object_store, with credentials from the Rust SDK."""
    module = import_module("deltalake")
    url = f"s3://{bucket}/delta"
    return lambda: module.DeltaTable.is_deltatable(url, storage_options=OBJECT_STORE)


def main() -> None:
    """Make a request for each line; a client that cannot begin has failed, too."""
    request: Request | None = None
    for _ in sys.stdin:
        try:
            request = request or globals()[sys.argv[1]](sys.argv[2])
            request()
        except Exception as error:  # noqa: BLE001 - each client has errors of its own
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            print("failed", flush=True)
        else:
            print("signed", flush=True)


if __name__ == "__main__":
    main()
