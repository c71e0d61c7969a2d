"""Programs that choose a plugin themselves, and handle its errors: type-checked, never run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from botocore.exceptions import BotoCoreError, CredentialRetrievalError
from typing_extensions import assert_type

import plugincreds

names: list[str] = [plugincreds.PROVIDER_NAME, plugincreds.PROVIDER_SYMBOL_NAME]


def choose(path: Path) -> None:
    """Take plugins by file and by name."""
    module = plugincreds.open_plugin(path)
    assert_type(module, ModuleType)
    assert_type(plugincreds.open_plugin("broker.py"), ModuleType)
    assert_type(plugincreds.new_credentials(module), Any)
    assert_type(plugincreds.create_session("acme", region_name="eu-central-1"), Any)
    functions = plugincreds.get_plugin_provider_fns(module)
    assert_type(functions, tuple[Callable[[], Any], Callable[[], bool]])
    named = plugincreds.get_plugin_provider_fns_by_name("acme", plugincreds.PROVIDER_SYMBOL_NAME)
    assert_type(named, tuple[Callable[[], Any], Callable[[], bool]])
    renew(plugincreds.Provider(*functions))


def renew(provider: plugincreds.Provider) -> None:
    """Keep a value, and renew it in time."""
    assert_type(provider.retrieve(), plugincreds.Value)
    assert_type(provider.is_expired(), bool)
    cache = plugincreds.CredentialsCache(
        provider.retrieve, provider.is_expired, clock=lambda: 0.0, uniform=lambda low, _: low
    )
    assert_type(cache.get(), plugincreds.Value)
    assert_type(cache.expires_at, datetime | None)
    cache.invalidate(cache.get().access_key)


def look() -> list[str]:
    """List what is installed."""
    plugins = plugincreds.installed_plugins()
    for plugin in plugins:
        assert_type(plugin, plugincreds.InstalledPlugin)
        assert_type((plugin.name, plugin.value, plugin.version), tuple[str, str, str])
        assert_type((plugin.distribution, plugin.location), tuple[str, str])
        assert_type((plugin.origin, plugin.label), tuple[str, str])
    return [plugin.name for plugin in plugins]


def begin_and_end() -> None:
    """Bring the hook where site files don't run, and take it away."""
    plugincreds.install()
    plugincreds.uninstall()
    plugincreds.reset()


def handle(error: plugincreds.PluginError) -> str:
    """Read the facts of an error."""
    assert_type(error.code, str)
    assert_type(error.plugin, str | None)
    assert_type(error.distribution, str | None)
    if isinstance(error, plugincreds.NonRecoverableError):
        assert_type(error.hint, str | None)
    return str(error)


# Programs that handle botocore's errors handle these.
kinds: list[type[plugincreds.PluginError]] = [
    plugincreds.InvalidSymbolError,
    plugincreds.LookupSymbolError,
    plugincreds.NonRecoverableError,
    plugincreds.PluginIsExpiredNilError,
    plugincreds.PluginNotFoundError,
    plugincreds.PluginProviderRetrieveError,
    plugincreds.PluginRetrieveNilError,
]
upstream: list[type[BotoCoreError]] = [*kinds]
retrieval: type[CredentialRetrievalError] = plugincreds.PluginProviderRetrieveError
