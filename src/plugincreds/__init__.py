"""Credential plugins for botocore, boto3 and everything built on them.

A package that declares an entry point in the group `aws_sdk.credential_plugins` supplies
AWS credentials to every program in its environment. Plugin authors and programs may use the
names in `__all__`; everything else in this package is private.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from plugincreds._bindings.base_sessions import base_environ, base_session
    from plugincreds._bindings.in_code import (
        create_session,
        get_plugin_provider_fns,
        get_plugin_provider_fns_by_name,
        new_credentials,
    )
    from plugincreds._contract import CredentialPlugin, Declined, PluginContext, Value
    from plugincreds._errors import (
        InvalidSymbolError,
        LookupSymbolError,
        NonRecoverableError,
        PluginError,
        PluginIsExpiredNilError,
        PluginNotFoundError,
        PluginProviderRetrieveError,
        PluginRetrieveNilError,
        RecoverableError,
    )
    from plugincreds._lifecycle.cache import CredentialsCache
    from plugincreds._opening import open_plugin
    from plugincreds._plugins.references import PROVIDER_SYMBOL_NAME, InstalledPlugin
    from plugincreds._provider import Provider
    from plugincreds._registry import installed_plugins, reset
    from plugincreds._settings import PROVIDER_NAME

    # plugincreds_startup is a single file, which cannot declare that it has type information.
    def install() -> None:
        """Add plugins to botocore's credential chain; calling it again does nothing."""

    def uninstall() -> None:
        """Undo `install()`; sessions that have already built their chain keep it."""


__all__ = [
    "PROVIDER_NAME",
    "PROVIDER_SYMBOL_NAME",
    "CredentialPlugin",
    "CredentialsCache",
    "Declined",
    "InstalledPlugin",
    "InvalidSymbolError",
    "LookupSymbolError",
    "NonRecoverableError",
    "PluginContext",
    "PluginError",
    "PluginIsExpiredNilError",
    "PluginNotFoundError",
    "PluginProviderRetrieveError",
    "PluginRetrieveNilError",
    "Provider",
    "RecoverableError",
    "Value",
    "base_environ",
    "base_session",
    "create_session",
    "get_plugin_provider_fns",
    "get_plugin_provider_fns_by_name",
    "install",
    "installed_plugins",
    "new_credentials",
    "open_plugin",
    "reset",
    "uninstall",
]

# The module of each name, imported when the name is first used. Every chain of botocore imports
# this package, and most of them never need more than the provider.
_MODULES = {
    "CredentialPlugin": "plugincreds._contract",
    "CredentialsCache": "plugincreds._lifecycle.cache",
    "Declined": "plugincreds._contract",
    "InstalledPlugin": "plugincreds._plugins.references",
    "InvalidSymbolError": "plugincreds._errors",
    "LookupSymbolError": "plugincreds._errors",
    "NonRecoverableError": "plugincreds._errors",
    "PROVIDER_NAME": "plugincreds._settings",
    "PROVIDER_SYMBOL_NAME": "plugincreds._plugins.references",
    "PluginContext": "plugincreds._contract",
    "PluginError": "plugincreds._errors",
    "PluginIsExpiredNilError": "plugincreds._errors",
    "PluginNotFoundError": "plugincreds._errors",
    "PluginProviderRetrieveError": "plugincreds._errors",
    "PluginRetrieveNilError": "plugincreds._errors",
    "Provider": "plugincreds._provider",
    "RecoverableError": "plugincreds._errors",
    "Value": "plugincreds._contract",
    "base_environ": "plugincreds._bindings.base_sessions",
    "base_session": "plugincreds._bindings.base_sessions",
    "create_session": "plugincreds._bindings.in_code",
    "get_plugin_provider_fns": "plugincreds._bindings.in_code",
    "get_plugin_provider_fns_by_name": "plugincreds._bindings.in_code",
    "install": "plugincreds_startup",
    "installed_plugins": "plugincreds._registry",
    "new_credentials": "plugincreds._bindings.in_code",
    "open_plugin": "plugincreds._opening",
    "reset": "plugincreds._registry",
    "uninstall": "plugincreds_startup",
}


def _imported(name: str) -> typing.Any:
    """Import and return a public name."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES[name]
    # The parent first: another thread may be importing it, and wait for the child.
    importlib.import_module(module.rpartition(".")[0] or module)
    member = getattr(importlib.import_module(module), name)
    if isinstance(member, type):
        member.__module__ = __name__  # so that tracebacks show the public name
    globals()[name] = member
    return member


if not typing.TYPE_CHECKING:  # else type checkers would accept any misspelt name
    __getattr__ = _imported


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
