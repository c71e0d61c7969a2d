"""Runs inside an AWS CLI v2, for `plugincreds cli-config`: reports what it finds, and ends it.

A line under `[plugins]` of a temporary configuration file names this module.
"""

import json
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from plugincreds._errors import PluginError
from plugincreds._plugins.discovery import Discovery, discovered
from plugincreds._plugins.loading import load

REPORT = "{}.report"  # the file that the report is written to, beside that configuration file


def awscli_initialize(event_hooks: Any) -> NoReturn:  # noqa: ARG001 - the AWS CLI passes it
    """Write the report in place of the command."""
    discovery = discovered()
    report = {
        "python": platform.python_version(),
        "plugins": {name: _fault(discovery, name) for name in discovery.plugins},
        "unreadable": discovery.unreadable,
    }
    file = Path(REPORT.format(os.environ["AWS_CONFIG_FILE"]))
    file.write_text(json.dumps(report), encoding="utf-8")
    os._exit(0)


def _fault(discovery: Discovery, name: str) -> dict[str, str | None] | None:
    """Return what is wrong with a plugin here, and which module is missing; None if it loads."""
    try:
        load(discovery.the_one(name, "plugincreds cli-config"))
    except PluginError as error:
        return {"message": str(error), "missing": next(_missing(error), None)}
    return None


def _missing(error: BaseException | None) -> Iterator[str]:
    """Yield the modules that could not be found, if the Python of the AWS CLI lacks them."""
    while error is not None:
        name = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
        if name.partition(".")[0] in sys.stdlib_module_names:
            yield name
        error = error.__cause__ or error.__context__
