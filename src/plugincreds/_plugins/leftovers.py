"""What interrupted or older installations have left among the installed distributions."""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from plugincreds._plugins.distributions import all_locations, groups, is_abandoned

_ALL = ("",)  # how the names of all distributions begin


class Leftover(NamedTuple):
    """The metadata of a distribution that is not, or not completely, installed.

    Attributes:
        path: Its folder.
        is_abandoned: Whether pip was about to delete it.
        is_whole: Whether it has metadata.
        used: The folder of the distribution of that name that is used in its place, or None.
    """

    path: str
    is_abandoned: bool
    is_whole: bool
    used: str | None


def leftovers(text: str) -> Iterator[Leftover]:
    """Yield what installations have left; what is whole, only where the text is in a file."""
    locations = list(all_locations(text.encode()))
    for found in chain.from_iterable(location.candidates(_ALL) for location in locations):
        if is_abandoned(found) and found.is_hit:
            yield Leftover(found.path, is_abandoned=True, is_whole=found.is_whole, used=None)
    for group in groups(locations, _ALL):
        has_plugins = any(each.is_hit for each in group)
        for each in group:
            if not each.is_whole or (has_plugins and each is not group[0]):
                used = None if each is group[0] else group[0].path
                yield Leftover(each.path, is_abandoned=False, is_whole=each.is_whole, used=used)
