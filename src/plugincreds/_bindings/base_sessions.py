"""Sessions whose chain has no plugin in it, for plugins that need AWS themselves."""

import importlib
import os
from typing import Any, NamedTuple

from plugincreds._bindings.sessions import (
    ROLE_METHOD,
    active_profile,
    profiles_of,
    scope_of,
    set_scope,
)
from plugincreds._profile_selection import role_leads_to
from plugincreds._reentrancy import active_plugins


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


class BaseSessionScope(NamedTuple):
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
    return _open("botocore", BaseSessionScope(active_plugins(), is_source=False))


def open_base_session(
    package: str, plugins: frozenset[str], profile: BaseProfile, **variables: str | None
) -> Any:
    """Return a new session of a botocore; the plugins are passed over where a profile asks."""
    scope = BaseSessionScope(plugins | active_plugins(), profile.is_source)
    if profile.in_code:
        session = _open(package, scope, profile=profile.name)
    else:
        # As a default, and not as what is given in code: the environment's keys stay in place.
        session = _open(package, scope, session_vars={"profile": (None, None, profile.name, None)})
    for name, value in variables.items():
        if value is not None:
            session.set_config_variable(name, value)
    return session


def passed_over(session: Any) -> frozenset[str]:
    """Return the plugins that a base session passes over now."""
    scope: BaseSessionScope | None = scope_of(session)
    return active_plugins() | (frozenset() if scope is None else scope.plugins)


def leave_out_role(resolver: Any, session: Any) -> None:
    """Take the role out of a base session's chain that needs the plugin which uses it."""
    scope: BaseSessionScope | None = scope_of(session)
    if (scope is not None and scope.is_source) or role_leads_to(
        passed_over(session),
        os.environ,
        profiles_of(session),
        active_profile(session),
    ):
        resolver.providers = [
            provider for provider in resolver.providers if provider.METHOD != ROLE_METHOD
        ]


def _open(package: str, scope: BaseSessionScope, **arguments: Any) -> Any:
    session = importlib.import_module(f"{package}.session").Session(**arguments)
    set_scope(session, scope)
    return session
