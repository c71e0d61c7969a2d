"""botocore: the provider in its chain, the credentials that it sees, and its sessions."""

import importlib
import logging
import os
import weakref
from collections.abc import Mapping
from traceback import format_tb
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
from plugincreds._source import Source, registry

logger = logging.getLogger("plugincreds")

# Sessions whose chain has no plugin in it.
_base_sessions: "weakref.WeakSet[Any]" = weakref.WeakSet()
# What a base session has from the session that a plugin is asked for.
_BASE_VARIABLES = ("region", "config_file", "credentials_file")
# An automatic plugin stands before the first of these that is in the chain.
_MACHINE_METHODS = ("container-role", "iam-role")


class PluginProvider:
    """The provider in botocore's chain that asks plugins.

    Args:
        module: The `credentials` module of the botocore that the chain belongs to.
        session: The session that the chain belongs to.
    """

    METHOD = "plugin"
    CANONICAL_NAME = "CustomPlugin"

    def __init__(self, module: ModuleType, session: Any) -> None:
        self._module = module
        self._session = session
        self._chosen: Selection = Off()

    def join(self, resolver: Any) -> None:
        """Stand in a new chain, and be in the right place whenever it loads credentials.

        botocore's own provider reads the environment's keys when it loads, so who asks for a
        plugin is looked up then, too: a program may set the variable after the chain is built.
        """
        upstream = resolver.load_credentials
        if hasattr(upstream, "plugincreds"):
            return  # somebody else's wrapper has called ours before

        def load_credentials() -> Any:
            self._take_place(resolver)
            return upstream()

        self._take_place(resolver)
        load_credentials.plugincreds = self  # type: ignore[attr-defined]
        resolver.load_credentials = load_credentials

    def _take_place(self, resolver: Any) -> None:
        in_code = self._session.instance_variables().get("profile") is not None
        chosen = selection(os.environ, profile_in_code=in_code)
        if chosen != self._chosen:
            # A new list: another thread may be walking the old one.
            resolver.providers = _with_provider(resolver.providers, self, chosen)
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
        except Exception as error:  # noqa: BLE001 - a fault of ours; nobody has asked for a plugin
            message = f"Credential plugins are not used: {described(error)}."
            registry().say_once(logging.WARNING, message, key=type(error).__name__)
            # Where it was, but not its text: that may be a plugin's.
            logger.debug("It was raised here:\n%s", "".join(format_tb(error.__traceback__)))
            return None

    def _refresh_settings(self) -> RefreshSettings:
        return refresh_settings(self._section(), self._profile())

    def _context(self, plugin: str) -> PluginContext:
        session = self._session
        package = self._module.__name__.rpartition(".")[0]
        in_code = session.instance_variables().get("profile")
        variables = {name: session.get_config_variable(name) for name in _BASE_VARIABLES}
        return PluginContext(
            plugin,
            profile=self._profile(),
            region=variables["region"],
            options=plugin_options(self._section(), self._profile()),
            # It must not hold the session: sources outlive sessions.
            open_session=lambda: _open_base_session(package, profile=in_code, **variables),
            # What that session finds differs with these, too.
            basis=(in_code is not None, *variables.values()),
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


def _open_base_session(package: str, *, profile: str | None = None, **variables: str | None) -> Any:
    session = importlib.import_module(f"{package}.session").Session(profile=profile)
    for name, value in variables.items():
        if value is not None:
            session.set_config_variable(name, value)
    _base_sessions.add(session)
    return session


def extend(module: ModuleType, resolver: Any, session: Any) -> Any:
    """Put a `PluginProvider` into a new default chain, where it belongs.

    Raises:
        PluginError: A plugin is selected, but this botocore is not as we know it.
    """
    try:
        if session not in _base_sessions:
            PluginProvider(module, session).join(resolver)
    except Exception as error:
        chosen = selection(os.environ, profile_in_code=False)
        message = f"This botocore's credential chain is not as expected ({described(error)})"
        if isinstance(chosen, Selected):
            message = f"{message}, so {chosen.asked_by} cannot be honoured. Upgrade plugincreds."
            raise PluginError(message, plugin=chosen.name) from error
        logger.warning("%s, so credential plugins are not used. Upgrade plugincreds.", message)
    return resolver


def _with_provider(providers: list[Any], provider: PluginProvider, chosen: Selection) -> list[Any]:
    """Return a chain with the provider where it belongs: nowhere, first, or late."""
    others = [known for known in providers if known is not provider]
    if isinstance(chosen, Off):
        return others
    if isinstance(chosen, Selected):
        return [provider, *others]
    methods = [known.METHOD for known in others]
    places = [methods.index(method) for method in _MACHINE_METHODS if method in methods]
    others.insert(min(places, default=len(others)), provider)
    return others
