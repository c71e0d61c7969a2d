"""Uses a client that is not botocore's; whose key it signs with, the server of the tests knows."""

from __future__ import annotations

import os
import sys
from importlib import import_module


def awscrt(_: str) -> None:
    """Load credentials from the default chain, and print the key."""
    auth, io = import_module("awscrt.auth"), import_module("awscrt.io")
    bootstrap = io.ClientBootstrap.get_or_create_static_default()
    chain = auth.AwsCredentialsProvider.new_default_chain(bootstrap)
    print(chain.get_credentials().result(30).access_key_id)


def pyarrow(bucket: str) -> None:
    """Put an object."""
    host = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://")
    files = import_module("pyarrow.fs").S3FileSystem(
        endpoint_override=host, scheme="http", region="us-east-1"
    )
    with files.open_output_stream(f"{bucket}/pyarrow") as stream:
        stream.write(b"text")


def obstore(bucket: str) -> None:
    """Put an object."""
    store = import_module("obstore.store").S3Store(
        bucket,
        endpoint=os.environ["AWS_ENDPOINT_URL"],
        region="us-east-1",
        client_options={"allow_http": True},
    )
    import_module("obstore").put(store, "obstore", b"text")


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
