"""A session's request to plugins for one profile: its context, options and settings."""

import os
from collections.abc import Hashable, Mapping
from typing import Any

from plugincreds._base_identity import BaseIdentity
from plugincreds._bindings.sessions import (
    active_profile,
    profile_in_code,
    profiles_of,
    sections_with_options,
)
from plugincreds._contract import PluginContext
from plugincreds._errors import printable
from plugincreds._plugin_settings import (
    RefreshSettings,
    check_readable,
    plugin_options,
    refresh_settings,
)
from plugincreds._plugins.references import Plugin
from plugincreds._registry import registry
from plugincreds._settings import OPTIONS_KEY, PLUGIN_KEY, Section, own_plugin

# The settings that a base session takes from the session that the plugin is asked for.
_BASE_FILES = ("config_file", "credentials_file")
_BASE_VARIABLES = ("region", *_BASE_FILES)


class Request:
    """A session's request to plugins for one profile.

    Args:
        session: The session.
        package: The botocore for base sessions: "botocore" or "awscli.botocore".
        profile: The name of the profile.
        plugin: The plugin, if a program has passed it; else it is looked up by name.
        is_selected: Whether one plugin is selected; else any that is installed may answer.
    """

    def __init__(
        self,
        session: Any,
        package: str,
        profile: str,
        plugin: Plugin | None = None,
        *,
        is_selected: bool,
    ) -> None:
        self.plugin = plugin
        self._is_selected = is_selected
        self._session = session
        self._package = package
        self._profile = profile

    def context(self, plugin: str) -> tuple[PluginContext, tuple[Hashable, ...], BaseIdentity]:
        """Return the context for a plugin's getter, the identity, and the base identity.

        The identity is everything that may decide whose credentials the getter then gives. The
        base identity counts as well if the getter or `retrieve()` uses a base session.
        """
        session, package = self._session, self._package
        # Another profile than the session's is a source_profile, where botocore itself skips
        # the environment, as it does for a profile that is given in code.
        is_source = self._profile != active_profile(session)
        in_code = is_source or profile_in_code(session)
        name = self._profile if is_source else session.get_config_variable("profile")
        variables = {each: session.get_config_variable(each) for each in _BASE_VARIABLES}
        options = self._options(plugin)
        # A module that a program has passed is not the plugin that a profile means by its name.
        skipped = frozenset([plugin] if self.plugin is None else [])
        base = BaseIdentity(in_code=in_code)

        # It must not refer to this request or its session: sources live longer than sessions.
        def open_session() -> Any:
            from plugincreds._bindings.base_sessions import (  # noqa: PLC0415 - few plugins use it
                BaseProfile,
                open_base_session,
            )

            chosen = BaseProfile(name, in_code=in_code, is_source=is_source)
            return open_base_session(package, skipped, chosen, base, **variables)

        context = PluginContext(
            plugin,
            profile=self._profile,
            region=variables["region"],
            options=options,
            open_session=open_session,
            is_selected=self._is_selected,
        )
        # The credentials that a base session finds depend on the files, too.
        files = (_absolute(variables[file]) for file in _BASE_FILES)
        identity = (self._profile, variables["region"], tuple(sorted(options.items())))
        return context, (*identity, in_code, *files), base

    def refresh_settings(self) -> RefreshSettings:
        """Return the profile's settings for refreshing and sharing credentials."""
        return refresh_settings(self._section(), self._profile, os.environ)

    def options_note(self, plugin: Plugin) -> str:
        """Return which options a declining plugin received: a sentence and a space, or nothing."""
        section, profile = self._section(), f"the profile {self._profile!r}"
        if not section.get(OPTIONS_KEY):
            return ""
        # A plugin that a program has passed receives the options in any case.
        if self.plugin is None and not self._options_are_for(plugin):
            meant = f"{PLUGIN_KEY} = {own_plugin(section)}"
            return f"It received no options: those of {profile} are for {meant}. "
        if not registry().getter(plugin).takes_context:
            return f"It received no options: {profile} has some, but its getter takes no context. "
        return f"It received these options of {profile}: {_names(self._options(plugin.name))}. "

    def unused_options(self, declined: str) -> str:
        """Return a warning that all plugins declined the profile's options, or nothing.

        Args:
            declined: The plugins, with their reasons.
        """
        options = self._section().get(OPTIONS_KEY)
        if not isinstance(options, Mapping):
            return ""
        return (
            f"The profile {self._profile!r} has credential_plugin_options ({_names(options)}), but "
            f"every credential plugin declined: {declined}. Other credentials may be used instead. "
            "Correct the options, or name the plugin that they are for: credential_plugin = NAME."
        )

    def unread_options(self, plugin: Plugin) -> str:
        """Return a warning that a plugin does not receive the profile's options, or nothing."""
        options = self._section().get(OPTIONS_KEY)
        if not options or registry().getter(plugin).takes_context:
            return ""
        if not self._options_are_for(plugin):
            return ""
        which = f" ({_names(options)})" if isinstance(options, Mapping) else ""
        return (
            f"{plugin.label} does not receive the options of the profile {self._profile!r}{which}, "
            "because its getter takes no context, so they have no effect. Select the plugin that "
            "they are for, or remove them."
        )

    def _section(self) -> Section:
        section = profiles_of(self._session).get(self._profile, {})
        check_readable(section, self._profile)
        return section

    def _options(self, plugin: str) -> Mapping[str, str]:
        """Return the profile's options, of both files, unless they are for another plugin."""
        section = self._section()
        if self.plugin is None and own_plugin(section) not in {"", plugin}:
            return {}
        options: dict[str, str] = {}
        for file, each in sections_with_options(self._session, self._profile).items():
            options |= plugin_options(each, self._profile, _absolute(file) or file)
        return options

    def _options_are_for(self, plugin: Plugin) -> bool:
        return own_plugin(self._section()) in {"", plugin.name}


def _names(options: Mapping[str, str]) -> str:
    return printable(", ".join(sorted(options)))


def _absolute(file: str | None) -> str | None:
    """Return the absolute path, because a relative one or `~` may mean another file later."""
    return file and os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111 - never raise
