"""The pictures of the documentation are what their scripts draw now, from the code as it is now."""

import re
from datetime import datetime, timezone
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import botocore.session
import pytest

from docs.drawing import chain, svg, timeline
from plugincreds import CredentialsCache, PluginProviderRetrieveError, Value
from plugincreds._lifecycle.policy import MINUTE, succeeded
from tests.support.pages import DOCS, page
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), (lambda: False)"
HOUR = 60 * MINUTE
LIFETIMES = ["5 minutes", "15 minutes", "1 hour", "12 hours"]
PICTURES = sorted((DOCS / "images").glob("*.svg"))
PHONE = 358  # pixels that a page of 390 pixels has for its pictures
SMALLEST = 11  # pixels; smaller letters are hard to read
WIDEST = 0.62  # of the height: the width of a letter on average, in wide fonts such as DejaVu Sans
SVG = "{http://www.w3.org/2000/svg}"


def test_the_timeline_is_what_its_script_draws() -> None:
    """`python -m docs.drawing.timeline` writes it anew."""
    assert timeline.FILE.read_text(encoding="utf-8") == timeline.drawn()


def test_the_chain_is_what_its_script_draws() -> None:
    """`python -m docs.drawing.chain` writes it anew, with the newest botocore."""
    if missing := chain.WORDS.keys() - set(chain.methods()):
        pytest.skip(f"this botocore is older: it has no {', '.join(missing)}")
    assert chain.FILE.read_text(encoding="utf-8") == chain.drawn()


class Label(NamedTuple):
    """The room that a text takes in a picture."""

    words: str
    left: float
    right: float
    foot: float

    def covers(self, other: "Label") -> bool:
        """Tell whether one is drawn on the other."""
        is_beside = self.right <= other.left or other.right <= self.left
        return not is_beside and abs(self.foot - other.foot) < svg.FONT * 1.2


def labels(root: ET.Element) -> list[Label]:
    """Return the texts of a picture."""
    found = []
    for text in root.iter(f"{SVG}text"):
        words = text.text or ""
        width = len(words) * svg.FONT * WIDEST
        before = {"start": 0.0, "middle": width / 2, "end": width}[text.attrib["text-anchor"]]
        left = float(text.attrib["x"]) - before
        found.append(Label(words, left, left + width, float(text.attrib["y"])))
    return found


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_no_text_of_a_picture_is_cut_off_or_covered(file: Path) -> None:
    """Guards labels at the edges, and a legend that touches the picture, in wide fonts, too."""
    root = ET.parse(file).getroot()
    found = labels(root)
    assert found
    assert [each for each in found if each.left < 0 or each.right > svg.WIDTH] == []
    assert all(each.foot < float(root.attrib["height"]) for each in found)
    assert [pair for pair in combinations(found, 2) if pair[0].covers(pair[1])] == []


@pytest.mark.parametrize("file", PICTURES, ids=lambda file: file.stem)
def test_a_picture_is_readable_on_a_phone_and_in_dark_mode(file: Path) -> None:
    """Guards letters that become too small, and colours for one of the two modes alone."""
    root = ET.parse(file).getroot()
    width = float(root.attrib["viewBox"].split()[2])
    style = root.findtext(f"{SVG}style") or ""
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    (font,) = re.findall(r"font: (\d+)px", style)
    assert int(font) * min(1, PHONE / width) >= SMALLEST
    for each in root.iter():
        if kind := each.attrib.get("class"):
            assert f".{kind} {{" in dark
            assert f".{kind} {{" in light or f".{kind}, " in light


def test_each_phase_of_the_lifecycle_has_its_name() -> None:
    """Guards a coloured band that the reader must guess."""
    words = [each.words for each in labels(ET.parse(timeline.FILE).getroot())]
    assert set(timeline.NAMES) <= set(words)
    assert all(any(each.startswith(f"{name}: ") for each in words) for name in timeline.NAMES)


@pytest.mark.parametrize(
    ("variable", "config", "ours"),
    [
        ("acme", "", chain.BY_VARIABLE),
        ("", "credential_plugin = acme", chain.BY_PROFILE),
        ("", "", chain.AUTOMATIC),
    ],
    ids=["variable", "profile", "automatic"],
)
def test_the_chain_is_botocores(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    config: str,
    ours: chain.Box,
) -> None:
    """The boxes must stand in the order of a real chain, with the plugin in its place."""
    install(GOOD, name="acme")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    path = botocore.session.Session().get_config_variable("config_file")
    Path(path).write_text(f"[default]\n{config}\n", encoding="utf-8")
    session = botocore.session.Session()
    asked = [each.METHOD for each in session.get_component("credential_provider").providers]
    drawn = [place.method for place in chain.boxes() if not place.is_ours or place == ours]
    assert asked == drawn
    assert session.get_credentials().method == "plugin:acme"


def test_the_timeline_is_what_a_cache_does() -> None:
    """The attempts in the picture must be those of the engine that people use, second by second."""
    expiry = datetime.fromtimestamp(timeline.HOUR, timezone.utc)
    now, attempts = 0.0, []

    def retrieve() -> Value:
        if now == 0:
            return Value("AKIDEXAMPLE", "secret", expiry_time=expiry)
        attempts.append(now)
        raise ConnectionError

    cache = CredentialsCache(
        retrieve, clock=lambda: now, uniform=lambda low, high: (low + high) / 2
    )
    errors = []
    for now in map(float, range(timeline.LAST)):
        try:
            cache.get()
        except PluginProviderRetrieveError:
            errors.append(now)
    assert (attempts, errors[0]) == timeline.outage()


def test_the_table_of_windows_is_what_the_functions_say() -> None:
    """The table's rows are for people; the numbers are computed here from the code."""
    rows = re.findall(
        r"^\| (\d+) (minutes?|hours?) \| ([\d.]+) minutes \| ([\d.]+) to ([\d.]+) minutes.* \| "
        r"(\d+) seconds \|$",
        page("explanation/lifecycle.md"),
        re.MULTILINE,
    )
    assert [f"{number} {unit}" for number, unit, *_ in rows] == LIFETIMES
    for number, unit, *shown in rows:
        lifetime = float(number) * (HOUR if "hour" in unit else MINUTE)
        value = Value("key", "secret", expiry_time=datetime.fromtimestamp(lifetime, timezone.utc))
        first = succeeded(value, 0.0, None, lambda low, _: low)
        last = succeeded(value, 0.0, None, lambda _, high: high)
        left = [lifetime - state.advisory_at for state in (first, last)]
        mandatory = lifetime - first.mandatory_at
        computed = [left[0] / MINUTE, left[0] / MINUTE, left[1] / MINUTE, mandatory]
        assert [float(each) for each in shown] == pytest.approx(computed)
