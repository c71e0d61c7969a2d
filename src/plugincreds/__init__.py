"""Credential plugins for botocore, boto3 and whatever is built on them.

A package that declares an entry point in the group `aws_sdk.credential_plugins` supplies
AWS credentials to every program in its environment. The rest of this package is private;
what is listed in `__all__` is what plugin authors and programs may use.
"""

from plugincreds._bindings._base_sessions import base_session
from plugincreds._bindings._credentials import PROVIDER_NAME
from plugincreds._bindings._in_code import (
    create_session,
    get_plugin_provider_fns,
    get_plugin_provider_fns_by_name,
    new_credentials,
)
from plugincreds._contract import CredentialPlugin, PluginContext, Value
from plugincreds._errors import (
    InvalidSymbolError,
    LookupSymbolError,
    NonRecoverableError,
    PluginError,
    PluginIsExpiredNilError,
    PluginNotFoundError,
    PluginProviderRetrieveError,
    PluginRetrieveNilError,
)
from plugincreds._opening import open_plugin
from plugincreds._plugin import PROVIDER_SYMBOL_NAME, InstalledPlugin
from plugincreds._provider import Provider
from plugincreds._refresh import CredentialsCache
from plugincreds._source import installed_plugins, reset
from plugincreds_startup import install, uninstall

__all__ = [
    "PROVIDER_NAME",
    "PROVIDER_SYMBOL_NAME",
    "CredentialPlugin",
    "CredentialsCache",
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
    "Value",
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

# Tracebacks and documentation say where people import a class from.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
