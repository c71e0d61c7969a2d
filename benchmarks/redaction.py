"""How many random secrets in texts of errors stay visible, for docs/explanation/security.md.

Run it as `python -m benchmarks.redaction --write`; it takes some minutes. A test compares samples
of the same secrets with the page.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.support.redaction import ANYWHERE, EMBEDDINGS, IN_PLACE, misses

PAGE = Path(__file__).parent.parent / "docs/explanation/security.md"
BEGIN, FINISH = "<!-- redaction: begin -->\n", "<!-- redaction: end -->"
COUNT = 20_000


def _anywhere(kind: str) -> list[int]:
    print(f"Redaction: {kind} ...", file=sys.stderr)
    return [misses(ANYWHERE[kind], embedding, COUNT) for embedding in EMBEDDINGS.values()]


def _in_place(name: str) -> list[int]:
    print(f"Redaction: {name} ...", file=sys.stderr)
    return [misses(*IN_PLACE[name], COUNT)]


def _table(head: list[str], rows: list[tuple[str, list[int]]]) -> str:
    lines = [head, ["---"] * len(head), *([name, *map(str, counts)] for name, counts in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tables(processes: int | None) -> str:
    """Return both tables: secrets of any place, and those that only their place tells apart."""
    with ProcessPoolExecutor(processes) as pool:
        anywhere = list(zip(ANYWHERE, pool.map(_anywhere, ANYWHERE), strict=True))
        in_place = list(zip(IN_PLACE, pool.map(_in_place, IN_PLACE), strict=True))
    first = _table(["missed of 20,000", *EMBEDDINGS], anywhere)
    return f"{first}\n{_table(['in its place', 'missed of 20,000'], in_place)}"


def main() -> None:
    """Print the tables, and write them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into the page")
    parser.add_argument("--processes", type=int, help="as many as there are cores if not given")
    arguments = parser.parse_args()
    found = tables(arguments.processes)
    print(found)
    if arguments.write:
        text = PAGE.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        PAGE.write_text(before + BEGIN + found + FINISH + rest.split(FINISH)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
