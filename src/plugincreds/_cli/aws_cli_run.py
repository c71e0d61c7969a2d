"""Starts the command `aws` with lines for its `[plugins]`, and reports which plugins it finds."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugincreds._bindings import aws_cli_check
from plugincreds._cli.aws_cli import PYTHON, aws_cli
from plugincreds._cli.plugins_section import MODULE, PATH_KEY
from plugincreds._errors import PluginError
from plugincreds._plugins.discovery import discovered
from plugincreds._redaction import shown
from plugincreds._settings import PROFILE_VARIABLES

_LONGEST = 60  # seconds; it takes about one


@dataclass(frozen=True, slots=True)
class CheckedAwsCli:
    """An AWS CLI v2 that finds plugins.

    Attributes:
        path: The file.
        python: The version of the Python in it.
        plugins: The names of the plugins.
    """

    path: str
    python: str
    plugins: tuple[str, ...]


def checked(section: Mapping[str, str]) -> CheckedAwsCli:
    """Start the `aws` on the path with this section, without the user's configuration file.

    It imports the plugins. It calls no getter and no service.

    Raises:
        PluginError: There is none, it needs no lines, it does not start with them, or one of the
            plugins cannot be loaded in it.
    """
    found = aws_cli(discovered())
    if found is None:
        raise PluginError(
            "There is no aws on the path, so these lines cannot be checked. Put the AWS CLI v2 on "
            "the path."
        )
    if found.kind == PYTHON:
        raise PluginError(
            f"{found.path} is not of AWS's own installer: it runs in {found.python}, and uses the "
            "plugins that are installed there. Install them there; it needs no lines."
        )
    report = _report(found.path, section)
    faults = [fault for fault in report["plugins"].values() if fault]
    if faults or report["unreadable"]:
        raise PluginError(_unusable(found.path, report, faults))
    return CheckedAwsCli(found.path, report["python"], tuple(report["plugins"]))


def _report(path: str, section: Mapping[str, str]) -> dict[str, Any]:
    """Return what `aws_cli_check` reports from inside.

    Raises:
        PluginError: It has not come so far.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config")
        report = Path(aws_cli_check.REPORT.format(config))
        lines = {**section, "plugincreds_check": aws_cli_check.__name__}
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        config.write_text(f"[plugins]\n{text}", encoding="utf-8")
        # The user's profiles are not in that file, and the other file may be damaged.
        kept = {name: os.environ[name] for name in os.environ if name not in PROFILE_VARIABLES}
        kept |= {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        try:
            done = subprocess.run(  # noqa: S603 - it is the user's own aws
                [path, "--version"],
                env=kept,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LONGEST,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PluginError(_not_started(path, section, type(error).__name__)) from error
        if not report.exists():
            told = done.stderr.decode("utf-8", "replace").splitlines()
            last = next((line for line in reversed(told) if "Error:" in line), "")
            what = f"status {done.returncode}" + (f", {shown(last)}" if last else "")
            raise PluginError(_not_started(path, section, what))
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def _not_started(path: str, section: Mapping[str, str], what: str) -> str:
    others = [key for key, value in section.items() if key != PATH_KEY and value != MODULE]
    advice = (
        f"The other keys under [plugins] name modules that it imports as well "
        f"({', '.join(others)}): remove them, or install them in the folder of {PATH_KEY}."
        if others
        else "Only the AWS CLI v2 can use them. If it is that version, its Python may be too old, "
        "or a module may be missing: use credential_process = plugincreds export instead."
    )
    return f"{path} does not work with these lines ({what}). Nothing is written. {advice}"


def _unusable(path: str, report: Mapping[str, Any], faults: list[dict[str, str]]) -> str:
    here = "{}.{}".format(*sys.version_info)
    there = report["python"].rpartition(".")[0]
    told = [f"{each}." for each in report["unreadable"]] + [fault["message"] for fault in faults]
    missing = sorted({fault["missing"] for fault in faults if fault["missing"]})
    if missing:
        told.append(f"Python's own module {' and '.join(missing)} is not among those in {path}.")
    elif here != there:
        told.append(
            f"The packages were installed with Python {here}; compiled ones must be for {there}: "
            f"pip install --target FOLDER --python-version {there} --only-binary=:all: PACKAGE."
        )
    return (
        f"{path} contains Python {report['python']} and cannot use all plugins, so nothing is "
        f"written. {' '.join(told)} Remove the plugin, or use credential_process = plugincreds "
        "export for it."
    )
