"""Sessions whose chain has no plugin in it, for plugins that need AWS themselves."""

import importlib
import weakref
from typing import Any

from plugincreds._flight import plugins_in_flight

# Each base session, and the plugins that it was opened for.
_opened_for: "weakref.WeakKeyDictionary[Any, frozenset[str]]" = weakref.WeakKeyDictionary()


def base_session() -> Any:
    """Return a new botocore session whose chain has no plugin in it.

    A plugin that needs AWS itself uses it, as in
    `plugincreds.base_session().create_client("sts")`, or the one of its context, which also
    has the profile and the region that the plugin was asked for.

    Where a profile asks for the plugin that is being retrieved from, its other credentials
    are used, or the machine's; a role that would be assumed with that plugin's credentials is
    not assumed. Where a profile asks for another plugin, loading credentials raises
    `PluginError`.
    """
    return open_base_session("botocore", plugins_in_flight())


def open_base_session(
    package: str,
    plugins: frozenset[str],
    *,
    profile: str | None = None,
    **variables: str | None,
) -> Any:
    """Return a new session of a botocore; the plugins are passed over where a profile asks."""
    session = importlib.import_module(f"{package}.session").Session(profile=profile)
    for name, value in variables.items():
        if value is not None:
            session.set_config_variable(name, value)
    _opened_for[session] = plugins
    return session


def passed_over(session: Any) -> frozenset[str] | None:
    """Return the plugins that a base session passes over now; None for any other session."""
    if session not in _opened_for:
        return None
    return _opened_for[session] | plugins_in_flight()
