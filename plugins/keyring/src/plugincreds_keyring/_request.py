"""Whether the plugin is to answer: somebody names it, or something is stored for the profile.

Installed alone, it must not answer: a keychain may prompt, or take long to say that it is not
there. What the command has stored is known by a file, so that no keychain is opened to find out.
From then on a keychain that is locked must not let another identity sign.
The contract does not tell a plugin whether it is selected, so the two places are read where that
is written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from plugincreds import NonRecoverableError

from plugincreds_keyring._notice import has_notice
from plugincreds_keyring._options import read_options

if TYPE_CHECKING:
    from plugincreds import PluginContext

_VARIABLE = "AWS_CREDENTIAL_PLUGIN"
_KEY = "credential_plugin"
_SOURCE_KEY, _SOURCE = "credential_source", "CustomPlugin"


def is_asked_for(context: PluginContext) -> bool:
    """Tell whether the plugin is named, or the command has stored something for the profile.

    A profile that names another plugin is that one's, and so are its options.
    """
    if is_selected(context):
        return True
    name = _named_by_profile(context)
    return not name and _is_stored(context)


def is_selected(context: PluginContext) -> bool:
    """Tell whether it is certain that no other credentials may be used in place of these.

    The variable does not count where the profile is given in code, unless the profile has
    `credential_source = CustomPlugin`.
    """
    if _named_by_profile(context) == context.plugin:
        return True
    if os.environ.get(_VARIABLE, "").strip() != context.plugin:
        return False
    is_in_code = context.session.instance_variables().get("profile") is not None
    return not is_in_code or _in_profile(context, _SOURCE_KEY) == _SOURCE


def _named_by_profile(context: PluginContext) -> str:
    """Return the name of the plugin that the profile selects, or nothing."""
    return _in_profile(context, _KEY).strip()


def _in_profile(context: PluginContext, key: str) -> str:
    profiles = context.session.full_config.get("profiles", {})
    section = profiles.get(context.profile)
    entry = section.get(key) if isinstance(section, Mapping) else None
    return entry if isinstance(entry, str) else ""


def _is_stored(context: PluginContext) -> bool:
    try:
        place = read_options(context.options, context.profile).place
    except NonRecoverableError:  # nobody has named this plugin: they are meant for another one
        return False
    return has_notice(place)
