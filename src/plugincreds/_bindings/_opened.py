"""Which sessions are base sessions. Every chain asks; `_base_sessions` opens them."""

import weakref
from typing import Any, NamedTuple


class Opened(NamedTuple):
    """What a base session was opened for.

    Attributes:
        plugins: The names of the plugins that it passes over.
        is_source: Whether it is for the source of a role.
    """

    plugins: frozenset[str]
    is_source: bool


_opened: "weakref.WeakKeyDictionary[Any, Opened]" = weakref.WeakKeyDictionary()


def note_opened(session: Any, opened: Opened) -> None:
    """Keep what a base session was opened for, as long as there is the session."""
    _opened[session] = opened


def opened_for(session: Any) -> Opened | None:
    """Return what a base session was opened for; None for any other session."""
    try:
        return _opened.get(session)
    except TypeError:  # it is not hashable, or cannot be referred to weakly; ours can
        return None
