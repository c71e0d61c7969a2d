"""Plugins in a program's own code: the functions of the Go package, and boto3 sessions."""

import importlib
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import active_profile
from plugincreds._contract import Declined
from plugincreds._errors import LookupSymbolError, PluginError, PluginNotFoundError
from plugincreds._plugins.discovery import discovered
from plugincreds._plugins.references import GivenPlugin, Plugin, with_symbol
from plugincreds._profile_selection import check_not_off
from plugincreds._registry import registry
from plugincreds._resolution import configured_source, declined, loaded_functions
from plugincreds._selection import Selected
from plugincreds._settings import is_off

# The arguments of boto3's session that would set another identity than the plugin's.
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id")


def get_plugin_provider_fns(
    plugin: ModuleType | str,
) -> tuple[Callable[[], Any], Callable[[], bool]]:
    """Return a plugin's two functions (Go: `GetPluginProviderFns`).

    Args:
        plugin: A module that has `get_aws_sdk_credential_provider`, such as `open_plugin()`
            returns, or the name of an installed plugin.

    Returns:
        The pair (retrieve, is_expired), as the plugin's getter returned it. Neither has been
        called; `Provider` checks what they return.

    Raises:
        PluginNotFoundError: No plugin of that name is installed, or several are.
        LookupSymbolError: The plugin has no such getter, or importing it failed.
        InvalidSymbolError: The getter is not callable, or did not return a pair.
        PluginRetrieveNilError: The retrieve function is missing.
        PluginIsExpiredNilError: The is_expired function is missing.
        PluginProviderRetrieveError: The getter declined.
        PluginError: Plugins are switched off.
    """
    wanted, found = _looked_up(plugin, "get_plugin_provider_fns")
    return _functions(wanted, found)


def get_plugin_provider_fns_by_name(
    plugin: ModuleType | str, symbol_name: str
) -> tuple[Callable[[], Any], Callable[[], bool]]:
    """Return the two functions of a getter with another name (Go: `GetPluginProviderFnsByName`).

    Args:
        plugin: A module, or the name of an installed plugin, which stands for its module.
        symbol_name: The getter's name in that module.

    It returns and raises what `get_plugin_provider_fns` does.
    """
    wanted, found = _looked_up(plugin, "get_plugin_provider_fns_by_name", symbol_name)
    if not symbol_name.strip():
        message = f"{wanted.asked_by} asks for a getter without a name. Pass its name."
        raise LookupSymbolError(message, plugin=found.name, distribution=found.origin)
    return _functions(wanted, with_symbol(found, symbol_name))


def new_credentials(plugin: ModuleType | str) -> Any:
    """Return botocore credentials of a plugin (Go: `NewCredentials`).

    Nothing is retrieved before their first use. They are refreshed as those of a session are, but
    not after a service has rejected the key, because no client reports that to them. For that,
    use `create_session()`.

    Args:
        plugin: A module that has `get_aws_sdk_credential_provider`, or the name of an installed
            plugin.

    Returns:
        A `botocore.credentials.RefreshableCredentials`.

    Raises:
        PluginError: As `get_plugin_provider_fns` does. Later, `get_frozen_credentials()` raises
            `PluginProviderRetrieveError` when the plugin fails.
    """
    wanted, found = _looked_up(plugin, "new_credentials")
    provider = _provider(_new_session(), wanted, found)
    return provider.credentials(configured_source(wanted, provider.request(wanted)))


