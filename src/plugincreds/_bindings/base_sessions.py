"""Base sessions: their chains have no plugins, for plugins that call AWS themselves."""

import importlib
import os
from typing import Any, NamedTuple

from plugincreds._base_identity import BaseIdentity, recorders
from plugincreds._bindings.sessions import (
    ROLE_METHOD,
    active_profile,
    profiles_of,
    scope_of,
    set_scope,
)
from plugincreds._profile_selection import role_leads_to
from plugincreds._reentrancy import active_plugins
from plugincreds._selection import environment
from plugincreds._settings import OFF, VARIABLE


class BaseProfile(NamedTuple):
    """The profile of a base session, fixed before it is opened.

    Attributes:
        name: Its name; None if no profile is chosen.
        in_code: Whether it counts as given in code, so that botocore skips the keys in the
            environment.
        is_source: Whether it is the source of a role, so that its own role is not assumed.
    """

    name: str | None
    in_code: bool
    is_source: bool


class BaseSessionScope(NamedTuple):
    """What a base session was opened for.

    Attributes:
        plugins: The names of the plugins that it skips.
        is_source: Whether it is for the source of a role.
        bases: Note whose credentials it finds.
        by_environment: Whether the environment decides its profile and its files.
    """

    plugins: frozenset[str]
    is_source: bool
    bases: tuple[BaseIdentity, ...]
    by_environment: bool


def base_session() -> Any:
    """Return a new botocore session whose chain has no plugins.

    It is for plugins that call AWS themselves, as in
    `plugincreds.base_session().create_client("sts")`. `context.session` is such a session, too,
    and also has the profile and the region that the plugin was asked for.

    If a profile asks for the plugin that is retrieving now, the profile's other credentials are
    used, or the machine's; a role that would be assumed with that plugin's credentials is not
    assumed. If a profile asks for another plugin, loading credentials raises `PluginError`.
    """
    scope = BaseSessionScope(
        active_plugins(), is_source=False, bases=recorders(), by_environment=True
    )
    return _open("botocore", scope)


def base_environ() -> dict[str, str]:
    """Return the environment for a program that a plugin starts: a copy in which plugins are off.

    A plugin passes it to what it starts, as in
    `subprocess.run(["aws", ...], env=plugincreds.base_environ())`. Otherwise a program that uses
    AWS would call the same plugin, which would start it again. The environment of the running
    program is not changed.

    If the profile of that program selects a plugin, the program gets an error. Give it another
    profile, as in `{**plugincreds.base_environ(), "AWS_PROFILE": "base"}`.
    """
    # Another thread may remove a variable meanwhile, so that dict(os.environ) would raise.
    found = {name: os.environ.get(name) for name in os.environ}
    return {name: value for name, value in found.items() if value is not None} | {VARIABLE: OFF}


def open_base_session(
    package: str,
    plugins: frozenset[str],
    profile: BaseProfile,
    base: BaseIdentity,
    **variables: str | None,
) -> Any:
    """Return a new session of a botocore that skips these plugins where a profile asks for them."""
    scope = BaseSessionScope(
        plugins | active_plugins(),
        profile.is_source,
        bases=(base, *recorders()),
        by_environment=False,
    )
    if profile.in_code:
        session = _open(package, scope, profile=profile.name)
    else:
        # As a default, so that it does not count as given in code: the environment's keys are used.
        session = _open(package, scope, session_vars={"profile": (None, None, profile.name, None)})
    for name, value in variables.items():
        if value is not None:
            session.set_config_variable(name, value)
    return session


def skipped_plugins(session: Any) -> frozenset[str]:
    """Return the names of the plugins that a base session skips now."""
    scope: BaseSessionScope | None = scope_of(session)
    return active_plugins() | (frozenset() if scope is None else scope.plugins)


def extend_base_chain(resolver: Any, session: Any) -> None:
    """Let a base session's chain note when it is used, and leave out a role that it must not use.

    That is a role which needs the plugin that uses the session.
    """
    scope: BaseSessionScope = scope_of(session)
    upstream = resolver.load_credentials

    def load_credentials() -> Any:
        for base in {*scope.bases, *recorders()}:
            base.note(by_environment=scope.by_environment)
        return upstream()

    resolver.load_credentials = load_credentials
    if scope.is_source or role_leads_to(
        skipped_plugins(session),
        environment(),
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
