"""Situations at random: a number stands for a few of them that have plugins and files in common."""

import random
from dataclasses import replace
from typing import Any

from tests.unit.model.plugins import BROKEN, DECLINING, FAILING, SIGNING
from tests.unit.model.situations import Situation

PER_NUMBER = 3
_SEED = 10  # with it, the first hundred numbers are of all sorts
_NAMES = ("alpha", "beta", "gamma")
_PROFILES = ("default", "one", "two", "three")
_IN_BOTH = {"aws_access_key_id", "credential_plugin", "credential_plugin_options"}
_OPTIONS = ({"a": "1"}, {"a": "2"}, {"b": "3"}, {"a": "4", "b": "5"}, "")
_EXCHANGING = [kind for kind in SIGNING if kind.startswith("exchanges")]
_KINDS = (*[[*SIGNING], _EXCHANGING] * 2, [*DECLINING], [*FAILING, *BROKEN])


def situations(number: int) -> list[Situation]:
    """Return what a number stands for, always the same."""
    draw = random.Random(f"{_SEED} {number}")
    names = draw.sample(_NAMES, draw.choice((0, 1, 2, 2, 3, 3)))
    installed: dict[str, tuple[str, ...]] = {name: (_kind(draw),) for name in names}
    if names and draw.random() < 0.15:
        installed[names[0]] = (_kind(draw), _kind(draw))
    # Lines that name the same plugin have most to do with each other.
    plugins = (*_NAMES * 2, *names[:1] * 6, " alpha ", "delta", "none", " NONE ", "")
    shared = replace(Situation(installed), **_files(draw, plugins))
    return [replace(shared, **_request(draw, plugins, shared)) for _ in range(PER_NUMBER)]


def _kind(draw: random.Random) -> str:
    return draw.choice(draw.choice(_KINDS))


def _files(draw: random.Random, plugins: tuple[str, ...]) -> dict[str, Any]:
    """Return the profiles, each spread over both files."""
    files: dict[str, dict[str, dict[str, Any]]] = {"config": {}, "credentials": {}}
    for number, profile in enumerate(_PROFILES):
        if draw.random() < 0.1:
            continue
        files["config"][profile] = {}
        for key, line in _lines(draw, plugins, number).items():
            file = draw.choice(("config", "config", "config", "credentials"))
            files[file].setdefault(profile, {})[key] = line
        for key, line in _lines(draw, plugins, number).items():
            if key in _IN_BOTH and draw.random() < 0.3:
                files["credentials"].setdefault(profile, {})[key] = line
    return files


def _lines(draw: random.Random, plugins: tuple[str, ...], number: int) -> dict[str, Any]:
    profile, later = _PROFILES[number], _PROFILES[number + 1 :]
    possible: tuple[tuple[float, dict[str, Any]], ...] = (
        (0.45, {"credential_plugin": draw.choice(plugins)}),
        (0.3, {"credential_plugin_options": draw.choice(_OPTIONS)}),
        (0.3, {"aws_access_key_id": ""}),
        (0.1, {"credential_process": ""}),
        (0.45, {"role_arn": f"role-{profile}", **_source(draw, profile, later)}),
    )
    lines: dict[str, Any] = {}
    for chance, some in possible:
        lines |= some if draw.random() < chance else {}
    return lines


def _source(draw: random.Random, profile: str, later: tuple[str, ...]) -> dict[str, str]:
    """Return a role's source: a later profile, so that there are no circles, or none that works."""
    by_profile = {"source_profile": draw.choice((*later, *later, profile, "nowhere"))}
    by_plugin = {"credential_source": "CustomPlugin"}
    by_name = {"credential_source": draw.choice(("Environment", "EcsContainer", "customplugin"))}
    by_token = {"web_identity_token_file": "/token"}
    often = (by_profile, by_profile, by_plugin, by_plugin)
    return draw.choice((*often, *often, by_name, by_token, {**by_profile, **by_plugin}, {}))


def _request(draw: random.Random, plugins: tuple[str, ...], shared: Situation) -> dict[str, Any]:
    """Return the variables of a program, and what it passes in code."""
    keys_in_code = draw.random() < 0.03
    profiles = (*sorted({*shared.config, *shared.credentials}) * 8, "nowhere")

    def profile(chance: float) -> str | None:
        found = draw.choice(profiles) if draw.random() < chance else None
        # boto3 itself wants the profile to exist, also where keys are in code.
        return None if keys_in_code and found == "nowhere" else found

    return {
        "variable": draw.choice(plugins) if draw.random() < 0.4 else None,
        "aws_profile": profile(0.6),
        "profile_in_code": profile(0.35),
        "keys_in_code": keys_in_code,
        "environment_keys": draw.random() < 0.2,
        "web_identity": draw.random() < 0.15,
        "container": draw.random() < 0.3,
    }
