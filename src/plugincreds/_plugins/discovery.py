"""Finds the installed plugins by their entry points, without importing them.

Entry points are read with the standard library's `importlib.metadata`, which boto3 has imported
already. The package importlib-metadata takes two to three times as long; the tests compare our
results with its own. `distributions` selects the few distributions that must be read.
"""

import logging
from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType

from plugincreds._errors import PluginNotFoundError
from plugincreds._plugins.distributions import FILE, distributions_with
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._redaction import described, printable
from plugincreds._settings import OFF, is_off

GROUP = "aws_sdk.credential_plugins"
_UNKNOWN = "unknown"
_NOT_IN_NAMES = frozenset(" \t,;#\"'")
_OFF_BY_MISTAKE = frozenset({"0", "disabled", "false", "no", "null", "off"})

logger = logging.getLogger("plugincreds")


class Discovery:
    """The plugins found on `sys.path`.

    Attributes:
        plugins: The plugins by name, in order of name; several if several packages declare the
            same name.
        unreadable: What is wrong with packages whose plugins cannot be read, one sentence for
            each.
    """

    def __init__(
        self,
        plugins: Mapping[str, tuple[InstalledPlugin, ...]] = MappingProxyType({}),
        unreadable: tuple[str, ...] = (),
    ) -> None:
        self.plugins = plugins
        self.unreadable = unreadable

    def the_one(self, name: str, asked_by: str) -> InstalledPlugin:
        """Return the only plugin of a name.

        Raises:
            PluginNotFoundError: There is none, there are several, or the name is reserved.
        """
        problem = self.fault(name)
        if problem is None:
            return self.plugins[name][0]
        message = f"{asked_by} asks for the credential plugin {name!r}, but {problem}."
        raise PluginNotFoundError(message, plugin=name)

    def fault(self, name: str) -> str | None:
        """Return why no plugin can be used by this name, as a part of a sentence, or None."""
        plugins = self.plugins.get(name, ())
        if is_off(name):
            return f"the name {OFF!r} is reserved; its author must rename it"
        if not plugins:
            return f"it is not installed; {self._near(name)}"
        if len(plugins) == 1:
            return None
        # An interrupted pip may leave two copies of a package, which differ only in their folder.
        alike = len({plugin.origin for plugin in plugins}) < len(plugins)
        named = (f"{each.origin} in {each.location}" if alike else each.origin for each in plugins)
        origins = " and ".join(sorted(named))
        return f"more than one package declares it: {origins}; uninstall all but one"

    def _near(self, name: str) -> str:
        if not self.plugins:
            known = (
                f"no installed package declares a plugin in the group {GROUP!r}; install the one "
                "that supplies it"
            )
        else:
            import difflib  # noqa: PLC0415 - only for this message

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
            hint = ("a name is one word, and a comment needs its own line",)
        return "; ".join((*hint, known, *self.unreadable))


def discover() -> Discovery:
    """Look for plugins on `sys.path`; of several distributions with one name, the first counts."""
    found: dict[str, list[InstalledPlugin]] = {}
    unreadable = []
    for distribution in distributions_with(GROUP):
        try:
            for plugin in _plugins(distribution):
                if plugin.name and plugin.name.isprintable():
                    found.setdefault(plugin.name, []).append(plugin)
                    continue
                name = printable(plugin.name) or "an empty one"
                unreadable.append(f"{plugin.origin} declares an unusable name ({name})")
        except Exception as error:  # noqa: BLE001 - the library raises anything for malformed files
            name, version = _name_and_version(distribution)
            unreadable.append(f"{name} {version} has a malformed {FILE} ({described(error)})")
    plugins = {name: tuple(found[name]) for name in sorted(found)}
    return Discovery(plugins, tuple(unreadable))


def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    try:
        facts = distribution.metadata  # once, because each access reads and parses the file
        name, version = (printable(facts[key] or _UNKNOWN) for key in ("Name", "Version"))
    except Exception:  # noqa: BLE001 - a distribution with damaged metadata may still have plugins
        name, version = _UNKNOWN, _UNKNOWN
    return name, version


def _location(distribution: metadata.Distribution) -> str:
    try:
        return str(distribution.locate_file(""))
    except Exception:  # noqa: BLE001 - only messages need it
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
