"""The installed distributions that may declare plugins, in the order of `importlib.metadata`.

That library reads and parses the entry points of every distribution. For speed, this module
lists the folders on `sys.path` and searches their entry point files for bytes; the library reads
only the few distributions that contain them. Everything but a plain folder (zip files, eggs,
finders of other packages) is left to the library.

The first distribution of a name hides all others of that name, even if it declares no plugin,
because it is the one that an import finds.
"""

import logging
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.machinery import PathFinder
from itertools import chain
from pathlib import Path

logger = logging.getLogger("plugincreds")

FILE = "entry_points.txt"
_ENDINGS = (".dist-info", ".egg-info")
_PIECE = 64 * 1024  # bytes read at once; larger buffers take longer
# O_NONBLOCK, because a file of that name may be a pipe.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_LIBRARY_FINDERS = frozenset({("importlib_metadata", "MetadataPathFinder")})

# A distribution's normalized name, and the distribution; None if it need not be read.
Candidate = tuple[str | None, metadata.Distribution | None]


class _Folder:
    """A plain folder on the path, and the distributions in it."""

    def __init__(self, path: str, children: Iterable[str], text: bytes) -> None:
        self._path = path
        self._own = [child for child in children if child.lower().endswith(_ENDINGS)]
        self._hits = {
            child for child in self._own if _holds(f"{path}{os.sep}{child}{os.sep}{FILE}", text)
        }

    def hits(self) -> list[str | None]:
        """Return the names of the distributions whose entry points contain the text."""
        return [_name_in_folder(self._path, child) for child in self._hits]

    def candidates(self, beginnings: tuple[str, ...]) -> Iterator[Candidate]:
        """Yield the distributions whose names begin in these ways, and perhaps some more."""
        # The library groups the distributions of one name at the position of the first of them.
        groups: dict[str, list[str]] = {}
        for child in self._own:
            lower = child.lower()
            is_odd = not (child.isascii() and child.endswith(_ENDINGS))
            if is_odd or lower.startswith(beginnings):
                name = lower.rpartition(".")[0].partition("-")[0]
                groups.setdefault(_normal(name), []).append(child)
        for child in chain.from_iterable(groups.values()):
            found = _at(self._path, child) if child in self._hits else None
            yield _name_in_folder(self._path, child), found


class _OtherLocation:
    """Any other location, and the distributions that the library or a finder has found there."""

    def __init__(self, found: list[Candidate]) -> None:
        self._found = found

    def hits(self) -> list[str | None]:
        """Return the names of the distributions whose entry points contain the text."""
        return [name for name, distribution in self._found if distribution is not None]

    def candidates(self, _: tuple[str, ...]) -> Iterable[Candidate]:
        """Return all of them."""
        return self._found


def distributions_with(text: str) -> Iterator[metadata.Distribution]:
    """Yield the distributions whose entry points contain a text, the first of each name."""
    locations = list(_locations(text))
    # Others matter only if they have the same name, because they may hide one of these.
    names = {name for location in locations for name in location.hits()}
    beginnings = (".", "-", *((name or "").partition("_")[0] for name in names))
    seen = set()
    for location in locations if names else ():
        for name, distribution in location.candidates(beginnings):
            if name is not None:
                if name in seen:
                    continue
                seen.add(name)
            if distribution is not None:
                yield distribution


def _locations(text: str) -> Iterator[_Folder | _OtherLocation]:
    # Entries of sys.path that are not strings are ignored, as imports ignore them.
    path = [entry for entry in sys.path if isinstance(entry, str)]
    for finder in list(sys.meta_path):
        if getattr(finder, "find_distributions", None) is None:
            continue
        kind = finder if isinstance(finder, type) else type(finder)
        if finder is PathFinder or (kind.__module__, kind.__name__) in _LIBRARY_FINDERS:
            for entry in path:
                yield from _in_entry(finder, entry, text)
        else:
            yield _by_library(finder, path, text)


def _in_entry(finder: object, entry: str, text: str) -> Iterator[_Folder | _OtherLocation]:
    """Yield the location for one entry of the path: a plain folder, or what the finder finds."""
    if not entry.lower().endswith(".egg"):
        try:
            children = os.listdir(entry or ".")  # noqa: PTH208 - twice as fast as pathlib
        except NotADirectoryError:
            pass  # perhaps a zip file
        except (OSError, ValueError):
            return  # it does not exist, cannot be read, or cannot be a path
        else:
            yield _Folder(entry or ".", children, text.encode())
            return
    yield _by_library(finder, [entry], text)


def _name_in_folder(folder: str, child: str) -> str | None:
    stem, ending = os.path.splitext(child)  # noqa: PTH122 - as in the library
    name = stem.partition("-")[0]
    # If the folder's name does not have it, the library takes the name from the metadata.
    return _normal(name) if name and ending in _ENDINGS else _name_of(_at(folder, child))


def _at(folder: str, child: str) -> metadata.PathDistribution:
    return metadata.PathDistribution(Path(folder, child))


def _holds(path: str, text: bytes) -> bool:
    """Tell whether a file contains these bytes; False if it cannot be read."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        pieces = iter(lambda: os.read(descriptor, _PIECE), b"")
        return text in b"".join(pieces)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _by_library(finder: object, path: list[str], text: str) -> _OtherLocation:
    """Return the distributions that a finder finds until it fails, if it fails."""
    context = metadata.DistributionFinder.Context(path=path)
    found: list[Candidate] = []
    try:
        for distribution in finder.find_distributions(context):  # type: ignore[attr-defined]
            wanted = _mentions(distribution, text)
            found.append((_name_of(distribution), distribution if wanted else None))
    except Exception:
        logger.debug("%r cannot list distributions.", finder, exc_info=True)
    return _OtherLocation(found)


def _mentions(distribution: metadata.Distribution, text: str) -> bool:
    try:
        return text in (distribution.read_text(FILE) or "")
    except Exception:
        logger.debug("A distribution's %s cannot be read.", FILE, exc_info=True)
        return False


def _name_of(distribution: metadata.Distribution) -> str | None:
    """Return the name by which the library recognizes distributions of the same name."""
    try:
        name = getattr(distribution, "_normalized_name", None) or distribution.metadata["Name"]
        return _normal(name) if name else None
    except Exception:  # noqa: BLE001 - without a proper name, nothing can hide it
        return None


def _normal(name: str) -> str:
    if "." not in name and "-" not in name and "__" not in name:
        return name.lower()  # a fast path: most names of folders are normalized already
    return re.sub(r"[-_.]+", "-", name).lower().replace("-", "_")
