"""Finds the installed plugins by their entry points, without importing them.

`distributions` selects the few distributions that must be read. Their entry points are parsed
here, and no others: since Python 3.15, `importlib.metadata` refuses the whole file for one odd
entry point of any group. The tests compare our results with those of that library and of the
package importlib-metadata.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from plugincreds._errors import PluginNotFoundError, printable
from plugincreds._plugins.distributions import distributions_with
from plugincreds._plugins.metadata import FILE, Distribution, UnreadableError
from plugincreds._redaction import described
from plugincreds._settings import OFF, PLUGIN_KEY, VARIABLE, is_off
from plugincreds._threads import is_interruption

if TYPE_CHECKING:
    from plugincreds._plugins.references import InstalledPlugin

GROUP = "aws_sdk.credential_plugins"
_UNKNOWN = "unknown"
_MOST = 1000  # plugins of one package
_NOT_IN_NAMES = frozenset(" \t,;#\"'")
OFF_BY_MISTAKE = frozenset({"0", "disabled", "false", "no", "null", "off"})

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
        plugins: "Mapping[str, tuple[InstalledPlugin, ...]]" = MappingProxyType({}),
        unreadable: tuple[str, ...] = (),
    ) -> None:
        self.plugins = plugins
        self.unreadable = unreadable

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to ask, and nothing to warn of."""
        return not self.plugins and not self.unreadable

    def the_one(self, name: str, asked_by: str) -> "InstalledPlugin":
        """Return the only plugin of a name.

        Raises:
            PluginNotFoundError: There is none, there are several, or the name is reserved.
        """
        problem = self.fault(name, asked_by)
        if problem is None:
            return self.plugins[name][0]
        message = f"{asked_by} asks for the credential plugin {name!r}, but {problem}."
        raise PluginNotFoundError(message, plugin=name)

    def fault(self, name: str, asked_by: str = "") -> str | None:
        """Return why no plugin can be used by this name, as a part of a sentence, or None.

        Args:
            name: The name.
            asked_by: What asks for it, in the words of a message.
        """
        plugins = self.plugins.get(name, ())
        if is_off(name):
            return f"the name {OFF!r} is reserved; its author must rename it"
        if not plugins:
            return f"it is not installed; {self._near(name, asked_by)}"
        if len(plugins) == 1:
            return None
        origins = sorted({plugin.origin for plugin in plugins})
        if len(origins) == 1:
            return f"{origins[0]} declares it more than once; its authors must fix this"
        return f"more than one package declares it: {' and '.join(origins)}; uninstall all but one"

    def _near(self, name: str, asked_by: str) -> str:
        if not self.plugins:
            known = (
                f"no installed package declares a plugin in the group {GROUP!r}; install the "
                f"package that supplies {name!r}"
            )
        else:
            import difflib  # noqa: PLC0415 - only for this message

            near = (
                difflib.get_close_matches(name, self.plugins)
                or difflib.get_close_matches(name.lower(), self.plugins)
                # A name is often given without a word of it: acme for acme-broker.
                or [known for known in self.plugins if _words_of(name) & _words_of(known)]
            )
            names, install = ", ".join(self.plugins), f"install the package that supplies {name!r}"
            known = f"installed: {names}; {install}, or correct {_setting(asked_by, name)}"
            if near:
                meant = f"did you mean {' or '.join(map(repr, near))}?"
                other = _setting(asked_by, name, near[0])
                known = f"{meant} {other} (installed: {names}), or {install}"
        meant_off = name.lower() in OFF_BY_MISTAKE
        hint = (f"{OFF!r} switches plugins off",) if meant_off else ()
        if _NOT_IN_NAMES & set(name):
            hint = ("a name is one word, and a comment needs its own line",)
        return "; ".join((*hint, known, *self.unreadable))


_discovered: dict[str, Discovery] = {}


def discovered() -> Discovery:
    """Return what is installed; the first call in this process looks it up.

    Two threads may both look at first: then both use what the first of them has found.
    """
    found = _discovered.get(GROUP)
    return _discovered.setdefault(GROUP, discover()) if found is None else found


def forget() -> None:
    """Let the next call look again; meant for tests."""
    _discovered.clear()


def discover(path: list[str] | None = None) -> Discovery:
    """Look for plugins on `sys.path`; of several distributions with one name, the first counts.

    Args:
        path: The folders of another Python, which are searched in place of it.
    """
    found: dict[str, list[InstalledPlugin]] = {}
    unreadable = []
    for distribution in distributions_with(GROUP, path):
        name, version = (printable(each) or _UNKNOWN for each in distribution.name_and_version)
        try:
            declared = list(_declared(distribution))
        except UnreadableError as error:
            unreadable.append(f"{name} {version} has {error}")
            continue
        except Exception as error:  # another package's finder raises anything
            if is_interruption(error):
                raise
            unreadable.append(f"{name} {version} has a malformed {FILE} ({described(error)})")
            continue
        for plugin_name, value in declared:
            plugin = _plugin(plugin_name, value, name, version, distribution.location)
            if plugin_name and plugin_name.isprintable():
                found.setdefault(plugin_name, []).append(plugin)
                continue
            shown = printable(plugin_name) or "an empty one"
            unreadable.append(f"{plugin.origin} declares an unusable name ({shown})")
    plugins = {name: tuple(found[name]) for name in sorted(found)}
    return Discovery(plugins, tuple(unreadable))


def _plugin(
    name: str, value: str, distribution: str, version: str, location: str
) -> "InstalledPlugin":
    from plugincreds._plugins.references import InstalledPlugin  # noqa: PLC0415 - if there is one

    return InstalledPlugin(name, value, distribution, version, location)


def _declared(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each plugin that a distribution declares.

    Raises:
        UnreadableError: The entry points of the group are malformed or too many, or the file
            cannot be read.
    """
    group, count = "", 0
    for line in map(str.strip, distribution.entry_points().splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif group == GROUP and line and not line.startswith("#"):
            name, sign, value = line.partition("=")
            if not sign:
                raise UnreadableError(f"a malformed {FILE} (a line without =)")
            count += 1
            if count > _MOST:
                raise UnreadableError(f"more than {_MOST} plugins")
            yield name.strip(), value.strip()


def _setting(asked_by: str, name: str, other: str = "") -> str:
    """Return the setting that has a name, or how to write another name into it."""
    key = f"{PLUGIN_KEY} = {name} in profile "
    if asked_by == f"{VARIABLE}={name}":
        return f"Set {VARIABLE}={other}" if other else VARIABLE
    if asked_by.startswith(key):
        where = f"in the profile {asked_by.removeprefix(key)}"
        return f"Write {PLUGIN_KEY} = {other} {where}" if other else f"{PLUGIN_KEY} {where}"
    return f"Use {other!r}" if other else "the name"


def _words_of(name: str) -> set[str]:
    return {word for word in re.split("[-_.]", name.lower()) if word}
