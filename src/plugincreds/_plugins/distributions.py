"""The installed distributions that may declare plugins, in the order in which the library has them.

The library reads and parses every distribution's entry points. Here the folders of `sys.path`
are listed, and only bytes are looked for; the few distributions that hold them are then named
and read by the library. Whatever is not a plain folder (zip files, eggs, other people's
finders) is left to the library as it is.

The first distribution of a name hides all others of that name, also where it declares
nothing: it is the one that an import finds.
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
# Whatever has that name, a pipe perhaps, must not be waited for.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_LIBRARY_FINDERS = frozenset({("importlib_metadata", "MetadataPathFinder")})

# A distribution's name as it is compared, and what reads it; None where nothing is to be read.
Candidate = tuple[str | None, metadata.Distribution | None]


class _Folder:
    """The distributions in one plain folder of the path."""

    def __init__(self, path: str, children: Iterable[str], text: bytes) -> None:
        self._path = path
        self._own = [child for child in children if child.lower().endswith(_ENDINGS)]
        self._hits = {
            child for child in self._own if _holds(f"{path}{os.sep}{child}{os.sep}{FILE}", text)
        }

    def hits(self) -> list[str | None]:
        """Return the names of those that hold the text."""
        return [_name_in_folder(self._path, child) for child in self._hits]

    def candidates(self, beginnings: tuple[str, ...]) -> Iterator[Candidate]:
        """Yield those of certain names, and perhaps some more."""
        # The library has those of one name together, where the first of them stands.
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


class _Found:
    """The distributions that a finder of the library, or of somebody else, has found."""

    def __init__(self, found: list[Candidate]) -> None:
        self._found = found

    def hits(self) -> list[str | None]:
        """Return the names of those that hold the text."""
        return [name for name, distribution in self._found if distribution is not None]

    def candidates(self, _: tuple[str, ...]) -> Iterable[Candidate]:
        """Return all of them."""
        return self._found


def distributions_with(text: str) -> Iterator[metadata.Distribution]:
    """Yield the distributions whose file of entry points holds a text, the first of each name."""
    lots = list(_lots(text))
    # Nobody wants to know of the others: only one of the same name can hide one of these.
    names = {name for lot in lots for name in lot.hits()}
    beginnings = (".", "-", *((name or "").partition("_")[0] for name in names))
    seen = set()
    for lot in lots if names else ():
        for name, distribution in lot.candidates(beginnings):
            if name is not None:
                if name in seen:
                    continue
                seen.add(name)
            if distribution is not None:
                yield distribution


def _lots(text: str) -> Iterator[_Folder | _Found]:
    # What is no str in sys.path is passed over, as imports do.
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


def _in_entry(finder: object, entry: str, text: str) -> Iterator[_Folder | _Found]:
    """Look at one entry of the path, as a plain folder if it is one."""
    if not entry.lower().endswith(".egg"):
        try:
            children = os.listdir(entry or ".")  # noqa: PTH208 - half the time of pathlib's
        except NotADirectoryError:
            pass  # a zip file, perhaps
        except (OSError, ValueError):
            return  # not there, or not to be read, or no name of a folder
        else:
            yield _Folder(entry or ".", children, text.encode())
            return
    yield _by_library(finder, [entry], text)


def _name_in_folder(folder: str, child: str) -> str | None:
    stem, ending = os.path.splitext(child)  # noqa: PTH122 - what the library does
    name = stem.partition("-")[0]
    # Without a name there, the library takes the one in the metadata.
    return _normal(name) if name and ending in _ENDINGS else _name_of(_at(folder, child))


def _at(folder: str, child: str) -> metadata.PathDistribution:
    return metadata.PathDistribution(Path(folder, child))


def _holds(path: str, text: bytes) -> bool:
    """Tell whether a file holds these bytes; one that cannot be read does not."""
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


def _by_library(finder: object, path: list[str], text: str) -> _Found:
    """Ask a finder for what it finds, up to where it fails."""
    context = metadata.DistributionFinder.Context(path=path)
    found: list[Candidate] = []
    try:
        for distribution in finder.find_distributions(context):  # type: ignore[attr-defined]
            wanted = _mentions(distribution, text)
            found.append((_name_of(distribution), distribution if wanted else None))
    except Exception:
        logger.debug("%r cannot list distributions.", finder, exc_info=True)
    return _Found(found)


def _mentions(distribution: metadata.Distribution, text: str) -> bool:
    try:
        return text in (distribution.read_text(FILE) or "")
    except Exception:
        logger.debug("A distribution's %s cannot be read.", FILE, exc_info=True)
        return False


def _name_of(distribution: metadata.Distribution) -> str | None:
    """Return the name by which the library tells whether it has seen a distribution."""
    try:
        name = getattr(distribution, "_normalized_name", None) or distribution.metadata["Name"]
        return _normal(name) if name else None
    except Exception:  # noqa: BLE001 - metadata without a proper name cannot be shadowed
        return None


def _normal(name: str) -> str:
    if "." not in name and "-" not in name and "__" not in name:
        return name.lower()  # as most are in the names of folders
    return re.sub(r"[-_.]+", "-", name).lower().replace("-", "_")
