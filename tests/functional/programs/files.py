"""Write and read a file with fsspec; the arguments are the bucket and s3fs's options as JSON."""

import json
import sys

import fsspec

bucket, options = sys.argv[1], json.loads(sys.argv[2])
address = f"s3://{bucket}/greeting"
with fsspec.open(address, "w", **options) as file:
    file.write("hello")
with fsspec.open(address, "r", **options) as file:
    read = file.read()
names = fsspec.filesystem("s3", **options).ls(bucket, detail=False)
print(json.dumps({"names": names, "read": read}))
