"""Reads a botocore session: its profiles, the active one, and whether it is a base session."""

import weakref
from collections.abc import Mapping
from typing import Any

from plugincreds._settings import Profiles, Section

ROLE_METHOD = "assume-role"  # of botocore's own provider

# What each base session was opened for. Weak, so that sessions are freed.
_scopes: "weakref.WeakKeyDictionary[Any, Any]" = weakref.WeakKeyDictionary()


def profiles_of(session: Any) -> Mapping[str, Section]:
    """Return the sections of all profiles, from both files; none if the session is a mock."""
    config = getattr(session, "full_config", None)
    profiles = config.get("profiles") if isinstance(config, Mapping) else None
    return Profiles(profiles if isinstance(profiles, Mapping) else {})


def active_profile(session: Any) -> str:
    """Return the name of the profile that a session uses."""
    return session.get_config_variable("profile") or "default"


def profile_in_code(session: Any) -> bool:
    """Tell whether the program has set the session's profile in code."""
    return session.instance_variables().get("profile") is not None


def set_scope(session: Any, scope: Any) -> None:
    """Keep what a base session was opened for, as long as the session exists."""
    _scopes[session] = scope


def scope_of(session: Any) -> Any:
    """Return what a base session was opened for, as `base_sessions` says; None for any other."""
    try:
        return _scopes.get(session)
    except TypeError:  # not hashable, or without weak references, so not one of our sessions
        return None
