"""AWS keys from the operating system's keychain: the credential plugin `keyring`.

The two getters differ in one thing. `get_provider` is what the entry point names: it declines
where the plugin is not selected. `get_aws_sdk_credential_provider` is for programs that hand this
module to `plugincreds.create_session`, which selects it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugincreds import PluginContext

    from plugincreds_keyring._plugin import KeyringPlugin

__all__ = ["get_aws_sdk_credential_provider", "get_provider"]


def get_provider(context: PluginContext) -> KeyringPlugin | None:
    """Return the plugin, or decline where it is not selected."""
    return get_aws_sdk_credential_provider(context) if _is_selected(context) else None


def get_aws_sdk_credential_provider(context: PluginContext) -> KeyringPlugin:
    """Return the plugin, for a program that has chosen it in code."""
    from plugincreds_keyring._plugin import KeyringPlugin  # noqa: PLC0415 - a decline is quick

    return KeyringPlugin(context)


def _is_selected(context: PluginContext) -> bool:
    """Tell whether the profile or the environment variable names the plugin.

    A getter is not told whether it is selected, so both places are read. The variable does not
    count where the profile is given in code, unless that has `credential_source = CustomPlugin`.
    """
    profile = context.session.full_config.get("profiles", {}).get(context.profile)
    section = profile if isinstance(profile, Mapping) else {}
    if str(section.get("credential_plugin", "")).strip() == context.plugin:
        return True
    if os.environ.get("AWS_CREDENTIAL_PLUGIN", "").strip() != context.plugin:
        return False
    is_in_code = context.session.instance_variables().get("profile") is not None
    return not is_in_code or section.get("credential_source") == "CustomPlugin"
