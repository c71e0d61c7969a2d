"""References to plugins that are not loaded: an entry point, or a module that a program passes."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from types import ModuleType

PROVIDER_SYMBOL_NAME = "get_aws_sdk_credential_provider"
OPENED_AS = "__plugincreds_prefix__"  # of a module opened as a file: the prefix of its name


@dataclass(frozen=True, init=False, repr=False, eq=False)
class InstalledPlugin:
    """An installed plugin, not loaded.

    Attributes:
        name: The plugin's name, which selects it.
        value: The value of the entry point: "module:attribute", or a module alone.
        distribution: The name of the package that supplies it.
        version: That package's version.
        location: The folder that the package is installed in, empty if that is not known.
        has_other_getter: Whether a program has named another getter than the entry point's.
    """

    name: str
    value: str
    distribution: str
    version: str
    location: str = field(default="", compare=False)
    has_other_getter: bool = field(default=False, repr=False)

    # What dataclass would generate; that takes longer than to import ten modules.
    def __init__(  # noqa: PLR0913, PLR0917 - its fields
        self,
        name: str,
        value: str,
        distribution: str,
        version: str,
        location: str = "",
        has_other_getter: bool = False,  # noqa: FBT001, FBT002 - a field
    ) -> None:
        vars(self).update(
            name=name,
            value=value,
            distribution=distribution,
            version=version,
            location=location,
            has_other_getter=has_other_getter,
        )

    def __repr__(self) -> str:
        """Show all fields that are facts of the installation."""
        shown = ("name", "value", "distribution", "version", "location")
        return f"InstalledPlugin({', '.join(f'{each}={getattr(self, each)!r}' for each in shown)})"

    def __eq__(self, other: object) -> bool:
        """Compare all fields but the location."""
        if type(other) is not type(self):
            return NotImplemented
        return self._compared == other._compared

    def __hash__(self) -> int:
        """Return the same for equal ones."""
        return hash(self._compared)

    def __getstate__(self) -> list[object]:
        """Return what is pickled; versions 1.0.0 and later read each other's pickles."""
        return [getattr(self, each.name) for each in fields(self)]

    def __setstate__(self, state: Iterable[object]) -> None:
        """Set the fields of a copy or of an unpickled one; 1.0.0 has not pickled the last one."""
        names = (each.name for each in fields(self))
        vars(self).update(zip(names, state, strict=False))

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.name, self.value, self.distribution, self.version, self.has_other_getter

    @property
    def origin(self) -> str:
        """Name and version of the package, as in messages and `PluginError.distribution`."""
        return f"{self.distribution} {self.version}"

    @property
    def label(self) -> str:
        """The plugin's name in messages, as the beginning of a sentence."""
        return f"The credential plugin {self.name!r} of {self.origin}"


class GivenPlugin:
    """A module that a program passes as a plugin, installed or not.

    Attributes:
        module: The module.
        symbol: The name of its getter.
    """

    __slots__ = ("module", "symbol")

    def __init__(self, module: ModuleType, symbol: str = PROVIDER_SYMBOL_NAME) -> None:
        self.module = module
        self.symbol = symbol

    def __eq__(self, other: object) -> bool:
        """Compare the module and the symbol."""
        if not isinstance(other, GivenPlugin):
            return NotImplemented
        return (self.module, self.symbol) == (other.module, other.symbol)

    def __hash__(self) -> int:
        """Return the same for equal ones."""
        return hash((self.module, self.symbol))

    @property
    def name(self) -> str:
        """The module's name, without the prefix of a module that was opened as a file."""
        return self.module.__name__.removeprefix(self.module.__dict__.get(OPENED_AS, ""))

    @property
    def value(self) -> str:
        """Where the getter is, as in the value of an entry point."""
        return f"{self.name}:{self.symbol}"

    @property
    def origin(self) -> str:
        """The module's file; a module that a program passes belongs to no distribution."""
        return getattr(self.module, "__file__", None) or f"module {self.name}"

    @property
    def label(self) -> str:
        """The plugin's name in messages, as the beginning of a sentence."""
        return f"The credential plugin {self.name!r} of {self.origin}"


Plugin = InstalledPlugin | GivenPlugin


def with_symbol(plugin: Plugin, symbol: str) -> Plugin:
    """Return the same plugin with another getter of its module."""
    if isinstance(plugin, GivenPlugin):
        return GivenPlugin(plugin.module, symbol)
    module_name, _ = module_and_attribute(plugin)
    value = f"{module_name}:{symbol}"
    return replace(plugin, value=value, has_other_getter=True)


def module_and_attribute(plugin: Plugin) -> tuple[str, str]:
    """Return the names of a plugin's module and of its getter."""
    if isinstance(plugin, GivenPlugin):
        return plugin.name, plugin.symbol
    module_name, _, attribute = plugin.value.partition("[")[0].partition(":")
    return module_name.strip(), attribute.strip() or PROVIDER_SYMBOL_NAME
