"""Credentials shared by the processes of one user, and the conditions for that."""

from typing import Any

from plugincreds._errors import PluginError
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin


def not_shared(plugin: Plugin, functions: Functions) -> str:
    """Return why processes must not share a plugin's credentials, or an empty text."""
    if functions.cache_key is not None:
        return ""
    # Two identities of one user of this machine must never get each other's credentials.
    return (
        f"{plugin.label} has no cache_key(), so it is not known whose credentials it gives, and "
        "they are not shared between processes. To allow that, its authors must add it."
    )


def lock_class() -> Any:
    """Return the class of locks between processes.

    Raises:
        PluginError: The package that has it is not installed.
    """
    try:
        from filelock import FileLock  # noqa: PLC0415 - an extra, only needed for sharing
    except ImportError as error:
        message = (
            "Sharing credentials between processes needs the package filelock. Install it: "
            "pip install 'plugincreds[cache]', or switch credential_plugin_cache off."
        )
        raise PluginError(message) from error
    return FileLock
