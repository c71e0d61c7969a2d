"""Output of commands, held against files in `tests/unit/cli/golden`.

`WRITE_GOLDEN=1 python -m pytest tests/unit/cli` writes them anew; look at the
difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "unit" / "cli" / "golden"
# What differs with the machine, and providers that not every supported botocore has.
_ENVIRONMENT = re.compile(
    r"^  (startup file|python|plugincreds|botocore|boto3|aiobotocore|awscli|aws)  .*\n",
    re.MULTILINE,
)
_NEW_PROVIDERS = ("login",)
_NEW_ROWS = re.compile(rf"^  [a-z ]+  ({'|'.join(_NEW_PROVIDERS)}): .*\n", re.MULTILINE)
_NEW_NAMES = re.compile(rf"(?<=  |, )({'|'.join(_NEW_PROVIDERS)}), ")


def check(name: str, printed: str) -> None:
    """Compare what was printed with the file of that name."""
    path = FOLDER / name
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(printed, encoding="utf-8")
    assert printed == path.read_text(encoding="utf-8")


def plain_text(printed: str, places: Mapping[Path, str]) -> str:
    """Return text without what differs from one machine to the next."""
    for path, name in places.items():
        printed = printed.replace(str(path), name)
    printed = re.sub(r"(?<=\S) {2,}", "  ", printed)  # columns are as wide as paths are long
    return _NEW_NAMES.sub("", _NEW_ROWS.sub("", _ENVIRONMENT.sub("", printed)))


def plain_json(printed: str, places: Mapping[Path, str]) -> str:
    """Return a document without what differs from one machine to the next."""
    for path, name in places.items():
        printed = printed.replace(json.dumps(str(path))[1:-1], name)
    document = json.loads(printed)
    if "versions" in document:
        assert all(isinstance(each, (str, type(None))) for each in document["versions"].values())
        assert document["versions"]["botocore"]
        assert not any(document["bindings"].values())
        document["versions"] = sorted(document["versions"])
        document["bindings"] = {}
        document["aws_cli"] = "AWS CLI"
        hook = document["startup_hook"]
        hook["module"], hook["startup_file"] = "MODULE", "STARTUP FILE"
        document["chain"] = _without_new(document["chain"])
    return json.dumps(document, indent=2) + "\n"


def _without_new(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**step, "source": _without_new(step["source"])}
        for step in steps
        if step["provider"] not in _NEW_PROVIDERS
    ]
