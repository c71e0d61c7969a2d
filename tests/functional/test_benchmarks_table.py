"""The benchmarks still run, and what they find gets onto the page. No time is asserted."""

import os
import platform
import re
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from benchmarks import __main__ as all_figures
from benchmarks import (
    credentials,
    endpoint,
    first_client,
    instructions,
    processes,
    rows,
    scale,
    starts,
    summary,
)
from benchmarks.environments import Environments
from benchmarks.rows import Figure, Row, Table

FEW = 3  # distributions, requests, processes and threads
SMALL = all_figures.Sizes(1, [FEW], FEW, ["no-such-python"], FEW, FEW, FEW)
NEEDS_VALGRIND = pytest.mark.skipif(
    not instructions.can_count(), reason="valgrind counts instructions"
)


@NEEDS_VALGRIND
def test_instructions_are_counted(tmp_path: Path) -> None:
    """Guards the comparison of starts: more work must be more instructions."""
    python = Environments(tmp_path).python("without")
    variables = Environments(tmp_path).variables()
    little, much = (
        instructions.instructions(python, f"sum(range({count}))", variables)
        for count in (1, 100_000)
    )
    assert 1 < little < much
    case = processes.Case(python, variables)
    (row,) = processes.in_both_units("a start", "pass", {"bare": case}, 1)
    assert [figure.text.split()[-1] for figure in row.figures] == ["ms", "million"]


@NEEDS_VALGRIND
def test_instructions_of_a_child_process_count() -> None:
    """Else a `credential_process` would cost only what botocore does with its answer."""
    python, variables = Path(sys.executable), dict(os.environ)
    alone = instructions.instructions(python, "pass", variables)
    # botocore keeps what the process says on stderr.
    code = "import subprocess as s, sys; s.run([sys.executable, '-c', ''], stderr=s.PIPE)"
    assert instructions.instructions(python, code, variables) > 1.9 * alone


def test_everything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Guards each of the measures, that each stands beside something, and the README's table."""
    # Counting takes fifty times as long as running, and has its own test.
    monkeypatch.setattr(instructions, "instructions", lambda *_: 1.0)
    tables = all_figures.tables(tmp_path, SMALL)
    found = [row for table in tables for row in table.rows if row.figures]
    questions = Counter(row.question for row in found)
    assert min(questions.values()) > 1
    assert {credentials.HOT_PATH, credentials.THROUGHPUT, endpoint.MEMORY} < set(questions)
    assert sum("discovery" in question for question in questions) == 2
    for count in ("no", FEW):
        assert questions[first_client.QUESTION.format(count)] == 8
        assert questions[first_client.NOTHING.format(count)] == 3
    for table in tables:
        shown = [row.figures for row in table.rows if row.figures]
        assert {len(figures) for figures in shown} == {len(table.units)}
    first = {row.question: row for row in reversed(found)}
    assert all(figure.factor == 1 for row in first.values() for figure in row.figures)
    assert all(figure.factor >= 0 for row in found for figure in row.figures)
    (absent,) = (row for table in tables for row in table.rows if not row.figures)
    assert "`no-such-python` was not found" in absent.who
    said = capsys.readouterr().err
    assert all(table.title in said for table in tables)
    lines = summary.summary(tables, FEW).splitlines()
    assert len(lines) == 22
    assert all(all(line.strip("|").split("|")) for line in lines)


def test_one_process_retrieves_for_those_that_share(tmp_path: Path) -> None:
    """Guards what the figures of scale are about: who retrieves, and how often."""
    found = scale.in_processes(Environments(tmp_path / "environments"), tmp_path, FEW)
    counts = {row.who: int(row.figures[0].text) for row in found}
    assert list(counts.values()) == [FEW, 1, 1, 0]
    assert counts[scale.SHARING] == counts[scale.ENDPOINT] == 1


def test_threads_retrieve_once() -> None:
    """The same for threads of one process."""
    assert [row.figures[0].text for row in scale.in_threads(FEW)] == ["1", "1"]