def create_session(plugin: ModuleType | str, **boto3_session_arguments: Any) -> Any:
    """Return a `boto3.Session` that signs with one plugin's credentials, and no others.

    The Go package has no such function; it is what `session.NewSession` does with
    `NewCredentials` there. It needs boto3, as in `pip install "plugincreds[boto3]"`.

    Args:
        plugin: A module that has `get_aws_sdk_credential_provider`, or the name of an installed
            plugin.
        **boto3_session_arguments: Arguments of `boto3.Session`, such as `region_name`. A
            `profile_name` supplies only the region, the options and other settings, never
            credentials.

    Raises:
        PluginError: Keys are given, the botocore session that is given already has credentials,
            boto3 is not installed, or as `get_plugin_provider_fns` does for the plugin's name and
            module. Its getter and its `retrieve()` are called when a client is created or
            credentials are requested.
    """
    for name in _KEYS:
        if boto3_session_arguments.pop(name, None) is not None:
            message = (
                f"create_session() was given {name}, but its credentials are the plugin's. Leave "
                "it out, or use boto3.Session() with it."
            )
            raise PluginError(message)
    wanted, found = _looked_up(plugin, "create_session")
    registry().getter(found)
    given = boto3_session_arguments.pop("botocore_session", None)
    core = given or _new_session()
    if given is not None:
        _check_unused(given)
    session = _boto3().Session(botocore_session=core, **boto3_session_arguments)
    resolver = _module().CredentialResolver([_provider(core, wanted, found)])
    core.register_component("credential_provider", resolver)
    return session


def _boto3() -> Any:
    try:
        return importlib.import_module("boto3")
    except ImportError as error:
        message = "create_session() needs boto3. Install it: pip install 'plugincreds[boto3]'."
        raise PluginError(message) from error


def _check_unused(session: Any) -> None:
    """Check that a session has no credentials yet, because it would keep them.

    The method of existing credentials does not help: it is the same for two identities of one
    plugin. So the session is asked while its chain has no credentials.
    """
    chain = session.get_component("credential_provider")
    resolver = _module().CredentialResolver([_EmptyProvider()])
    session.register_component("credential_provider", resolver)
    kept = session.get_credentials()
    session.register_component("credential_provider", chain)
    if kept is not None:
        message = (
            "create_session() was given a botocore session that already has credentials of the "
            f"method {kept.method!r}, and would keep them. Pass a new session, or none."
        )
        raise PluginError(message)


class _EmptyProvider:
    METHOD = "empty"

    def load(self) -> None:
        return None


def _looked_up(plugin: ModuleType | str, function: str, *symbol: str) -> tuple[Selected, Plugin]:
    """Return the request of a program as a selection, and the plugin that it names."""
    advice = "Pass a module or the name of an installed plugin; open_plugin() loads a file."
    if not isinstance(plugin, (ModuleType, str)):
        found = f"{function}() was given an object of type {type(plugin).__name__}"
        raise PluginError(f"{found}. {advice}")
    name = plugin if isinstance(plugin, str) else GivenPlugin(plugin).name
    asked_by = f"{function}({', '.join(map(repr, (name, *symbol)))})"
    if isinstance(plugin, str) and (is_off(name) or name.endswith(".py")):
        found = f"{asked_by} asks for a plugin, but {name!r} is not the name of a plugin"
        raise PluginNotFoundError(f"{found}. {advice}", plugin=name)
    check_not_off(os.environ, name, asked_by)
    wanted = Selected(name, asked_by, remedy=f"do not ask for {name}")
    if isinstance(plugin, str):
        return wanted, discovered().the_one(name, asked_by)
    return wanted, GivenPlugin(plugin)


def _functions(wanted: Selected, plugin: Plugin) -> tuple[Callable[[], Any], Callable[[], bool]]:
    request = _provider(_new_session(), wanted, plugin).request(wanted)
    *_, functions = loaded_functions(plugin, request)
    if isinstance(functions, Declined):
        raise declined(wanted, plugin, request, functions.reason)
    return functions.retrieve, functions.is_expired


def _provider(session: Any, wanted: Selected, plugin: Plugin) -> PluginProvider:
    profile = active_profile(session)
    return PluginProvider(_module(), session, profile, lambda _: wanted, plugin)


def _new_session() -> Any:
    return importlib.import_module("botocore.session").Session()


def _module() -> Any:
    # Imported late: a program that uses plugincreds.Value alone must not wait for botocore.
    return importlib.import_module("botocore.credentials")
