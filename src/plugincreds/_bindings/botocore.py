"""botocore: the provider in its chain, the credentials that it sees, and its sessions."""

import importlib
import logging
import os
import weakref
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from plugincreds._bindings._credentials import credentials_class
from plugincreds._bindings._rejection import RejectionHandler
from plugincreds._contract import PluginContext
from plugincreds._errors import PluginError, described
from plugincreds._resolution import automatic_source, selected_source
from plugincreds._settings import (
    Off,
    RefreshSettings,
    Selected,
    Selection,
    plugin_options,
    refresh_settings,
    selection,
)
from plugincreds._source import Source

logger = logging.getLogger("plugincreds")

# Sessions whose chain has no plugin in it.
_base_sessions: "weakref.WeakSet[Any]" = weakref.WeakSet()
# An automatic plugin stands before the first of these that is in the chain.
_MACHINE_METHODS = ("container-role", "iam-role")


class PluginProvider:
    """The provider in botocore's chain that asks plugins.

    Args:
        module: The `credentials` module of the botocore that the chain belongs to.
        session: The session that the chain belongs to.
        chosen: Which plugin is asked for.
    """

    METHOD = "plugin"
    CANONICAL_NAME = "CustomPlugin"

    def __init__(self, module: ModuleType, session: Any, chosen: Selection) -> None:
        self._module = module
        self._session = session
        self._chosen = chosen

    def load(self) -> Any:
        """Return botocore credentials over the plugin's source; None if every plugin declines.

        Raises:
            PluginError: The selected plugin is missing, broken, declines or fails, or an
                automatic one is configured and fails.
        """
        source = self._source()
        if source is None:
            return None
        RejectionHandler(source.cache).register(self._session)
        kind = credentials_class(self._module.RefreshableCredentials)
        return kind(source, self._module.ReadOnlyCredentials)

    def _source(self) -> Source | None:
        if isinstance(self._chosen, Selected):
            return selected_source(self._chosen, self._context, self._refresh_settings)
        try:
            return automatic_source(self._context, self._refresh_settings)
        except PluginError:
            raise
        except Exception as error:
            logger.warning("Credential plugins are not used: %s.", described(error), exc_info=True)
            return None

    def _refresh_settings(self) -> RefreshSettings:
        return refresh_settings(self._section(), self._profile())

    def _context(self, plugin: str) -> PluginContext:
        session = self._session
        in_code = session.instance_variables().get("profile")
        region = session.get_config_variable("region")
        package = self._module.__name__.rpartition(".")[0]
        return PluginContext(
            plugin,
            profile=self._profile(),
            region=region,
            options=plugin_options(self._section(), self._profile()),
            # It must not hold the session: sources outlive sessions.
            open_session=lambda: _open_base_session(package, profile=in_code, region=region),
        )

    def _profile(self) -> str:
        return self._session.get_config_variable("profile") or "default"

    def _section(self) -> Mapping[str, Any]:
        section: Mapping[str, Any] = self._session.full_config["profiles"].get(self._profile(), {})
        return section


def base_session() -> Any:
    """Return a new botocore session whose chain has no plugin in it.

    A plugin that needs AWS itself uses it, as in
    `plugincreds.base_session().create_client("sts")`, or the one of its context.
    """
    return _open_base_session("botocore")


def _open_base_session(
    package: str, *, profile: str | None = None, region: str | None = None
) -> Any:
    session = importlib.import_module(f"{package}.session").Session(profile=profile)
    if region is not None:
        session.set_config_variable("region", region)
    _base_sessions.add(session)
    return session


def extend(module: ModuleType, resolver: Any, session: Any) -> Any:
    """Put a `PluginProvider` into a new default chain, where it belongs.

    Raises:
        PluginError: A plugin is selected, but this botocore is not as we know it.
    """
    chosen: Selection | None = None
    try:
        if session in _base_sessions:
            return resolver
        in_code = session.instance_variables().get("profile") is not None
        chosen = selection(os.environ, profile_in_code=in_code)
        if not isinstance(chosen, Off):
            _insert(resolver.providers, PluginProvider(module, session, chosen), chosen)
    except Exception as error:
        chosen = chosen or selection(os.environ, profile_in_code=False)
        message = f"This botocore's credential chain is not as expected ({described(error)})"
        if isinstance(chosen, Selected):
            message = f"{message}, so {chosen.asked_by} cannot be honoured. Upgrade plugincreds."
            raise PluginError(message, plugin=chosen.name) from error
        logger.warning("%s, so credential plugins are not used. Upgrade plugincreds.", message)
    return resolver


def _insert(providers: list[Any], provider: PluginProvider, chosen: Selection) -> None:
    methods = [known.METHOD for known in providers]
    if provider.METHOD in methods:
        return  # somebody else's wrapper has called ours before
    if isinstance(chosen, Selected):
        providers.insert(0, provider)
        return
    places = [methods.index(method) for method in _MACHINE_METHODS if method in methods]
    providers.insert(min(places, default=len(providers)), provider)
