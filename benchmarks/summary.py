"""The few figures that the README has, of all those in the tables."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks import credentials, endpoint, entry_points, first_client, starts
from benchmarks.rows import Figure, Table

PAGE = Path("README.md")
MARKS = "<!-- summary: begin -->", "<!-- summary: end -->"
HEADS = "what", "compared with", "instructions", "time"
_CLIENT = "First client and signature"
_NOTHING = "First client, no credentials found"
_KEYS = "keys in the environment, without plugincreds"
_SAME = "the same without plugincreds"
_AMONG = " among {} packages"

# Of whole processes: what is measured, what it is compared with, and whose row it is.
_STARTS = (
    ("{}", _SAME, starts.WITH),
    ("{}, setuptools' startup file", "the same without it", starts.SETUPTOOLS),
)
# The same, with the kind of question before what it is compared with.
_CLIENTS = (
    ("{}, no plugin", _CLIENT, _SAME, first_client.KEYS_WITH),
    ("{}, no plugin", _NOTHING, _SAME, first_client.NO_PLUGIN),
    ("{}, a plugin that declines", _NOTHING, _SAME, first_client.DECLINES),
    ("{}, a plugin, not selected", _CLIENT, _KEYS, first_client.AUTOMATIC),
    ("{}, a plugin, selected by variable", _CLIENT, _KEYS, first_client.BY_VARIABLE),
    ("{}, a plugin, selected by profile", _CLIENT, _KEYS, first_client.BY_PROFILE),
)
_PROCESSES = (
    ("{}, `credential_process`, a shell script", _CLIENT, _KEYS, first_client.SHELL),
    ("{}, `credential_process`, a Python script", _CLIENT, _KEYS, first_client.PYTHON),
    ("{}, `credential_process = plugincreds export acme`", _CLIENT, _KEYS, first_client.EXPORT),
)
# Of single calls: the question, whose row is ours, and whose is compared with it.
_LOOKING = entry_points.WITH_IMPORT, entry_points.LIBRARY
_SIGNING = credentials.HOT_PATH, credentials.OURS, credentials.REFRESHABLE
_ASKING = endpoint.PROVIDER, endpoint.OURS, endpoint.SERVER


def summary(tables: Sequence[Table], distributions: int) -> str:
    """Return the README's table; each line says what it is compared with."""
    rows = {(row.question, row.who): row for table in tables for row in table.rows}
    processes = [
        (what.format(f"A{question[1:].partition(' (')[0]}"), other, rows[question, who])
        for question, measured in rows
        if measured == starts.SETUPTOOLS
        for what, other, who in _STARTS
    ]
    for count, words, chosen in (
        ("no", "", _CLIENTS + _PROCESSES),
        (distributions, _AMONG.format(distributions), _CLIENTS),
    ):
        questions = {_CLIENT: first_client.QUESTION, _NOTHING: first_client.NOTHING}
        processes += [
            (what.format(of + words), other, rows[questions[of].format(count), who])
            for what, of, other, who in chosen
        ]
    lines = [HEADS, ("---", "---", "--:", "--:")]
    for what, other, row in processes:
        time, instructions = row.figures
        lines.append((what, other, _more(instructions), _more(time)))
    discovery = entry_points.QUESTION.format(distributions, "a third")
    for what, question, ours, other in (
        (f"Finding plugins among {distributions} packages, with imports", discovery, *_LOOKING),
        ("Getting the credentials for each further signature", *_SIGNING),
        ("A botocore request to the endpoint of `exec` or `serve`", *_ASKING),
    ):
        times = (rows[question, who].figures[0].text for who in (ours, other))
        lines.append((what, other, "-", ", against ".join(times)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _more(figure: Figure) -> str:
    if figure.quartiles is None:
        return f"{_percent(figure.factor)} %"
    low, high = map(_percent, figure.quartiles)
    return f"{_percent(figure.factor)} % ({low} to {high})"


def _percent(factor: float) -> str:
    return f"{round((factor - 1) * 100, 1) + 0.0:+.1f}"  # and not -0.0
