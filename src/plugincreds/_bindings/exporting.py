"""A plugin's credentials without a chain, for the commands `export`, `exec` and `serve`."""

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from plugincreds._bindings.loading import source_of
from plugincreds._bindings.request import Request
from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._contract import Value
from plugincreds._errors import PluginError
from plugincreds._lifecycle.policy import RefreshStep, decide
from plugincreds._plugins.discovery import discovered
from plugincreds._profile_selection import check_not_off, profile_selection, role_source
from plugincreds._selection import Automatic, Off, Selected, Selection, chain_selection
from plugincreds._settings import Section, assumes_role
from plugincreds._source import Source

_EXPORT = "plugincreds export"


class Exported(NamedTuple):
    """A plugin's source, with credentials in it, and what the session says beside.

    Attributes:
        source: The source.
        account_id: The account that the profile names, or None.
        profile: The profile that the plugin was asked for.
        region: The region of the session, or None.
        default: The profile `default`, which is in use where no other one is chosen.
    """

    source: Source
    account_id: str | None
    profile: str
    region: str | None
    default: Section

    def value(self) -> Value:
        """Return the credentials; if they have no account, with the account of the profile."""
        value: Value = self.source.engine.get()
        return value.__replace__(account_id=value.account_id or self.account_id)

    def held(self) -> Value | None:
        """Return the credentials that may be used while they are refreshed, or None."""
        engine = self.source.engine
        state = engine.state
        reported = engine.ask(state)
        if not isinstance(reported, bool):
            return None
        step = decide(state, engine.clock(), reported_expired=reported)
        return state.value if step in {RefreshStep.SERVE, RefreshStep.ADVISORY} else None


def exported_value(
    name: str | None,
    profile: str | None,
    marked: Callable[[Sequence[str]], AbstractContextManager[None]],
    command: str = _EXPORT,
) -> Value:
    """Return a plugin's credentials, as `exported` finds them."""
    with exported(name, profile, marked, command) as found:
        return found.value()


@contextmanager
def exported(
    name: str | None,
    profile: str | None,
    marked: Callable[[Sequence[str]], AbstractContextManager[None]],
    command: str,
) -> Iterator[Exported]:
    """Find the source of a plugin's credentials, for the body to use.

    Args:
        name: The plugin; None: the selected one, else any that is installed.
        profile: The profile whose options and settings it receives; None: the active one.
        marked: Wraps the calls of the plugin; it gets the names of those that may be called.
        command: The command that asks, in the words of a message.

    Raises:
        PluginError: There is no such plugin, it gives no credentials, or plugins are switched off.
    """
    session: Any = importlib.import_module("botocore.session").Session(profile=profile)
    session.get_scoped_config()  # raises botocore's own error if there is no such profile
    active = active_profile(session)
    chosen = _chosen(name, session, active, in_code=profile is not None, command=command)
    names = [chosen.name] if isinstance(chosen, Selected) else discovered().plugins
    with marked(list(names)):
        is_selected = isinstance(chosen, Selected)
        request = Request(session, "botocore", active, is_selected=is_selected)
        source = source_of(chosen, request)
        if source is None:
            raise PluginError(f"`{command}` found no plugin. Name one, or install one.")
        region = session.get_config_variable("region")
        default = profiles_of(session).get("default", {})
        yield Exported(source, chosen.account_id, active, region, default)


def _chosen(
    name: str | None, session: Any, profile: str, *, in_code: bool, command: str
) -> Selected | Automatic:
    section = profiles_of(session).get(profile, {})
    if name is not None:
        asked_by = f"`{command} {name}`"
        check_not_off(os.environ, name, asked_by)
        return Selected(name, asked_by, remedy="name another plugin")
    check_not_off(os.environ, None, f"`{command}`")
    chosen: Selection = chain_selection(os.environ, section, profile_in_code=in_code)
    if assumes_role(section) and not isinstance(chosen, Selected):
        source = role_source(profiles_of(session), profile)
        instead = f"--profile {source.profile}" if source else "another profile"
        raise PluginError(
            f"The profile {profile!r} assumes a role, but `{command}` gives a plugin's "
            f"credentials only. Use {instead}, or name a plugin."
        )
    if isinstance(chosen, Off):
        chosen = profile_selection(os.environ, section, profile)
    if isinstance(chosen, Off):
        raise PluginError(
            f"The profile {profile!r} uses no plugin (credential_plugin = none). Name a plugin, as "
            f"in `{command} NAME`, or choose another profile."
        )
    if isinstance(chosen, Automatic):
        return Automatic(chosen.account_id, asked_by=f"`{command}`")
    return chosen
