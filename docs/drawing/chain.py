"""Draws botocore's credential chain with the places of plugins in it.

`python -m docs.drawing.chain` writes docs/images/chain.svg. A test holds the order of the boxes
against a real chain.
"""  # noqa: INP001 - a script

from pathlib import Path
from typing import NamedTuple

from docs.drawing import svg

FILE = Path(__file__).parents[1] / "images" / "chain.svg"
WIDTH, ROW, TOP = 760, 34, 40


class Box(NamedTuple):
    """One place in the chain.

    Attributes:
        method: What botocore calls the provider.
        rank: The rank in the table of the page.
        words: What answers there.
        is_ours: Whether a plugin does.
    """

    method: str
    rank: str
    words: str
    is_ours: bool = False


BOXES = (
    Box("plugin", "3", "the plugin that AWS_CREDENTIAL_PLUGIN names", is_ours=True),
    Box("env", "4", "keys in the environment"),
    Box("assume-role", "5", "a role, with the credentials of its source"),
    Box("plugin", "5", "the plugin that the profile names with credential_plugin", is_ours=True),
    Box("assume-role-with-web-identity", "5", "web identity"),
    Box("sso", "5", "SSO"),
    Box("shared-credentials-file", "5", "static keys in the credentials file"),
    Box("custom-process", "5", "credential_process"),
    Box("config-file", "5", "static keys in the configuration file"),
    Box("ec2-credentials-file", "5", "an old file of keys"),
    Box("boto-config", "5", "a file of boto 2"),
    Box("plugin", "6", "any installed plugin, in order of name", is_ours=True),
    Box("container-role", "7", "the container"),
    Box("iam-role", "7", "the machine"),
)


def drawn() -> str:
    """Return the picture."""
    parts = [
        svg.text(16, 24, "rank", kind="faint"),
        svg.text(64, 24, "provider", kind="faint"),
        svg.text(320, 24, "what answers; the first one that has credentials wins", kind="faint"),
    ]
    for number, place in enumerate(BOXES):
        y = TOP + number * ROW
        parts += [
            svg.box(56, y, 688, ROW - 6, "ours" if place.is_ours else "p5"),
            svg.text(28, y + 19, place.rank, "middle"),
            svg.text(64, y + 19, place.method),
            svg.text(320, y + 19, place.words),
        ]
    height = TOP + len(BOXES) * ROW + 8
    words = "; ".join(f"rank {place.rank}: {place.words}" for place in BOXES)
    return svg.picture(
        WIDTH, height, "The credential chain", f"From first to last. {words}.", parts
    )


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
