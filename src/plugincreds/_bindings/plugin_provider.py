"""botocore: the provider in its chain.

Every chain has one, and most never come to it. So what retrieves is imported when it is asked.
"""
# ruff: noqa: PLC0415

import logging
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from plugincreds._bindings.sessions import active_profile, profiles_of
from plugincreds._selection import Selected, Selection
from plugincreds._settings import PROVIDER_NAME, SOURCE_NAME, Section, own_plugin

if TYPE_CHECKING:
    from plugincreds._contract import PluginContext
    from plugincreds._plugin_settings import RefreshSettings
    from plugincreds._plugins.references import Plugin
    from plugincreds._source import Source

logger = logging.getLogger("plugincreds")

# What a base session has from the session that a plugin is asked for.
_BASE_FILES = ("config_file", "credentials_file")
_BASE_VARIABLES = ("region", *_BASE_FILES)

DAMAGED = "The package plugincreds is damaged"
REINSTALL = "Install it again: pip install --force-reinstall plugincreds."
ROLE_METHOD = "assume-role"  # of botocore's own provider

# Tells which plugin a profile's section means, when credentials are loaded.
Chooser = Callable[[Section], Selection]


class PluginProvider:
    """A provider in botocore's chain, or behind a profile, that asks plugins.

    Args:
        module: The `credentials` module of the botocore that the chain belongs to.
        session: The session that the chain belongs to.
        profile: The name of the profile that the plugins are asked for.
        choose: Tells which plugin is meant.
        plugin: The plugin, where a program has handed it over; else it is looked up by name.
    """

    METHOD = PROVIDER_NAME
    CANONICAL_NAME = SOURCE_NAME

    def __init__(
        self,
        module: ModuleType,
        session: Any,
        profile: str,
        choose: Chooser,
        plugin: "Plugin | None" = None,
    ) -> None:
        self._module = module
        self._session = session
        self._profile = profile
        self._choose = choose
        self._plugin = plugin

    def load(self) -> Any:
        """Return botocore credentials over the plugin's source; None if every plugin declines.

        Raises:
            PluginError: The selected plugin is missing, broken, declines or fails, or an
                automatic one is configured and fails.
        """
        try:
            from plugincreds._bindings.loading import load
        except Exception as error:  # noqa: BLE001 - nobody may have asked for a plugin
            raise_if_selected(self.chosen(), error, DAMAGED, REINSTALL)
            return None
        try:
            return load(self)
        except Exception as error:
            chosen = self.chosen()
            is_asked = isinstance(chosen, Selected) or getattr(chosen, "asked_by", None)
            if is_asked or any(kind.__module__ == "plugincreds" for kind in type(error).__mro__):
                raise  # what people are meant to see
            raise_if_selected(chosen, error, DAMAGED, REINSTALL)
            return None

    def chosen(self) -> Selection:
        """Return which plugin is meant now.

        Raises:
            PluginError: One is asked for in a way that cannot be followed.
        """
        return self._choose(self.section())

    @property
    def plugin(self) -> "Plugin | None":
        """The plugin, where a program has handed it over."""
        return self._plugin

    @property
    def profile(self) -> str:
        """The name of the profile that the plugins are asked for."""
        return self._profile

    @property
    def session(self) -> Any:
        """The session that the chain belongs to."""
        return self._session

    def credentials(self, source: "Source", account_id: str | None = None) -> Any:
        """Return what botocore signs with, for a source."""
        from plugincreds._bindings.credentials import credentials_class

        kind = credentials_class(self._module.RefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials, account_id)

    def context(self, plugin: str) -> "PluginContext":
        """Return what a plugin is told of the session and the profile."""
        from plugincreds._bindings.base_sessions import BaseProfile, open_base_session
        from plugincreds._contract import PluginContext

        session = self._session
        package = self._base_package
        # Another profile than the session's is a source_profile: there, botocore itself
        # skips the environment, as it does for a profile in code.
        is_source = self._profile != active_profile(session)
        in_code = is_source or session.instance_variables().get("profile") is not None
        base = BaseProfile(
            self._profile if is_source else session.get_config_variable("profile"),
            in_code=in_code,
            is_source=is_source,
        )
        variables = {name: session.get_config_variable(name) for name in _BASE_VARIABLES}
        # A module that a program hands over is not what a profile asks for by the same name.
        over = frozenset([plugin] if self._plugin is None else [])
        return PluginContext(
            plugin,
            profile=self._profile,
            region=variables["region"],
            options=self._options(plugin),
            # It must not hold the session: sources outlive sessions.
            open_session=lambda: open_base_session(package, over, base, **variables),
            # What that session finds differs with these, too.
            basis=(in_code, *(_absolute(variables[name]) for name in _BASE_FILES)),
            is_selected=isinstance(self.chosen(), Selected),
        )

    def options_note(self, plugin: "Plugin") -> str:
        """Return which options a plugin was told that has declined, or an empty text."""
        from plugincreds._bindings.request import told

        return told(self, plugin)

    def refresh_settings(self) -> "RefreshSettings":
        """Return how the profile wants values to be renewed."""
        from plugincreds._plugin_settings import refresh_settings

        return refresh_settings(self.section(), self._profile, os.environ)

    def section(self) -> Section:
        """Return the profile's section, empty where there is none."""
        return profiles_of(self._session).get(self._profile, {})

    @property
    def _base_package(self) -> str:
        return self._module.__name__.rpartition(".")[0]

    def _options(self, plugin: str) -> Mapping[str, str]:
        """Return the profile's options, unless they are there for another plugin."""
        section = self.section()
        if self._plugin is None and own_plugin(section) not in {"", plugin}:
            return {}
        from plugincreds._plugin_settings import plugin_options

        return plugin_options(section, self._profile)


def raise_if_selected(chosen: Selection, error: Exception, found: str, advice: str) -> None:
    """Raise a fault of ours for who has selected a plugin; tell all others that it is there."""
    kind: Any
    try:
        from plugincreds._errors import PluginError
        from plugincreds._redaction import described

        kind, said = PluginError, described(error)
    except Exception:  # noqa: BLE001 - that module may be what is damaged
        kind, said = ImportError, type(error).__name__
    message = f"{found} ({said})"
    if isinstance(chosen, Selected):
        fault = kind(f"{message}, so {chosen.asked_by} cannot be honoured. {advice}")
        fault.plugin = chosen.name
        raise fault from error
    logger.warning("%s, so credential plugins are not used. %s", message, advice)


def _absolute(file: str | None) -> str | None:
    """Return a file's place in full, which is another one in another folder or home."""
    return file and os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111 - never raise
