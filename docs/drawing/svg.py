"""The parts that the pictures have in common: text as text, readable on light and on dark pages.

They are narrow, because a page shrinks a picture to its own width: on a telephone to 358 pixels.
"""  # noqa: INP001 - scripts

from html import escape

WIDTH, FONT = 440, 14
STYLE = f"svg {{ font: {FONT}px system-ui, sans-serif }}"
STYLE += """
.page { fill: #fff } .text { fill: #333 } .faint { fill: #666 } .line { stroke: #999; fill: none }
.p0 { fill: #d7ead9 } .p1 { fill: #e6efc4 } .p2 { fill: #f6e7b8 } .p3 { fill: #f5cfa5 }
.p4 { fill: #eeb9b4 } .p5 { fill: #e4e6ea } .mark { stroke: #0b57d0; stroke-width: 2 }
.bad { stroke: #b3261e; stroke-width: 1.5 } .ours { fill: #cfe0fb; stroke: #0b57d0 }
.grid { stroke: #ddd } .band { fill: #f3e3c3 }
.c0, .c1, .c2 { fill: none; stroke-width: 2; stroke-linejoin: round }
.c0 { stroke: #b3261e } .c1 { stroke: #8a5a00; stroke-dasharray: 5 3 } .c2 { stroke: #0b57d0 }
@media (prefers-color-scheme: dark) {
.page { fill: #16181c } .text { fill: #ddd } .faint { fill: #aaa } .line { stroke: #777 }
.p0 { fill: #23482a } .p1 { fill: #464f1c } .p2 { fill: #5a4a16 } .p3 { fill: #6a431a }
.p4 { fill: #6b2a26 } .p5 { fill: #2c2f36 } .mark { stroke: #8ab4f8 } .bad { stroke: #ff8a80 }
.ours { fill: #1d3a66; stroke: #8ab4f8 } .grid { stroke: #3a3d44 } .band { fill: #453a22 }
.c0 { stroke: #ff8a80 } .c1 { stroke: #ffc766 } .c2 { stroke: #8ab4f8 }
}
"""


def picture(height: int, title: str, description: str, parts: list[str]) -> str:
    """Return a file's text; the description is for readers who cannot see it."""
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"',
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(description)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
    ]
    return "\n".join([*head, *parts, "</svg>", ""])


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return a rectangle."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'


def line(x: float, y: float, to_x: float, to_y: float, kind: str = "line") -> str:
    """Return a line."""
    return f'<path class="{kind}" d="M{x:g} {y:g}L{to_x:g} {to_y:g}"/>'


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "text") -> str:
    """Return words; the anchor is start, middle or end."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'
