"""Draw curves over time as SVG: text as text, readable on light and on dark pages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from docs.drawing import svg

HEIGHT = 360
LEFT, RIGHT, TOP, BOTTOM = 68, 34, 118, 44  # room for the axes' numbers, and for the legend


@dataclass(frozen=True)
class Chart:
    """What is drawn.

    Attributes:
        title: What a reader sees above it, and a screen reader says first.
        description: What the curves show, for those who do not see them.
        curves: For each name the figure of each second; the last one is drawn on top.
        band: From which to which second something is marked; None for nothing.
        band_label: What that is.
    """

    title: str
    description: str
    curves: Mapping[str, Sequence[int]]
    band: tuple[float, float] | None = None
    band_label: str = ""

    def svg(self) -> str:
        """Return the file's text."""
        seconds = max(map(len, self.curves.values()))
        highest = max(10, *(max(curve) for curve in self.curves.values()))
        decades = math.ceil(math.log10(highest))
        parts = [*self._band(seconds), *_axes(seconds, decades), svg.text(8, 20, self.title)]
        for number, (name, curve) in enumerate(self.curves.items()):
            y = 40 + number * 20
            parts += [
                f'<path class="c{number}" d="M8 {y}h28"/>',
                svg.text(44, y + 5, name),
                f'<path class="c{number}" d="{_path(curve, seconds, decades)}"/>',
            ]
        return svg.picture(HEIGHT, self.title, self.description, parts)

    def _band(self, seconds: int) -> list[str]:
        if self.band is None:
            return []
        left, right = (_x(moment, seconds) for moment in self.band)
        return [
            svg.box(left, TOP, right - left, HEIGHT - TOP - BOTTOM, "band"),
            svg.text((left + right) / 2, TOP - 6, self.band_label, "middle"),
        ]


def _axes(seconds: int, decades: int) -> list[str]:
    parts = []
    for decade in range(decades + 1):
        y = _y(10**decade, decades)
        parts += [
            svg.line(LEFT, y, svg.WIDTH - RIGHT, y, "grid"),
            svg.text(LEFT - 6, y + 5, f"{10**decade:,}", "end"),
        ]
    for minute in range(0, seconds // 60 + 1, 30):
        x = _x(minute * 60, seconds)
        parts.append(svg.text(x, HEIGHT - BOTTOM + 20, f"{minute} min", "middle"))
    return parts


def _path(curve: Sequence[int], seconds: int, decades: int) -> str:
    """Return steps: for each pixel the highest figure of its seconds."""
    moments = groupby(enumerate(curve), lambda moment: _x(moment[0], seconds))
    heights = [(x, _y(max(figure for _, figure in group), decades)) for x, group in moments]
    steps = [next(group) for _, group in groupby(heights, lambda point: point[1])]
    (x, y), *rest = steps
    return f"M{x} {y}" + "".join(f"H{x}V{y}" for x, y in rest) + f"H{heights[-1][0]}"


def _x(second: float, seconds: int) -> int:
    return LEFT + round(second / seconds * (svg.WIDTH - LEFT - RIGHT))


def _y(figure: int, decades: int) -> int:
    """Return the height on a logarithmic scale, whose foot, below 1, is for none at all."""
    foot = HEIGHT - BOTTOM
    if figure < 1:
        return foot
    step = (foot - TOP) / (decades + 0.5)
    return round(foot - step * (math.log10(figure) + 0.5))
