"""Which plugin a profile selects in a session, which may be a base session."""

import logging
import os
from typing import Any

from plugincreds._bindings.sessions import active_profile, profiles_of, scope_of
from plugincreds._endpoint import is_meant_by
from plugincreds._errors import PluginError
from plugincreds._profile_selection import profile_selection, role_source, source_selection
from plugincreds._selection import Automatic, Off, Selected, Selection, environment
from plugincreds._settings import PLUGIN_KEY, Section, asked_by_variable, is_off


def chosen_by_profile(session: Any, section: Section, profile: str) -> Selection:
    """Return which plugin a profile asks for.

    Raises:
        PluginError: The request cannot be followed, or a base session is asked for another
            plugin than the one that is retrieving.
    """
    if _is_overruled(session, profile):
        return Off()
    return _unless_in_base_session(session, profile_selection(environment(), section, profile))


def chosen_as_source(session: Any, section: Section, profile: str) -> Selection:
    """Return which plugin `credential_source = CustomPlugin` in a profile means.

    Raises:
        PluginError: As above.
    """
    return _unless_in_base_session(session, source_selection(environment(), section, profile))


def warn_of_role(session: Any) -> None:
    """Log, once, that the plugin of the active profile is not used, because of its role."""
    profiles, profile = profiles_of(session), active_profile(session)
    source = role_source(profiles, profile)
    if source is not None and source.profile != profile:
        message = (
            f"The profile {profile!r} has {PLUGIN_KEY} beside role_arn and source_profile, so "
            f"botocore assumes the role with the profile {source.profile!r}, and that plugin "
            f"is not used. Move {PLUGIN_KEY} and its options into the profile {source.profile!r}. "
            "If you removed role_arn, programs would sign as another identity."
        )
        from plugincreds._registry import registry  # noqa: PLC0415 - only for this warning

        registry().log_once(logging.WARNING, message)


def _is_overruled(session: Any, profile: str) -> bool:
    """Tell whether `plugincreds exec` or `serve` has switched off the plugin of this profile.

    That holds for the profile `default` where nothing has chosen it: there the endpoint is chosen.
    A profile that is chosen below `exec` asks for another identity, which is an error.
    """
    if not is_off(asked_by_variable(environment())) or profile != active_profile(session):
        return False
    return session.get_config_variable("profile") is None and is_meant_by(os.environ)


def _unless_in_base_session(session: Any, chosen: Selection) -> Selection:
    """Return the selection, but in a base session `Off` if that skips the plugin.

    Raises:
        PluginError: A base session does not skip it: it is not the plugin that is retrieving.
    """
    if scope_of(session) is None or isinstance(chosen, Off):
        return chosen
    from plugincreds._bindings.base_sessions import skipped_plugins  # noqa: PLC0415 - rarely needed

    skipped = skipped_plugins(session)
    if (isinstance(chosen, Automatic) and skipped) or (
        isinstance(chosen, Selected) and chosen.name in skipped
    ):
        return Off()
    plugin = chosen.name if isinstance(chosen, Selected) else None
    message = (
        f"{chosen.asked_by} asks for "
        f"{'a credential plugin' if plugin is None else f'the credential plugin {plugin!r}'} in a "
        "base session, which has no plugins. Outside of plugins, use a session of your own; in a "
        "plugin, use a profile that asks for none."
    )
    raise PluginError(message, plugin=plugin)
