"""Draws the credential chain of the installed botocore with the places of plugins in it.

`python -m docs.drawing.chain` writes docs/images/chain.svg. A test compares that file with what
the newest botocore has, and the places of plugins with those in a real chain.
"""  # noqa: INP001 - a script

from pathlib import Path
from typing import NamedTuple

import botocore.session

from docs.drawing import svg

FILE = Path(__file__).parents[1] / "images" / "chain.svg"
ROW, TOP = 44, 54
# For each of botocore's providers: what answers there.
WORDS = {
    "env": "keys in the environment",
    "assume-role": "a role, with the credentials of its source",
    "assume-role-with-web-identity": "a role, with a web identity token",
    "sso": "IAM Identity Center",
    "shared-credentials-file": "static keys in the credentials file",
    "login": "a session of aws login",
    "custom-process": "credential_process",
    "config-file": "static keys in the configuration file",
    "ec2-credentials-file": "an old file of keys",
    "boto-config": "a file of boto 2",
    "container-role": "the container (ECS, EKS)",
    "iam-role": "the machine (EC2 instance metadata)",
}


class Box(NamedTuple):
    """One place in the chain.

    Attributes:
        method: What botocore calls the provider.
        rank: The rank in the table of the page.
        words: What answers there.
        is_ours: Whether a plugin does.
    """

    method: str
    rank: int
    words: str
    is_ours: bool = False


BY_VARIABLE = Box("plugin", 3, "the one that AWS_CREDENTIAL_PLUGIN names", is_ours=True)
BY_PROFILE = Box("plugin", 5, "the one that the profile names", is_ours=True)
AUTOMATIC = Box("plugin", 6, "any installed one, in order of name", is_ours=True)
RANKS = {"env": 4, "container-role": 7, "iam-role": 7}


def methods() -> list[str]:
    """Return botocore's own providers, first to last."""
    resolver = botocore.session.Session().get_component("credential_provider")
    return [each.METHOD for each in resolver.providers if each.METHOD != "plugin"]


def boxes() -> list[Box]:
    """Return the places in the chain, first to last."""
    own = [Box(method, RANKS.get(method, 5), WORDS[method]) for method in methods()]
    found = [BY_VARIABLE]
    for place in own:
        found += [AUTOMATIC] if place.method == "container-role" else []
        found += [place]
        found += [BY_PROFILE] if place.method == "assume-role" else []
    return found


def drawn() -> str:
    """Return the picture."""
    places = boxes()
    parts = [
        svg.text(16, 20, "rank", kind="faint"),
        svg.text(64, 20, "provider, and what answers there;", kind="faint"),
        svg.text(64, 40, "the first one that has credentials wins", kind="faint"),
    ]
    for number, place in enumerate(places):
        y = TOP + number * ROW
        parts += [
            svg.box(56, y, svg.WIDTH - 72, ROW - 4, "ours" if place.is_ours else "p5"),
            svg.text(32, y + 25, str(place.rank), "middle"),
            svg.text(64, y + 17, place.method),
            svg.text(64, y + 34, place.words, kind="faint"),
        ]
    words = "; ".join(f"rank {place.rank}: {place.method}, {place.words}" for place in places)
    height = TOP + len(places) * ROW + 8
    return svg.picture(height, "The credential chain", f"From first to last. {words}.", parts)


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
