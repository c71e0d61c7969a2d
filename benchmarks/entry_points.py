"""Ways to read the entry points of one group, in processes that have imported boto3.

boto3 imports `importlib.metadata`, so its import costs nothing more.
"""

import sys
from functools import partial
from pathlib import Path

from benchmarks.environments import GROUP, PLUGIN, make_distributions, make_plugin
from benchmarks.rows import Row, compared
from tests.support.environments import checked

QUESTION = "discovery: {} packages, {} with entry points"
OURS, LIBRARY = "plugincreds", "`importlib.metadata`"
WITH_IMPORT = "plugincreds, with the import of its modules"
_IMPORT = "from plugincreds._plugins.discovery import discover"
BARE = f"""
import os
def found():
    for folder in filter(os.path.isdir, sys.path):
        for name in os.listdir(folder):
            if name.endswith((".dist-info", ".egg-info")):
                try:
                    with open(f"{{folder}}/{{name}}/entry_points.txt", "rb") as file:
                        b{GROUP!r} in file.read()
                except OSError:
                    pass
"""
WAYS = {
    OURS: (_IMPORT, "discover()"),
    WITH_IMPORT: ("", f"{_IMPORT}; discover()"),
    LIBRARY: (
        "from importlib.metadata import entry_points",
        f"list(entry_points(group={GROUP!r}))",
    ),
    "importlib-metadata": (
        "from importlib_metadata import entry_points",
        f"list(entry_points(group={GROUP!r}))",
    ),
    "a loop that lists the folders, and searches each file for the group": (BARE, "found()"),
}
PROGRAM = """
import sys, time
import boto3
{prepare}
sys.path[:] = [each for each in sys.path if not each.endswith("-packages")]
sys.path.insert(0, sys.argv[1])
started = time.perf_counter()
{call}
print(time.perf_counter() - started)
"""


def milliseconds(directory: Path, way: str, variables: dict[str, str]) -> float:
    """Run one way in a new process, and return how long its first call took."""
    prepare, call = WAYS[way]
    code = PROGRAM.format(prepare=prepare, call=call)
    return float(checked([sys.executable, "-c", code, str(directory)], variables)) * 1000


def rows(directory: Path, variables: dict[str, str], counts: list[int], rounds: int) -> list[Row]:
    """Compare them for each number of packages, a third with entry points, and then all."""
    found = []
    for count in counts:
        for share, words in ((3, "a third"), (1, "all")):
            packages = directory / f"{count}-{share}"
            packages.mkdir()
            make_distributions(packages, count, share)
            make_plugin(packages, PLUGIN)
            measures = {way: partial(milliseconds, packages, way, variables) for way in WAYS}
            found += compared(QUESTION.format(count, words), measures, rounds, "{:.1f} ms")
    return found
