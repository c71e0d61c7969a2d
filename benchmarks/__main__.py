"""All figures but the fleet's: `python -m benchmarks [--write]`; `make bench` runs both."""

import argparse
import tempfile
from pathlib import Path

from benchmarks import credentials, entry_points, first_client, instructions
from benchmarks.environments import Environments
from benchmarks.rows import Row, circumstances, table, write

PACKAGES = ("plugincreds", "boto3", "botocore", "aiobotocore", "importlib-metadata")


def rows(directory: Path, counts: list[int], distributions: int, rounds: int) -> list[Row]:
    """Measure everything; the fewer rounds, the more chance there is in it."""
    environments = Environments(directory, distributions)
    counted = instructions.rows(environments, 1) if instructions.can_count() else []
    return [
        *counted,
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
    parser.add_argument("--write", action="store_true", help="into the documentation")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = rows(Path(directory), arguments.counts, arguments.distributions, arguments.rounds)
    text = f"{table(found)}\n\n{circumstances(*PACKAGES)}"
    print(text)
    if arguments.write:
        write(text)


if __name__ == "__main__":
    main()
