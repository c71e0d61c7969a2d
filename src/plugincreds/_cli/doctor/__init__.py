"""`plugincreds doctor`: what boto3.client() would do here and now, and why."""

import argparse
import os
from dataclasses import asdict
from typing import Any

from plugincreds._cli.doctor.examination import Examination, examine
from plugincreds._cli.doctor.findings import errors_of, origin_of, raised_by, warnings_of
from plugincreds._cli.doctor.text import doctor_lines
from plugincreds._cli.streams import STDOUT
from plugincreds._cli.terminal import Palette, print_json, print_lines

_SUMMARY = "explain which credentials a program would use here, and why"


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser("doctor", help=_SUMMARY, description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--profile", metavar="P", help="a profile that a program would give in code"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="print also each provider that is not reached"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--retrieve", action="store_true", help="really retrieve credentials; no secret is shown"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found; 1 without credentials, or if they are not the selected ones."""
    document = _document(examine(arguments.profile, retrieve=arguments.retrieve))
    if arguments.json:
        print_json(document)
    else:
        palette = Palette(STDOUT, os.environ)
        print_lines(doctor_lines(document, palette, verbose=arguments.verbose))
    return 0 if document["ok"] else 1


def _document(examination: Examination) -> dict[str, Any]:
    errors = errors_of(examination, os.environ)
    origin, retrieved = origin_of(examination), examination.retrieved
    aws_cli = examination.aws_cli
    return {
        "ok": not errors,
        "answer": None if origin is None else asdict(origin),
        "raises": raised_by(examination),
        "errors": errors,
        "warnings": warnings_of(examination, os.environ),
        "startup_hook": asdict(examination.startup),
        "versions": examination.versions,
        "bindings": examination.bindings,
        "aws_cli": None if aws_cli is None else asdict(aws_cli),
        "other_clients": [asdict(each) for each in examination.other_clients],
        "profile": {"name": examination.profile, "given_by": examination.profile_given_by},
        "selection": asdict(examination.selection),
        "chain": [step.as_document() for step in examination.chain],
        "cache": examination.cache,
        "retrieved": None if retrieved is None else asdict(retrieved),
    }
