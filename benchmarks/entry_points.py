"""Compare ways to read the entry points of one group, in processes that have imported boto3.

The figure that counts is the ratio within one run. Run it with each Python; `make bench` uses
the one in `.venv`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GROUP = "aws_sdk.credential_plugins"
WAYS = {
    "importlib.metadata": f"""
import importlib.metadata
list(importlib.metadata.entry_points(group="{GROUP}"))
""",
    "importlib-metadata": f"""
import importlib_metadata
list(importlib_metadata.entry_points(group="{GROUP}"))
""",
    "plugincreds": """
from plugincreds._discovery import discover
discover()
""",
}
PROGRAM = """
import sys, time
sys.path.insert(0, sys.argv[1])
import boto3
import plugincreds._errors
started = time.perf_counter()
exec(sys.argv[2])
print(time.perf_counter() - started)
"""


def make_distributions(directory: Path, count: int) -> None:
    """Write metadata as installed packages have it; every third has entry points."""
    for number in range(count):
        info = directory / f"package_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.0\n"
            + "Classifier: Programming Language :: Python\n" * 30
        )
        if number % 3 == 0:
            plugin = f"[{GROUP}]\nplugin-{number} = package:get\n" if number % 100 == 0 else ""
            (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n{plugin}")


def milliseconds(directory: Path, code: str) -> float:
    """Run one way in a new process, and return how long it took."""
    command = [sys.executable, "-c", PROGRAM, str(directory), code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout) * 1000


def main() -> None:
    """Print one row for each number of distributions, the ways in turn in each round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[50, 300, 1000])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(f"Python {sys.version.split()[0]}, first call after import boto3, median in ms")
    print(f"{'distributions':>13}", *(f"{way:>20}" for way in WAYS))
    for count in arguments.counts:
        with tempfile.TemporaryDirectory() as directory:
            make_distributions(Path(directory), count)
            rounds = [
                [milliseconds(Path(directory), code) for code in WAYS.values()]
                for _ in range(arguments.rounds)
            ]
        medians = map(statistics.median, zip(*rounds, strict=True))
        print(f"{count:>13}", *(f"{median:>20.1f}" for median in medians))


if __name__ == "__main__":
    main()
