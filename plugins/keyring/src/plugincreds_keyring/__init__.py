"""AWS keys from the operating system's keychain: the credential plugin `keyring`.

The two getters differ in one thing. `get_provider` is what the entry point names, and declines
unless somebody asks for the plugin by name or has stored something for the profile;
`get_aws_sdk_credential_provider` is for programs that hand this module to
`plugincreds.create_session`, and so have asked already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugincreds import PluginContext

    from plugincreds_keyring._plugin import KeyringPlugin

__all__ = ["get_aws_sdk_credential_provider", "get_provider"]


def get_provider(context: PluginContext) -> KeyringPlugin | None:
    """Return the plugin, or decline where nobody names it and nothing is stored here."""
    from plugincreds_keyring._request import is_asked_for, is_selected  # noqa: PLC0415 - rare

    if not is_asked_for(context):
        return None
    from plugincreds_keyring._plugin import KeyringPlugin  # noqa: PLC0415 - as above

    return KeyringPlugin(context, may_decline=lambda: not is_selected(context))


def get_aws_sdk_credential_provider(context: PluginContext) -> KeyringPlugin:
    """Return the plugin, for a program that has chosen it in code."""
    from plugincreds_keyring._plugin import KeyringPlugin  # noqa: PLC0415 - keep imports quick

    return KeyringPlugin(context)
