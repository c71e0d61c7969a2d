"""What a botocore session says: its profiles, and which of them is active."""

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from plugincreds._settings import Profiles, Section

if TYPE_CHECKING:
    from plugincreds._bindings.base_sessions import Opened

# The base sessions, and what each was opened for.
_opened: "weakref.WeakKeyDictionary[Any, Opened]" = weakref.WeakKeyDictionary()


def profiles_of(session: Any) -> Mapping[str, Section]:
    """Return the sections of all profiles, of both files; none of a session that is a mock."""
    config = getattr(session, "full_config", None)
    profiles = config.get("profiles") if isinstance(config, Mapping) else None
    return Profiles(profiles if isinstance(profiles, Mapping) else {})


def active_profile(session: Any) -> str:
    """Return the name of the profile that a session uses."""
    return session.get_config_variable("profile") or "default"


def note_opened(session: Any, opened: "Opened") -> None:
    """Keep what a base session was opened for, as long as there is the session."""
    _opened[session] = opened


def opened_for(session: Any) -> "Opened | None":
    """Return what a base session was opened for; None for any other session."""
    try:
        return _opened.get(session)
    except TypeError:  # it is not hashable, or cannot be referred to weakly; ours can
        return None
