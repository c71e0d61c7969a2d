"""Reads a botocore session: its profiles, the active one, and whether it is a base session."""

import weakref
from collections.abc import Callable, Mapping
from typing import Any

from plugincreds._settings import OPTIONS_KEY, Profiles, Section

ROLE_METHOD = "assume-role"  # of botocore's own provider

# What each base session was opened for. Weak, so that sessions are freed.
_scopes: "weakref.WeakKeyDictionary[Any, Any]" = weakref.WeakKeyDictionary()


def profiles_of(session: Any) -> Mapping[str, Section]:
    """Return the sections of all profiles, from both files; none if the session is a mock."""
    config = getattr(session, "full_config", None)
    profiles = config.get("profiles") if isinstance(config, Mapping) else None
    return Profiles(profiles if isinstance(profiles, Mapping) else {})


def sections_with_options(session: Any, profile: str) -> dict[str, Section]:
    """Return the sections of a profile that have a block of options, by file.

    Where both files have one, `full_config` keeps only that of the credentials file.
    """
    from botocore.configloader import load_config, raw_config_parse  # noqa: PLC0415 - rarely needed

    section = profiles_of(session).get(profile, {})
    if OPTIONS_KEY not in section:
        return {}
    config, credentials = map(session.get_config_variable, ("config_file", "credentials_file"))
    if OPTIONS_KEY not in _section_in(raw_config_parse, credentials, profile):
        return {config: section}
    first = _section_in(lambda file: load_config(file)["profiles"], config, profile)
    return {**({config: first} if OPTIONS_KEY in first else {}), credentials: section}


def _section_in(parse: Callable[[str], Mapping[str, Any]], file: str, profile: str) -> Section:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - rarely needed

    try:
        return Profiles(parse(file)).get(profile, {})
    except BotoCoreError:  # there is no such file, or it has changed since the session read it
        return {}


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
