"""The benchmarks still run, and what they find gets onto the page. No time is asserted."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import __main__ as all_figures
from benchmarks import credentials, first_client, instructions, rows
from benchmarks.environments import Environments
from benchmarks.rows import Row

FEW = 3  # distributions


@pytest.mark.skipif(not instructions.can_count(), reason="valgrind counts instructions")
def test_instructions_are_counted(tmp_path: Path) -> None:
    """Guards the comparison of starts: more work must be more instructions."""
    python = Environments(tmp_path).python("without")
    variables = Environments(tmp_path).variables()
    little, much = (
        instructions.instructions(python, f"sum(range({count}))", variables)
        for count in (1, 100_000)
    )
    assert 1 < little < much
    (row,) = instructions.counted("a start", "pass", {"bare": (python, variables)}, 1)
    assert row.figure.endswith(" million instructions")


def test_everything_but_instructions_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards each of the measures, and that each stands beside something."""
    for module in (instructions, first_client):
        monkeypatch.setattr(module, "can_count", lambda: False)
    found = all_figures.rows(tmp_path, [FEW], FEW, rounds=1)
    questions = Counter(row.question for row in found)
    assert min(questions.values()) > 1
    assert {credentials.HOT_PATH, credentials.THROUGHPUT} < set(questions)
    assert sum("discovery" in question for question in questions) == 2
    assert sum("first signature" in question for question in questions) == 1
    first = {row.question: row for row in reversed(found)}
    assert all(row.factor == 1 for row in first.values())
    assert all(row.factor > 0 for row in found)


def test_factors_are_taken_within_a_round() -> None:
    """Guards the comparison on a machine that becomes slower while it runs."""
    slower = iter([1, 2, 10, 20, 100, 200])
    found = rows.in_turn([lambda: next(slower), lambda: next(slower)], rounds=3)
    assert found == [(10, 1), (20, 2)]


def test_the_table_replaces_what_was_on_the_page(tmp_path: Path) -> None:
    """Guards the text around the marks, and that a question is said once."""
    page = tmp_path / "explanation" / "performance.md"
    page.parent.mkdir()
    page.write_text(f"before\n{rows.BEGIN}\nold\n{rows.FINISH}\nafter\n")
    made = rows.table([Row("start", "bare", "1 ms", 1), Row("start", "ours", "12 ms", 12)])
    rows.write(made, tmp_path)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert "| start | bare | 1 ms | 1.000 |\n|  | ours | 12 ms | 12 |\n" in written


def test_the_page_in_the_documentation_has_its_marks() -> None:
    """`--write` finds its place."""
    page = (rows.DOCS / "explanation" / "performance.md").read_text("utf-8")
    assert page.count(rows.BEGIN) == page.count(rows.FINISH) == 1
