"""Write and read an object with smart_open; the argument is the bucket."""

import json
import sys

import smart_open

address = f"s3://{sys.argv[1]}/greeting"
with smart_open.open(address, "w") as file:
    file.write("hello")
with smart_open.open(address) as file:
    print(json.dumps(file.read()))
