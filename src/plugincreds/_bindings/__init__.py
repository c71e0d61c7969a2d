"""The only place that knows AWS packages. Each binding is handed the module it binds to.

That module need not be the installed botocore's: the AWS CLI brings a copy of its own.
"""

import os
from types import ModuleType
from typing import Any

from plugincreds._bindings._chain import Binding
from plugincreds._bindings.botocore import PluginProvider
from plugincreds._errors import PluginError
from plugincreds._selection import Selected, chain_selection

__all__ = ["extend_profile", "extend_resolver"]


def extend_resolver(module: ModuleType, resolver: Any, session: Any) -> Any:
    """Return the resolver that `module.create_credential_resolver` made, with plugins in it."""
    if module.__name__.startswith("aiobotocore."):
        return _without_plugins(resolver, session)
    return Binding(module, PluginProvider).extend_resolver(resolver, session)


def extend_profile(
    module: ModuleType, builder: Any, providers: list[Any], profile: str
) -> list[Any]:
    """Return what `module.ProfileProviderBuilder.providers` gave, with the profile's plugin."""
    session = builder._session  # noqa: SLF001 - a test pins it; there is no other way to the session
    return Binding(module, PluginProvider).extend_profile(providers, session, profile)


def _without_plugins(resolver: Any, session: Any) -> Any:
    """Return aiobotocore's chain as it is, unless that would use another identity."""
    in_code = session.instance_variables().get("profile") is not None
    chosen = chain_selection(os.environ, {}, profile_in_code=in_code)
    if isinstance(chosen, Selected):
        message = (
            f"{chosen.asked_by} asks for a credential plugin, which this version of plugincreds "
            f"cannot give to aiobotocore. Use botocore or boto3, or {chosen.remedy}."
        )
        raise PluginError(message, plugin=chosen.name)
    return resolver
