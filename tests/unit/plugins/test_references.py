"""References to plugins: an installed one is a frozen dataclass, whose methods are written out."""

import copy
import dataclasses
import math
import pickle
from typing import Any

import pytest

from plugincreds import InstalledPlugin
from plugincreds._plugins.references import GivenPlugin

PLUGIN = InstalledPlugin("acme", "acme:get", "acme-creds", "1.2", "/site", has_other_getter=True)
FACTS: dict[str, Any] = {
    "name": "acme",
    "value": "acme:get",
    "distribution": "acme-creds",
    "version": "1.2",
    "location": "/site",
    "has_other_getter": True,
}


def test_it_is_a_dataclass() -> None:
    """Guards programs that print the installed plugins, or change a copy."""
    assert dataclasses.asdict(PLUGIN) == FACTS
    assert list(FACTS) == [field.name for field in dataclasses.fields(PLUGIN)]
    other = dataclasses.replace(PLUGIN, name="other")
    assert dataclasses.asdict(other) == FACTS | {"name": "other"}
    assert repr(PLUGIN) == (
        "InstalledPlugin(name='acme', value='acme:get', distribution='acme-creds', version='1.2', "
        "location='/site')"
    )


def test_defaults() -> None:
    """A plugin whose folder is not known has an empty location."""
    plugin = InstalledPlugin("acme", "acme:get", "acme-creds", "1.2")
    assert (plugin.location, plugin.has_other_getter) == ("", False)


def test_it_never_changes() -> None:
    """It is the key of sources."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLUGIN.name = "other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del PLUGIN.name


@pytest.mark.parametrize("name", FACTS)
def test_equality(name: str) -> None:
    """Guards sources: only the location does not count, so that a path may be spelt in two ways."""
    changed: dict[str, Any] = {name: False if FACTS[name] is True else "other"}
    other = dataclasses.replace(PLUGIN, **changed)
    is_equal = name == "location"
    assert (other == PLUGIN) is is_equal
    assert (hash(other) == hash(PLUGIN)) is is_equal
    assert tuple(FACTS.values()) != PLUGIN


def test_copies() -> None:
    """Pickled and copied ones are equal, with all fields."""
    for other in (copy.copy(PLUGIN), copy.deepcopy(PLUGIN), pickle.loads(pickle.dumps(PLUGIN))):
        assert dataclasses.asdict(other) == FACTS


# What 1.0.0 pickled.
_OLD_PLUGIN = (
    b"\x80\x02cplugincreds\nInstalledPlugin\n)\x81](X\x04\x00\x00\x00acmeX\x08\x00\x00\x00acme:getX\n"
    b"\x00\x00\x00acme-credsX\x03\x00\x00\x001.2X\x05\x00\x00\x00/siteeb."
)


def test_older_versions_read_its_pickles_and_it_reads_theirs() -> None:
    """Processes that send each other the installed plugins may be upgraded one after the other."""
    wanted = InstalledPlugin("acme", "acme:get", "acme-creds", "1.2", "/site")
    assert dataclasses.asdict(pickle.loads(_OLD_PLUGIN)) == dataclasses.asdict(wanted)
    # 1.0.0 assigns the elements of a list to its fields, in their order.
    assert wanted.__reduce_ex__(2)[2] == ["acme", "acme:get", "acme-creds", "1.2", "/site", False]


def test_given_plugins_are_keys() -> None:
    """A module that a program passes twice has one source."""
    assert len({GivenPlugin(math), GivenPlugin(math), GivenPlugin(math, "other")}) == 2
    assert GivenPlugin(math) != (math, GivenPlugin(math).symbol)
