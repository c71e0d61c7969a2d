"""Draws the lifecycle of credentials that live one hour, with the functions of the package.

`python -m docs.drawing.timeline` writes docs/images/lifecycle.svg.
"""  # noqa: INP001 - a script

from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from docs.drawing import svg
from plugincreds import Value
from plugincreds._lifecycle.policy import Failure, RefreshStep, State, decide, failed, succeeded

FILE = Path(__file__).parents[1] / "images" / "lifecycle.svg"
HOUR = 3600
FIRST, LAST = 42 * 60, 64 * 60  # seconds that are drawn
LEFT, RIGHT, HEIGHT = 16, 16, 338
ROW, LEGEND, FOOT, AXIS = 34, 94, 238, 298  # pixels
NARROW = 60  # seconds; a phase that is no longer has its name below it
NAMES = {
    "valid": "p0",
    "jitter": "p1",
    "advisory": "p2",
    "mandatory": "p3",
    "expired": "p4",
}
FAILURE = Failure("")


def state_at_start(share: float) -> State:
    """Return the state of credentials of one hour; `share` is the random number, from 0 to 1."""
    value = Value("key", "secret", expiry_time=datetime.fromtimestamp(HOUR, timezone.utc))
    return succeeded(value, 0.0, None, lambda low, high: low + share * (high - low))


def phase(second: float) -> str:
    """Return what the package does with them at a moment, whatever the random number is."""
    early, late = (
        decide(state_at_start(share), second, reported_expired=False) for share in (0.0, 1.0)
    )
    if late is RefreshStep.SERVE:
        return "valid" if early is RefreshStep.SERVE else "jitter"
    if late is RefreshStep.ADVISORY:
        return "advisory"
    after = failed(state_at_start(0.0), FAILURE, second, _middle, reported_expired=False)
    return "expired" if after.is_hard else "mandatory"


class Outage(NamedTuple):
    """What a program sees that signs once a second while the plugin keeps failing.

    Attributes:
        attempts: The seconds in which the plugin is asked.
        first_error: From which second on the program gets errors.
    """

    attempts: list[int]
    first_error: int


def outage() -> Outage:
    """Return what a program sees if the advisory moment is in the middle of the jitter."""
    state, attempts, errors = state_at_start(0.5), [], []
    for second in range(LAST):
        step = decide(state, second, reported_expired=False)
        if step in {RefreshStep.ADVISORY, RefreshStep.MANDATORY}:
            state = failed(state, FAILURE, second, _middle, reported_expired=False)
            attempts.append(second)
        if step is RefreshStep.RAISE or state.is_hard:
            errors.append(second)
    return Outage(attempts, errors[0])


def _middle(low: float, high: float) -> float:
    return (low + high) / 2


def _x(second: float) -> float:
    return LEFT + (second - FIRST) / (LAST - FIRST) * (svg.WIDTH - LEFT - RIGHT)


def _phases() -> Iterator[tuple[str, int, int]]:
    for name, group in groupby(range(FIRST, LAST), phase):
        seconds = list(group)
        yield name, seconds[0], seconds[-1] + 1


def drawn() -> str:
    """Return the picture."""
    parts = [svg.text(LEFT, 24, "The plugin answers")]
    for name, begin, end in _phases():
        parts.append(svg.box(_x(begin), ROW, _x(end) - _x(begin), ROW, NAMES[name]))
        below = 30 if end - begin <= NARROW else 0
        parts.append(svg.text(_x((begin + end) / 2), ROW + 22 + below, name, "middle"))
    parts += _legend()
    parts += _failing()
    for minute in range(45, LAST // 60 + 1, 5):
        x = _x(minute * 60)
        parts += [
            svg.line(x, AXIS, x, AXIS + 6),
            svg.text(x, AXIS + 22, f"{minute} min", "middle", "faint"),
        ]
    title = "The lifecycle of credentials that live one hour"
    return svg.picture(HEIGHT, title, _description(), parts)


def _failing() -> list[str]:
    attempts, first_error = outage()
    return [
        svg.text(LEFT, FOOT - 12, "The plugin fails; each line is an attempt"),
        svg.box(_x(FIRST), FOOT, _x(first_error) - _x(FIRST), ROW, "p0"),
        svg.box(_x(first_error), FOOT, _x(LAST) - _x(first_error), ROW, "p4"),
        svg.text(LEFT, FOOT + ROW + 18, "the current credentials are used"),
        svg.text(_x((first_error + LAST) / 2), FOOT + ROW + 18, "errors", "middle"),
        *(
            svg.line(
                _x(second), FOOT, _x(second), FOOT + ROW, "mark" if second < first_error else "bad"
            )
            for second in attempts
        ),
    ]


def _legend() -> list[str]:
    meanings = {
        "valid": "from minute 0; used, without a lock",
        "jitter": "random: valid or advisory",
        "advisory": "one caller refreshes, others go on",
        "mandatory": "one caller refreshes, others wait",
        "expired": "the same; a failure is an error",
    }
    parts = []
    for number, (name, meaning) in enumerate(meanings.items()):
        y = LEGEND + number * 22
        parts += [
            svg.box(LEFT, y, 14, 14, NAMES[name]),
            svg.text(LEFT + 22, y + 12, f"{name}: {meaning}"),
        ]
    return parts


def _description() -> str:
    spans = ", ".join(f"{name} from second {begin}" for name, begin, _ in _phases())
    attempts, first_error = outage()
    kept = [str(second) for second in attempts if second < first_error]
    asked = f"While the plugin fails, it is asked in the seconds {', '.join(kept)}"
    return f"The phases: {spans}. {asked}."


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
