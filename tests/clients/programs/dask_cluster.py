"""Read files in S3 in three worker processes of dask.distributed; the argument is the bucket."""

import json
import os
import sys

import dask.bag
import fsspec
from distributed import Client, LocalCluster

WORKERS = 3
bucket = sys.argv[1]


def read(address: str) -> tuple[int, str]:
    """Return the process and what a file says."""
    with fsspec.open(address) as file:
        return os.getpid(), file.read().decode()


def main() -> None:
    """Write files here, read them there, and print the report."""
    for number in range(6):
        with fsspec.open(f"s3://{bucket}/{number}.txt", "w") as file:
            file.write(f"line {number}\n")
    cluster = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, Client(cluster) as client:
        lines = dask.bag.read_text(f"s3://{bucket}/*.txt").compute()
        workers = client.run(read, f"s3://{bucket}/0.txt")
    print(json.dumps({"lines": lines, "workers": list(workers.values()), "pid": os.getpid()}))


if __name__ == "__main__":
    main()
