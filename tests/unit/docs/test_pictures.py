"""The pictures of the documentation are what their scripts draw now, from the code as it is now."""

import re
from datetime import datetime, timezone

import botocore.session
import pytest

from docs.drawing import chain, timeline
from plugincreds import CredentialsCache, PluginProviderRetrieveError, Value
from plugincreds._lifecycle.policy import MINUTE, succeeded
from tests.support.pages import page
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), (lambda: False)"
HOUR = 60 * MINUTE
LIFETIMES = ["5 minutes", "15 minutes", "1 hour", "12 hours"]
BY_VARIABLE, BY_PROFILE, BY_NOBODY = (
    number for number, place in enumerate(chain.BOXES) if place.is_ours
)


@pytest.mark.parametrize("script", [timeline, chain], ids=["lifecycle", "chain"])
def test_a_picture_is_what_its_script_draws(script: object) -> None:
    """`python -m docs.drawing.timeline` and `docs.drawing.chain` write them anew."""
    assert script.FILE.read_text(encoding="utf-8") == script.drawn()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("variable", "config", "number"),
    [("acme", "", BY_VARIABLE), ("", "credential_plugin = acme", BY_PROFILE), ("", "", BY_NOBODY)],
    ids=["variable", "profile", "nobody"],
)
def test_the_chain_is_botocores(
    install: Install, monkeypatch: pytest.MonkeyPatch, variable: str, config: str, number: int
) -> None:
    """The boxes must stand in the order of a real chain, with the plugin in its place."""
    install(GOOD, name="acme")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    path = botocore.session.Session().get_config_variable("config_file")
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - what botocore gave is a str
        file.write(f"[default]\n{config}\n")
    session = botocore.session.Session()
    asked = [each.METHOD for each in session.get_component("credential_provider").providers]
    drawn = [
        place.method
        for index, place in enumerate(chain.BOXES)
        if not place.is_ours or index == number
    ]
    assert [method for method in asked if method in drawn] == drawn
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
