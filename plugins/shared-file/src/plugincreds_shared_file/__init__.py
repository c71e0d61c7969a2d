"""Credentials that another tool rewrites in `~/.aws/credentials`: the plugin `shared-file`.

The two getters differ in one thing. `get_provider` is what the entry point names: it declines
where the plugin is not selected. `get_aws_sdk_credential_provider` is for programs that pass this
module to `plugincreds.create_session`, which selects it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugincreds import Declined

if TYPE_CHECKING:
    from plugincreds import PluginContext

    from plugincreds_shared_file._plugin import SharedFilePlugin

__all__ = ["get_aws_sdk_credential_provider", "get_provider"]


def get_provider(context: PluginContext) -> SharedFilePlugin | Declined:
    """Return the plugin, or decline where it is not selected."""
    if not context._is_selected:  # noqa: SLF001 - between these two packages of one project
        return Declined("it answers only where it is selected")
    return get_aws_sdk_credential_provider(context)


def get_aws_sdk_credential_provider(context: PluginContext) -> SharedFilePlugin:
    """Return the plugin, for a program that has chosen it in code."""
    from plugincreds_shared_file._plugin import SharedFilePlugin  # noqa: PLC0415 - a decline is quick

    return SharedFilePlugin(context)
