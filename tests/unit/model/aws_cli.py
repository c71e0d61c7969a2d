"""The comparison in a process of the AWS CLI, where `botocore` is the CLI's own copy.

Usage: python -m tests.unit.model.aws_cli FOLDER NUMBER...
"""

import importlib
import json
import sys
from pathlib import Path

importlib.import_module("awscli")  # before botocore: it decides whose that is

from tests.unit.model.comparison import disagreements  # noqa: E402 - see above

if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    found = disagreements("awscli", map(int, numbers), Path(folder))
    copy = importlib.import_module("botocore").__file__
    print(json.dumps({"botocore": copy, "disagreements": found}))
