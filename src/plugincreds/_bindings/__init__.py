"""The only place that knows AWS packages. Each binding is given the module that it binds to.

That module need not be the installed botocore's: the AWS CLI brings a copy of its own.
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
    """Return the resolver that `module.create_credential_resolver` made, with plugins in it."""
    return _binding(module).extend_resolver(resolver, session)


def extend_profile(
    module: ModuleType, builder: Any, providers: list[Any], profile: str
) -> list[Any]:
    """Return what `module.ProfileProviderBuilder.providers` gave, with the profile's plugin."""
    # aiobotocore's builders inherit the method from botocore's.
    if any(kind.__module__ == _AIO for kind in type(builder).__mro__):
        module = sys.modules[_AIO]
    session = builder._session  # noqa: SLF001 - a test pins it; there is no other way to the session
    if not asks_for_plugin(profiles_of(session).get(profile, {})):
        return providers
    return _binding(module).extend_profile(providers, session, profile)


def _binding(module: ModuleType) -> Binding:
    if module.__name__ != _AIO:
        return Binding(module, PluginProvider)
    from plugincreds._bindings.aiobotocore import AioPluginProvider  # noqa: PLC0415 - in its world

    return Binding(module, AioPluginProvider)
