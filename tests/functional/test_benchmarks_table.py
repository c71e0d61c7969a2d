"""The benchmarks still run, and what they find gets onto the page. No time is asserted."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import __main__ as all_figures
from benchmarks import credentials, instructions, rows, summary
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


def test_everything_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards each of the measures, that each stands beside something, and the README's table."""
    # Counting takes fifty times as long as running, and has its own test.
    monkeypatch.setattr(instructions, "instructions", lambda *_: 1.0)
    found = all_figures.rows(tmp_path, [FEW], FEW, rounds=1)
    questions = Counter(row.question for row in found)
    assert min(questions.values()) > 1
    assert {credentials.HOT_PATH, credentials.THROUGHPUT} < set(questions)
    assert sum("discovery" in question for question in questions) == 2
    first = {row.question: row for row in reversed(found)}
    assert all(row.factor == 1 for row in first.values())
    assert all(row.factor > 0 for row in found)
    assert summary.summary(found, FEW).count("\n|") == 6


def test_factors_are_taken_within_a_round() -> None:
    """Guards the comparison on a machine that becomes slower while it runs."""
    slower = iter([1, 2, 10, 20, 100, 200])
    found = rows.in_turn([lambda: next(slower), lambda: next(slower)], rounds=3)
    assert found == [(10, 1), (20, 2)]


def test_the_table_replaces_what_was_on_the_page(tmp_path: Path) -> None:
    """Guards the text around the marks, and that a question is said once."""
    page = tmp_path / "page.md"
    begin, finish = rows.FIGURES
    page.write_text(f"before\n{begin}\nold\n{finish}\nafter\n")
    made = rows.table([Row("start", "bare", "1 ms", 1), Row("start", "ours", "12 ms", 12)])
    rows.put(page, rows.FIGURES, made)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert "| start | bare | 1 ms | 1.000 |\n|  | ours | 12 ms | 12 |\n" in written


@pytest.mark.parametrize(
    ("page", "marks"), [(rows.PAGE, rows.FIGURES), (summary.PAGE, summary.MARKS)]
)
def test_the_pages_have_their_marks(page: Path, marks: tuple[str, str]) -> None:
    """`--write` finds its places."""
    text = (rows.ROOT / page).read_text("utf-8")
    assert [text.count(mark) for mark in marks] == [1, 1]
