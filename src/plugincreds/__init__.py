"""Credential plugins for botocore, boto3 and whatever is built on them.

A package that declares an entry point in the group `aws_sdk.credential_plugins` supplies
AWS credentials to every program in its environment. The rest of this package is private;
what is listed in `__all__` is what plugin authors and programs may use.
"""

from plugincreds._bindings.botocore import base_session
from plugincreds._contract import CredentialPlugin, PluginContext, Value
from plugincreds._discovery import InstalledPlugin
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
from plugincreds._loading import PROVIDER_SYMBOL_NAME
from plugincreds._refresh import CredentialsCache
from plugincreds._source import installed_plugins, reset
from plugincreds_startup import install, uninstall

__all__ = [
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
    "Value",
    "base_session",
    "install",
    "installed_plugins",
    "reset",
    "uninstall",
]

# Tracebacks and documentation say where people import a class from.
for _name in __all__:
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = __name__
