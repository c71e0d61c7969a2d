"""Sessions whose chain has no plugin in it, for plugins that need AWS themselves."""

import importlib
import os
from typing import Any, NamedTuple

from plugincreds._bindings.plugin_provider import ROLE_METHOD
from plugincreds._bindings.sessions import active_profile, note_opened, opened_for, profiles_of
from plugincreds._profile_selection import role_leads_to
from plugincreds._reentrancy import plugins_in_flight


class BaseProfile(NamedTuple):
    """The profile of a base session, whatever the environment says when it is opened.

    Attributes:
        name: Its name; None where none is chosen.
        in_code: Whether it stands for one that is given in code, so that botocore skips the
            environment's keys.
        is_source: Whether it is the source of a role, so that no role of its own counts.
    """

    name: str | None
    in_code: bool
    is_source: bool


class Opened(NamedTuple):
    """What a base session was opened for.

    Attributes:
        plugins: The names of the plugins that it passes over.
        is_source: Whether it is for the source of a role.
    """

    plugins: frozenset[str]
    is_source: bool


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
    return _open("botocore", Opened(plugins_in_flight(), is_source=False))


def open_base_session(
    package: str, plugins: frozenset[str], profile: BaseProfile, **variables: str | None
) -> Any:
    """Return a new session of a botocore; the plugins are passed over where a profile asks."""
    opened = Opened(plugins | plugins_in_flight(), profile.is_source)
    if profile.in_code:
        session = _open(package, opened, profile=profile.name)
    else:
        # As a default, and not as what is given in code: the environment's keys stay in place.
        session = _open(package, opened, session_vars={"profile": (None, None, profile.name, None)})
    for name, value in variables.items():
        if value is not None:
            session.set_config_variable(name, value)
    return session


def passed_over(session: Any) -> frozenset[str] | None:
    """Return the plugins that a base session passes over now; None for any other session."""
    opened = opened_for(session)
    return None if opened is None else opened.plugins | plugins_in_flight()


def leave_out_role(resolver: Any, session: Any) -> None:
    """Take the role out of a base session's chain that needs the plugin which uses it."""
    opened = opened_for(session)
    if (opened is not None and opened.is_source) or role_leads_to(
        passed_over(session) or frozenset(),
        os.environ,
        profiles_of(session),
        active_profile(session),
    ):
        resolver.providers = [
            provider for provider in resolver.providers if provider.METHOD != ROLE_METHOD
        ]


def _open(package: str, opened: Opened, **arguments: Any) -> Any:
    session = importlib.import_module(f"{package}.session").Session(**arguments)
    note_opened(session, opened)
    return session
