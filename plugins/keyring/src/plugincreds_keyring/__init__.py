"""AWS keys from the operating system's keychain: the credential plugin `keyring`.

The two getters differ in one thing. `get_provider` is what the entry point names: it declines
where the plugin is not selected. `get_aws_sdk_credential_provider` is for programs that hand this
module to `plugincreds.create_session`, which selects it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugincreds import Declined

if TYPE_CHECKING:
    from plugincreds import PluginContext

    from plugincreds_keyring._plugin import KeyringPlugin

__all__ = ["get_aws_sdk_credential_provider", "get_provider"]


def get_provider(context: PluginContext) -> KeyringPlugin | Declined:
    """Return the plugin, or decline where it is not selected."""
    if context._is_selected:  # noqa: SLF001 - between these two packages of one project
        return get_aws_sdk_credential_provider(context)
    from plugincreds_keyring._leftover import warn_of_leftover  # noqa: PLC0415 - as below

    warn_of_leftover(context)
    return Declined("it answers only where a setting selects it")


def get_aws_sdk_credential_provider(context: PluginContext) -> KeyringPlugin:
    """Return the plugin, for a program that has chosen it in code."""
    from plugincreds_keyring._plugin import KeyringPlugin  # noqa: PLC0415 - a decline is quick

    return KeyringPlugin(context)