def test_another_python_is_measured(tmp_path: Path) -> None:
    """Its rows have its version; the one that runs is not measured twice."""
    assert starts._starts_of(sys.executable, Environments(tmp_path), 1) == []
    assert platform.python_version() in starts.HERE


def test_factors_are_taken_within_a_round() -> None:
    """Guards the comparison on a machine that becomes slower while it runs."""
    slowness, order = iter([1, 1, 10, 10, 100, 100]), []

    def measure(who: str, time: float) -> float:
        order.append(who)
        return time * next(slowness)

    found = rows.in_turn([partial(measure, "base", 1), partial(measure, "ours", 2)], rounds=3)
    assert [each[:2] for each in found] == [(10, 1), (20, 2)]
    assert order == ["base", "ours", "ours", "base", "base", "ours"]


def test_half_of_the_factors_are_between_the_quartiles() -> None:
    """Guards what tells a difference from noise."""
    figures = iter([1, 1, 5, 1, 1, 2, 4, 1, 1, 3])  # each second round begins with the last
    base, ours = rows.in_turn([lambda: next(figures), lambda: next(figures)], rounds=5)
    assert (base.factor, base.quartiles) == (1, (1, 1))
    assert (ours.factor, ours.quartiles) == (3, (2, 4))
    first, second = Figure("1", 1), Figure("3", ours.factor, ours.quartiles)
    both = [Row("start", "base", (first,)), Row("start", "ours", (second,))]
    text = rows.markdown(Table("Starts", (rows.median(5),), both))
    assert text.endswith("| 3 | 3.000 (2.000 to 4.000) |")
    (alone,) = rows.in_turn([lambda: 1], rounds=1)
    assert alone.quartiles is None


def test_the_table_replaces_what_was_on_the_page(tmp_path: Path) -> None:
    """Guards the text around the marks, and that a question is said once."""
    page = tmp_path / "page.md"
    begin, finish = rows.FIGURES
    page.write_text(f"before\n{begin}\nold\n{finish}\nafter\n")
    bare, ours = (
        Row("start", "bare", (Figure("1 ms", 1),)),
        Row("start", "ours", (Figure("12 ms", 12),)),
    )
    absent = Row("another start", "not measured")
    made = rows.markdown(Table("Starts", (rows.median(5),), [bare, ours, absent]))
    rows.put(page, rows.FIGURES, made)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("after\n")
    assert "old" not in written
    assert "| start | bare | 1 ms | base |\n|  | ours | 12 ms | 12 |\n" in written
    assert "| another start | not measured | - | - |\n" in written


def test_the_heads_say_how_a_factor_was_found() -> None:
    """A median of ratios is not the ratio of the medians beside it."""
    table = Table("Starts", (rows.median(5), rows.once("instructions")), [])
    heads = rows.markdown(table).splitlines()[2]
    assert heads == (
        "| what | variant | time, median of 5 rounds | times the base, median and quartiles "
        "| instructions, one run | times the base |"
    )


def test_the_page_has_the_tables_that_are_measured(tmp_path: Path) -> None:
    """Guards "How to read it", and the README's words about these columns."""
    page = (rows.ROOT / rows.PAGE).read_text("utf-8")
    numbers = re.compile(r"\d+")
    shown = [numbers.sub("N", line) for line in page.splitlines()]
    for title, units, _ in all_figures.steps(tmp_path, all_figures.Sizes()):
        title_line, _, heads, _ = rows.markdown(Table(title, units, [])).splitlines()
        position = shown.index(numbers.sub("N", title_line))
        assert shown[position + 2] == numbers.sub("N", heads)
    readme = (rows.ROOT / summary.PAGE).read_text("utf-8")
    assert f"| {' | '.join(summary.HEADS)} |" in readme


@pytest.mark.parametrize(
    ("page", "marks"), [(rows.PAGE, rows.FIGURES), (summary.PAGE, summary.MARKS)]
)
def test_the_pages_have_their_marks(page: Path, marks: tuple[str, str]) -> None:
    """`--write` finds its places."""
    text = (rows.ROOT / page).read_text("utf-8")
    assert [text.count(mark) for mark in marks] == [1, 1]
