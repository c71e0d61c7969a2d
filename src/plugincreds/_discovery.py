"""Entry points -> candidates. Imports no plugin.

Entry points are read through the standard library: for boto3's users it is already
imported, and on Python 3.10 to 3.13 it took between a third and a sixth of the time that the
package importlib-metadata 10.2 took (300 distributions: 11 to 16 ms against 26 to 39 ms).
The package is what the tests hold our answers against.

A distribution is read by itself, so that a malformed file in somebody else's package cannot
hide the plugins of all others, as it does in `importlib.metadata.entry_points()`.
"""

import difflib
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata

from plugincreds._errors import PluginNotFoundError, described
from plugincreds._plugin import InstalledPlugin
from plugincreds._settings import OFF, is_off

GROUP = "aws_sdk.credential_plugins"
_FILE = "entry_points.txt"
_UNKNOWN = "unknown"
_NOT_IN_NAMES = frozenset(" \t,;#\"'")
_OFF_BY_MISTAKE = frozenset({"0", "disabled", "false", "no", "null", "off"})

logger = logging.getLogger("plugincreds")


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one look at `sys.path` found.

    Attributes:
        plugins: The plugins by name, in order of name; several where several packages
            declare the same one.
        unreadable: What is wrong with packages that declare plugins in a way that cannot
            be read, one sentence each.
    """

    plugins: Mapping[str, tuple[InstalledPlugin, ...]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    def the_one(self, name: str, asked_by: str) -> InstalledPlugin:
        """Return the plugin of a name.

        Raises:
            PluginNotFoundError: There is none, there are several, or the name is reserved.
        """
        problem = self.fault(name)
        if problem is None:
            return self.plugins[name][0]
        message = f"{asked_by} asks for the credential plugin {name!r}, but {problem}."
        raise PluginNotFoundError(message, plugin=name)

    def fault(self, name: str) -> str | None:
        """Return why no plugin can be used by a name, as a part of a sentence, or None."""
        plugins = self.plugins.get(name, ())
        if is_off(name):
            return f"the name {OFF!r} is reserved; its author must rename it"
        if not plugins:
            return f"it is not installed; {self._near(name)}"
        if len(plugins) == 1:
            return None
        origins = " and ".join(sorted(plugin.origin for plugin in plugins))
        return f"more than one package declares it: {origins}; uninstall all but one"

    def _near(self, name: str) -> str:
        if not self.plugins:
            known = f"nothing is, in the group {GROUP!r}; install the package that supplies it"
        else:
            near = difflib.get_close_matches(name, self.plugins) or difflib.get_close_matches(
                name.lower(), self.plugins
            )
            meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
            known = (
                f"{meant}installed: {', '.join(self.plugins)}; install the package that supplies "
                "it, or correct the name"
            )
        meant_off = name.lower() in _OFF_BY_MISTAKE
        hint = (f"{OFF!r} switches plugins off",) if meant_off else ()
        if _NOT_IN_NAMES & set(name):
            hint = ("a name is one word, and a comment needs a line of its own",)
        return "; ".join((*hint, known, *self.unreadable))


def discover() -> Discovery:
    """Look for plugins on `sys.path`; the first distribution of a name wins, as ever there."""
    found: dict[str, list[InstalledPlugin]] = {}
    unreadable = []
    for distribution in _with_plugins():
        try:
            for plugin in _plugins(distribution):
                found.setdefault(plugin.name, []).append(plugin)
        except Exception as error:  # noqa: BLE001 - the library raises what it likes on bad files
            name, version = _name_and_version(distribution)
            unreadable.append(f"{name} {version} has a malformed {_FILE} ({described(error)})")
    plugins = {name: tuple(found[name]) for name in sorted(found)}
    return Discovery(plugins, tuple(unreadable))


def _with_plugins() -> Iterator[metadata.Distribution]:
    """Yield the first distribution of each name, if any of that name declares plugins."""
    seen = set()
    for distribution in _distributions():
        if _mentions_group(distribution):
            name, _ = _name_and_version(distribution)
            normal_name = re.sub(r"[-_.]+", "-", name).lower()
            if name == _UNKNOWN:
                yield distribution
            elif normal_name not in seen:
                seen.add(normal_name)
                yield _first_of(name) or distribution


def _distributions() -> Iterator[metadata.Distribution]:
    """Yield what the library yields, but go on where one finder fails.

    What is no str in `sys.path` is passed over, as imports do.
    """
    path = [entry for entry in sys.path if isinstance(entry, str)]
    context = metadata.DistributionFinder.Context(path=path)
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_distributions", None)
        if find is not None:
            try:
                yield from find(context)
            except Exception:
                logger.debug("%r cannot list distributions.", finder, exc_info=True)


def _mentions_group(distribution: metadata.Distribution) -> bool:
    try:
        return GROUP in (distribution.read_text(_FILE) or "")
    except Exception:
        logger.debug("A distribution's %s cannot be read.", _FILE, exc_info=True)
        return False


def _first_of(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except Exception:  # noqa: BLE001 - metadata without a proper name cannot be shadowed
        return None


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    try:
        return distribution.metadata["Name"] or _UNKNOWN, distribution.version or _UNKNOWN
    except Exception:  # noqa: BLE001 - half a distribution still has plugins
        return _UNKNOWN, _UNKNOWN


def _location(distribution: metadata.Distribution) -> str:
    try:
        return str(distribution.locate_file(""))
    except Exception:  # noqa: BLE001 - it is just for people
        return ""


def _plugins(distribution: metadata.Distribution) -> list[InstalledPlugin]:
    name, version = _name_and_version(distribution)
    location = _location(distribution)
    entry_points = distribution.entry_points
    return [
        InstalledPlugin(entry_point.name, entry_point.value, name, version, location)
        for entry_point in entry_points
        if entry_point.group == GROUP
    ]
