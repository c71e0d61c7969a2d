"""What names a plugin that is not loaded: an entry point, or a module that a program hands over."""

from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import NamedTuple

PROVIDER_SYMBOL_NAME = "get_aws_sdk_credential_provider"
OPENED_AS = "__plugincreds_prefix__"  # of the name of a module that was opened as a file


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """An installed plugin, not loaded.

    Attributes:
        name: The plugin's name, which selects it.
        value: Where its getter is: "module:attribute", or a module alone.
        distribution: The name of the package that supplies it.
        version: That package's version.
        location: The folder that the package is installed in, empty where that is not known.
        has_other_getter: Whether a program has named another getter than the entry point's.
    """

    name: str
    value: str
    distribution: str
    version: str
    location: str = field(default="", compare=False)
    has_other_getter: bool = field(default=False, repr=False)

    @property
    def origin(self) -> str:
        """Name and version of the package, as messages and `PluginError.distribution` say it."""
        return f"{self.distribution} {self.version}"

    @property
    def label(self) -> str:
        """The plugin as messages call it."""
        return f"The credential plugin {self.name!r} of {self.origin}"


class GivenPlugin(NamedTuple):
    """A module that a program hands over as a plugin, installed or not.

    Attributes:
        module: The module.
        symbol: The name of its getter.
    """

    module: ModuleType
    symbol: str = PROVIDER_SYMBOL_NAME

    @property
    def name(self) -> str:
        """The module's name, without the prefix of those that were opened as files."""
        return self.module.__name__.removeprefix(self.module.__dict__.get(OPENED_AS, ""))

    @property
    def value(self) -> str:
        """Where the getter is, as entry points say it."""
        return f"{self.name}:{self.symbol}"

    @property
    def origin(self) -> str:
        """The module's file; a module that is given to a program belongs to no distribution."""
        return getattr(self.module, "__file__", None) or f"module {self.name}"

    @property
    def label(self) -> str:
        """The plugin as messages call it."""
        return f"The credential plugin {self.name!r} of {self.origin}"


Plugin = InstalledPlugin | GivenPlugin


def with_symbol(plugin: Plugin, symbol: str) -> Plugin:
    """Return the same plugin with another getter of its module."""
    if isinstance(plugin, GivenPlugin):
        return plugin._replace(symbol=symbol)
    module_name, _ = module_and_attribute(plugin)
    value = f"{module_name}:{symbol}"
    return replace(plugin, value=value, has_other_getter=True)


def module_and_attribute(plugin: Plugin) -> tuple[str, str]:
    """Return the names of a plugin's module and of its getter."""
    if isinstance(plugin, GivenPlugin):
        return plugin.name, plugin.symbol
    module_name, _, attribute = plugin.value.partition("[")[0].partition(":")
    return module_name.strip(), attribute.strip() or PROVIDER_SYMBOL_NAME
