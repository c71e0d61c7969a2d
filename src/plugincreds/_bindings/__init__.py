"""Adapts plugins to botocore, the AWS CLI's copy of it, and aiobotocore.

This is the only package that knows how these work. Each binding gets the module that it binds
to, which need not be the installed botocore's: the AWS CLI has its own copy.
"""

import sys
from types import ModuleType
from typing import Any

from plugincreds._bindings.chain import Binding
from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import profiles_of
from plugincreds._settings import asks_for_plugin

__all__ = ["extend_profile", "extend_resolver"]

_AIO = "aiobotocore.credentials"


def extend_resolver(module: ModuleType, resolver: Any, session: Any) -> Any:
    """Return the resolver from `module.create_credential_resolver`, with plugins added."""
    return _binding(module).extend_resolver(resolver, session)


def extend_profile(
    module: ModuleType, builder: Any, providers: list[Any], profile: str
) -> list[Any]:
    """Return the list from `module.ProfileProviderBuilder.providers`, with the profile's plugin."""
    # aiobotocore's builders inherit the method from botocore's.
    if any(kind.__module__ == _AIO for kind in type(builder).__mro__):
        module = sys.modules[_AIO]
    session = builder._session  # noqa: SLF001 - no public name leads to it; a test pins this one
    if not asks_for_plugin(profiles_of(session).get(profile, {})):
        return providers
    return _binding(module).extend_profile(providers, session, profile)


def _binding(module: ModuleType) -> Binding:
    if module.__name__ != _AIO:
        return Binding(module, PluginProvider)
    from plugincreds._bindings.aiobotocore import AioPluginProvider  # noqa: PLC0415 - optional

    return Binding(module, AioPluginProvider)
