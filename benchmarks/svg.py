"""Draw curves over time as SVG: text as text, readable on light and on dark pages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 32, 64, 44
STYLE = """
svg { font: 13px system-ui, sans-serif }
.page { fill: #fff } .text { fill: #333 } .grid { stroke: #ddd } .band { fill: #f3e3c3 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
.c0 { stroke: #b3261e } .c1 { stroke: #8a5a00; stroke-dasharray: 5 3 } .c2 { stroke: #0b57d0 }
@media (prefers-color-scheme: dark) {
.page { fill: #16181c } .text { fill: #ddd } .grid { stroke: #3a3d44 } .band { fill: #453a22 }
.c0 { stroke: #ff8a80 } .c1 { stroke: #ffc766 } .c2 { stroke: #8ab4f8 }
}
"""


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
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
            f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="desc">{escape(self.description)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
            *self._band(seconds),
            *_axes(seconds, decades),
            _text(LEFT, 20, self.title, "start"),
        ]
        for number, (name, curve) in enumerate(self.curves.items()):
            x = LEFT + number * 232
            parts += [
                f'<path class="line c{number}" d="M{x} 40h28"/>',
                _text(x + 34, 44, name, "start"),
                f'<path class="line c{number}" d="{_path(curve, seconds, decades)}"/>',
            ]
        return "\n".join([*parts, "</svg>", ""])

    def _band(self, seconds: int) -> list[str]:
        if self.band is None:
            return []
        left, right = (_x(moment, seconds) for moment in self.band)
        return [
            f'<rect class="band" x="{left}" y="{TOP}" width="{right - left}"',
            f'height="{HEIGHT - TOP - BOTTOM}"/>',
            _text((left + right) // 2, TOP - 6, self.band_label, "middle"),
        ]


def _axes(seconds: int, decades: int) -> list[str]:
    parts = []
    for decade in range(decades + 1):
        y = _y(10**decade, decades)
        parts += [
            f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>',
            _text(LEFT - 8, y + 4, f"{10**decade:,}", "end"),
        ]
    for minute in range(0, seconds // 60 + 1, 15):
        x = _x(minute * 60, seconds)
        parts.append(_text(x, HEIGHT - BOTTOM + 20, f"{minute} min", "middle"))
    return parts


def _path(curve: Sequence[int], seconds: int, decades: int) -> str:
    """Return steps: for each pixel the highest figure of its seconds."""
    moments = groupby(enumerate(curve), lambda moment: _x(moment[0], seconds))
    heights = [(x, _y(max(figure for _, figure in group), decades)) for x, group in moments]
    steps = [next(group) for _, group in groupby(heights, lambda point: point[1])]
    (x, y), *rest = steps
    return f"M{x} {y}" + "".join(f"H{x}V{y}" for x, y in rest) + f"H{heights[-1][0]}"


def _x(second: float, seconds: int) -> int:
    return LEFT + round(second / seconds * (WIDTH - LEFT - RIGHT))


def _y(figure: int, decades: int) -> int:
    """Return the height on a logarithmic scale, whose foot, below 1, is for none at all."""
    foot = HEIGHT - BOTTOM
    if figure < 1:
        return foot
    step = (foot - TOP) / (decades + 0.5)
    return round(foot - step * (math.log10(figure) + 0.5))


def _text(x: int, y: int, text: str, anchor: str) -> str:
    return f'<text class="text" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
