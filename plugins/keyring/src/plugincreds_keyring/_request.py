"""Whether somebody asks for this plugin by name.

Installed alone, it must not be asked: a keychain may prompt, or take long to say that it is not
there, and one that is locked today must not let another identity sign tomorrow. The contract
does not tell a plugin whether it is selected, so the two places are read where that is written.
Options do not count: a profile that names no plugin may have them for another one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugincreds import PluginContext

_VARIABLE = "AWS_CREDENTIAL_PLUGIN"
_KEY = "credential_plugin"


def is_asked_for(context: PluginContext) -> bool:
    """Tell whether the environment or the profile names the plugin."""
    return _variable_names(context) or _profile_names(context)


def is_selected(context: PluginContext) -> bool:
    """Tell whether it is certain that no other credentials may be used in place of these.

    The variable does not count where the profile is given in code, unless the profile has
    `credential_source = CustomPlugin`; the plugin cannot tell these two apart.
    """
    if _profile_names(context):
        return True
    return _variable_names(context) and context.session.instance_variables().get("profile") is None


def _variable_names(context: PluginContext) -> bool:
    return os.environ.get(_VARIABLE, "").strip() == context.plugin


def _profile_names(context: PluginContext) -> bool:
    profiles = context.session.full_config.get("profiles", {})
    section = profiles.get(context.profile)
    name = section.get(_KEY) if isinstance(section, Mapping) else None
    return isinstance(name, str) and name.strip() == context.plugin
