"""The installed distributions that may declare plugins, in the order in which the library has them.

The library reads and parses every distribution's entry points. Here the folders of `sys.path`
are listed, and only bytes are looked for; the few distributions that hold them are then read
by the library. Whatever is not a plain folder (zip files, eggs, other people's finders) is left
to the library as it is.

The first distribution of a name hides all others of that name, also where it declares
nothing: it is the one that an import finds.
"""

import logging
import os
import re
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
_LIBRARY_FINDERS = frozenset({("importlib_metadata", "MetadataPathFinder")})

# A distribution's name as it is compared, and what reads it; None where nothing is to be read.
Candidate = tuple[str | None, metadata.Distribution | None]


def distributions_with(text: str) -> Iterator[metadata.Distribution]:
    """Yield the distributions whose file of entry points holds a text, the first of each name."""
    seen = set()
    for name, distribution in _candidates(text):
        if name is not None:
            if name in seen:
                continue
            seen.add(name)
        if distribution is not None:
            yield distribution


def _candidates(text: str) -> Iterator[Candidate]:
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
            yield from _by_library(finder, path, text)


def _in_entry(finder: object, entry: str, text: str) -> Iterator[Candidate]:
    """Look at one entry of the path, as a plain folder if it is one."""
    if not entry.lower().endswith(".egg"):
        try:
            children = os.listdir(entry or ".")  # noqa: PTH208 - half the time of pathlib's
        except NotADirectoryError:
            pass  # a zip file, perhaps
        except OSError:
            return  # not there, or not to be read: the library finds nothing, either
        else:
            yield from _in_folder(entry or ".", children, text.encode())
            return
    yield from _by_library(finder, [entry], text)


def _in_folder(folder: str, children: Iterable[str], text: bytes) -> Iterator[Candidate]:
    # The library has those of one name together, where the first of them stands.
    groups: dict[str, list[str]] = {}
    for child in children:
        lower = child.lower()
        if lower.endswith(_ENDINGS):
            name = lower.rpartition(".")[0].partition("-")[0]
            groups.setdefault(_normal(name), []).append(child)
    for child in chain.from_iterable(groups.values()):
        found = _holds(f"{folder}{os.sep}{child}{os.sep}{FILE}", text)
        stem, ending = os.path.splitext(child)  # noqa: PTH122 - what the library does
        name = stem.partition("-")[0]
        if name and ending in _ENDINGS:
            distribution = metadata.PathDistribution(Path(folder, child)) if found else None
            yield _normal(name), distribution
        else:  # the library takes the name from the metadata
            odd = metadata.PathDistribution(Path(folder, child))
            yield _name_of(odd), odd if found else None


def _holds(path: str, text: bytes) -> bool:
    """Tell whether a file holds these bytes; one that cannot be read does not."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return False
    try:
        content = b""
        while piece := os.read(descriptor, _PIECE):
            content += piece
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return text in content


def _by_library(finder: object, path: list[str], text: str) -> Iterator[Candidate]:
    """Ask a finder for what it finds, but go on where it fails."""
    context = metadata.DistributionFinder.Context(path=path)
    try:
        for distribution in finder.find_distributions(context):  # type: ignore[attr-defined]
            found = _mentions(distribution, text)
            yield _name_of(distribution), distribution if found else None
    except Exception:
        logger.debug("%r cannot list distributions.", finder, exc_info=True)


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
    return re.sub(r"[-_.]+", "-", name).lower().replace("-", "_")
