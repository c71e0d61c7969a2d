"""The installed distributions that may declare plugins, in the order of `importlib.metadata`.

That library reads and parses the entry points of every distribution. For speed, this module
lists the folders on `sys.path`, searches their entry point files for bytes, and looks closer
only at the few distributions that contain them. Zip files and finders of other packages are
left to the library.

The first distribution of a name hides all others of that name, even if it declares no plugin,
because it is the one that an import finds. What an interrupted pip leaves hides nothing: a
folder whose name begins with "~" is skipped, and one without metadata is used only if there is
no other of its name. Of two in one folder, `_rank` tells which one an import finds.
"""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import metadata
from importlib.machinery import PathFinder
from itertools import chain

from plugincreds._plugins.metadata import (
    ENDINGS,
    FILE,
    LARGEST,
    Distribution,
    DistributionOfLibrary,
    UnreadableError,
    beginning,
)
from plugincreds._threads import is_interruption

logger = logging.getLogger("plugincreds")

_EGG, _IN_EGG = ".egg", "egg-info"
_ABANDONED = "~"  # how pip begins the names of what it is about to delete
_LIBRARY_FINDERS = frozenset({("importlib_metadata", "MetadataPathFinder")})


class _Folder:
    """A plain folder on the path, and the distributions in it."""

    def __init__(self, path: str, children: list[str], text: bytes) -> None:
        self._path = path
        self._own = [child for child in children if child.lower().endswith(ENDINGS)]
        if path.lower().endswith(_EGG):
            self._own += [child for child in children if child.lower() == _IN_EGG]
        self._hits = {
            child
            for child in self._own
            if _holds(partial(beginning, f"{path}{os.sep}{child}{os.sep}{FILE}"), text)
        }

    def hits(self) -> list[str | None]:
        """Return the keys of the distributions whose entry points contain the text."""
        return [self._at(child).key for child in self._hits]

    def candidates(self, beginnings: tuple[str, ...]) -> Iterator[Distribution]:
        """Yield the distributions whose names begin in these ways, and perhaps some more."""
        for child in self._own:
            is_odd = not (child.isascii() and child.endswith(ENDINGS))
            if is_odd or child.lower().startswith(beginnings):
                yield self._at(child)

    def _at(self, child: str) -> Distribution:
        return Distribution(self._path, child, is_hit=child in self._hits)


class _OtherLocation:
    """Any other location, and the distributions that the library or a finder has found there."""

    def __init__(self, found: list[Distribution]) -> None:
        self._found = found

    def hits(self) -> list[str | None]:
        """Return the keys of the distributions whose entry points contain the text."""
        return [each.key for each in self._found if each.is_hit]

    def candidates(self, _: tuple[str, ...]) -> Iterable[Distribution]:
        """Return all of them."""
        return self._found


def distributions_with(text: str, path: list[str] | None = None) -> Iterator[Distribution]:
    """Yield the distributions whose entry points contain a text, and that others do not hide.

    Args:
        text: What is searched for.
        path: The folders of another Python; None: `sys.path` and all finders of this one.
    """
    encoded = text.encode()
    locations = list(
        all_locations(encoded) if path is None else _on_path(PathFinder, path, encoded)
    )
    # Others matter only if they have the same name, because they may hide one of these.
    names = {name for location in locations for name in location.hits()}
    beginnings = (".", "-", *((name or "").partition("_")[0] for name in names))
    in_use: dict[str | Distribution, Distribution] = {}
    for best, *_ in groups(locations, beginnings) if names else ():
        name = best.key or best
        if name not in in_use or (best.is_whole and not in_use[name].is_whole):
            in_use[name] = best
    yield from (each for each in in_use.values() if each.is_hit)


def groups(
    locations: Iterable["_Folder | _OtherLocation"], beginnings: tuple[str, ...]
) -> Iterator[list[Distribution]]:
    """Yield the distributions of one name in one folder together, the one that is used first."""
    groups: dict[tuple[str, str | Distribution], dict[str, Distribution]] = {}
    for found in chain.from_iterable(location.candidates(beginnings) for location in locations):
        if not is_abandoned(found):
            group = groups.setdefault((found.folder, found.key or found), {})
            group.setdefault(found.path, found)  # a folder may be on the path twice
    for group in groups.values():
        several = len(group) > 1
        yield sorted(group.values(), key=_rank, reverse=True) if several else [*group.values()]


def _rank(found: Distribution) -> tuple[bool, bool, list[int], str]:
    """Return how likely it is that an import finds this one of several in a folder.

    They share one folder of modules. So the one whose RECORD lists the modules that are there was
    installed last, and is not left over from an older version. If that decides nothing, it is the
    one with the highest version.
    """
    version = [int(digits) for digits in re.findall("[0-9]{1,9}", found.name_and_version[1])]
    return found.is_whole, found.has_its_modules, version, found.path


def is_abandoned(found: Distribution) -> bool:
    """Tell whether pip was about to delete a distribution."""
    return os.path.basename(found.path).startswith(_ABANDONED)  # noqa: PTH119 - strings are faster


def all_locations(text: bytes) -> Iterator[_Folder | _OtherLocation]:
    """Yield where distributions are: the folders on the path, and what other finders find."""
    # Entries of sys.path that are not strings are ignored, as imports ignore them.
    path = [entry for entry in sys.path if isinstance(entry, str)]
    finders = [each for each in sys.meta_path if getattr(each, "find_distributions", None)]
    if not any(map(_searches_path, finders)):
        # A finder that has replaced PathFinder uses it for imports, but not for distributions.
        finders.append(PathFinder)
    for finder in finders:
        if _searches_path(finder):
            yield from _on_path(finder, path, text)
        else:
            yield _by_library(finder, path, text)


def _searches_path(finder: object) -> bool:
    """Tell whether it is one of the two finders that list the folders of sys.path."""
    kind = finder if isinstance(finder, type) else type(finder)
    return finder is PathFinder or (kind.__module__, kind.__name__) in _LIBRARY_FINDERS


def _on_path(finder: object, path: list[str], text: bytes) -> Iterator[_Folder | _OtherLocation]:
    """Yield the location for each entry of a path: a plain folder, or what the finder finds."""
    for entry in path:
        try:
            children = os.listdir(entry or ".")  # noqa: PTH208 - twice as fast as pathlib
        except NotADirectoryError:
            yield _by_library(finder, [entry], text)  # perhaps a zip file
        except (OSError, ValueError):
            continue  # it does not exist, cannot be read, or cannot be a path
        else:
            yield _Folder(entry or ".", children, text)


def _by_library(finder: object, path: list[str], text: bytes) -> _OtherLocation:
    """Return the distributions that a finder finds until it fails, if it fails."""
    context = metadata.DistributionFinder.Context(path=path)
    found: list[Distribution] = []
    try:
        for each in finder.find_distributions(context):  # type: ignore[attr-defined]
            distribution = DistributionOfLibrary(each)
            distribution.is_hit = _holds(partial(distribution.read, FILE), text)
            found.append(distribution)
    except Exception as error:
        if is_interruption(error):
            raise
        logger.debug("%r cannot list distributions.", finder, exc_info=True)
    return _OtherLocation(found)


def _holds(read: Callable[[int], bytes], text: bytes) -> bool:
    """Tell whether a file contains a text, or may contain it, but must not be read."""
    try:
        data = read(LARGEST + 1)
    except UnreadableError:
        return True
    except OSError:
        return False
    return text in data or len(data) > LARGEST
