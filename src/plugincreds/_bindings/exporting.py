"""A plugin's credentials without a chain, for the command `plugincreds export`."""

import importlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from plugincreds._bindings.loading import source_of
from plugincreds._bindings.request import Request
from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._contract import Value
from plugincreds._errors import PluginError
from plugincreds._profile_selection import check_not_off, profile_selection, role_source
from plugincreds._registry import registry
from plugincreds._selection import Automatic, Off, Selected, Selection, chain_selection
from plugincreds._settings import assumes_role

_COMMAND = "plugincreds export"


def exported_value(
    name: str | None,
    profile: str | None,
    marked: Callable[[Sequence[str]], AbstractContextManager[None]],
) -> Value:
    """Return a plugin's credentials; if they have no account, with the account of the profile.

    Args:
        name: The plugin; None: the selected one, else any that is installed.
        profile: The profile whose options and settings it receives; None: the active one.
        marked: Wraps the call of the plugin; it gets the names of those that may be called.

    Raises:
        PluginError: There is no such plugin, it gives no credentials, or plugins are switched off.
    """
    session: Any = importlib.import_module("botocore.session").Session(profile=profile)
    session.get_scoped_config()  # raises botocore's own error if there is no such profile
    active = active_profile(session)
    chosen = _chosen(name, session, active, in_code=profile is not None)
    names = [chosen.name] if isinstance(chosen, Selected) else registry().discovery().plugins
    with marked(list(names)):
        is_selected = isinstance(chosen, Selected)
        request = Request(session, "botocore", active, is_selected=is_selected)
        source = source_of(chosen, request)
        if source is None:
            raise PluginError(f"`{_COMMAND}` found no plugin. Name one, or install one.")
        value: Value = source.engine.get()
    return value.__replace__(account_id=value.account_id or chosen.account_id)


def _chosen(name: str | None, session: Any, profile: str, *, in_code: bool) -> Selected | Automatic:
    section = profiles_of(session).get(profile, {})
    if name is not None:
        asked_by = f"`{_COMMAND} {name}`"
        check_not_off(os.environ, name, asked_by)
        return Selected(name, asked_by, remedy="name another plugin")
    check_not_off(os.environ, None, f"`{_COMMAND}`")
    chosen: Selection = chain_selection(os.environ, section, profile_in_code=in_code)
    if assumes_role(section) and not isinstance(chosen, Selected):
        source = role_source(profiles_of(session), profile)
        instead = f"--profile {source.profile}" if source else "another profile"
        raise PluginError(
            f"The profile {profile!r} assumes a role, but `{_COMMAND}` gives a plugin's "
            f"credentials only. Use {instead}, or name a plugin."
        )
    if isinstance(chosen, Off):
        chosen = profile_selection(os.environ, section, profile)
    if isinstance(chosen, Off):
        raise PluginError(
            f"The profile {profile!r} uses no plugin (credential_plugin = none). Name a plugin, as "
            f"in `{_COMMAND} NAME`, or choose another profile."
        )
    if isinstance(chosen, Automatic):
        return chosen._replace(asked_by=f"`{_COMMAND}`")
    return chosen
