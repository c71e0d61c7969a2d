"""All figures but the fleet's: `python -m benchmarks [--write]`; `make bench` runs both."""

import argparse
import tempfile
from pathlib import Path

from benchmarks import credentials, entry_points, first_client, instructions, summary
from benchmarks.environments import Environments
from benchmarks.rows import FIGURES, PAGE, ROOT, Row, circumstances, put, table

PACKAGES = ("plugincreds", "boto3", "botocore", "aiobotocore", "importlib-metadata")


def rows(directory: Path, counts: list[int], distributions: int, rounds: int) -> list[Row]:
    """Measure everything; the fewer rounds, the more chance there is in it."""
    environments = Environments(directory, distributions)
    return [
        *instructions.rows(environments, 1),
        *first_client.rows(environments, directory, distributions, rounds),
        *entry_points.rows(directory, environments.variables(), counts, rounds),
        *credentials.rows(rounds, number=1000 * rounds),
    ]


def main() -> None:
    """Print the table, and write it if asked to."""
    parser = argparse.ArgumentParser(description="Compare plugincreds with its peers.")
    parser.add_argument("--counts", type=int, nargs="+", default=[50, 300, 1000])
    parser.add_argument("--distributions", type=int, default=300, help="of the first client")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument(
        "--write", action="store_true", help="into the documentation and the README"
    )
    arguments = parser.parse_args()
    if not instructions.can_count():
        parser.error("valgrind is not here. Install it: most figures are counts of instructions.")
    with tempfile.TemporaryDirectory() as directory:
        found = rows(Path(directory), arguments.counts, arguments.distributions, arguments.rounds)
    text = f"{table(found)}\n\n{circumstances(*PACKAGES)}"
    print(text)
    if arguments.write:
        put(ROOT / PAGE, FIGURES, text)
        put(ROOT / summary.PAGE, summary.MARKS, summary.summary(found, arguments.distributions))


if __name__ == "__main__":
    main()
