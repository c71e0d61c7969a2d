"""The only place that knows AWS packages. Each binding is handed the module it binds to.

That module need not be the installed botocore's: the AWS CLI brings a copy of its own.
"""

import os
from types import ModuleType
from typing import Any

from plugincreds._bindings import botocore
from plugincreds._errors import PluginError
from plugincreds._settings import Selected, selection

__all__ = ["extend_resolver"]


def extend_resolver(module: ModuleType, resolver: Any, session: Any) -> Any:
    """Return the resolver that `module.create_credential_resolver` made, with plugins in it."""
    if module.__name__.startswith("aiobotocore."):
        return _without_plugins(resolver, session)
    return botocore.extend(module, resolver, session)


def _without_plugins(resolver: Any, session: Any) -> Any:
    """Return aiobotocore's chain as it is, unless that would use another identity."""
    in_code = session.instance_variables().get("profile") is not None
    chosen = selection(os.environ, profile_in_code=in_code)
    if isinstance(chosen, Selected):
        message = (
            f"{chosen.asked_by} asks for a credential plugin, which this version of plugincreds "
            f"cannot give to aiobotocore. Use botocore or boto3, or {chosen.remedy}."
        )
        raise PluginError(message, plugin=chosen.name)
    return resolver
