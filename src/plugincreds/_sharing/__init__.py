"""Credentials that the processes of one user share, and whether a plugin's may be shared."""

from typing import Any

from plugincreds._errors import PluginError
from plugincreds._plugins.loading import Functions
from plugincreds._plugins.references import Plugin


def not_shared(plugin: Plugin, functions: Functions) -> str:
    """Return why a plugin's values are never shared between processes, or an empty text."""
    if functions.cache_key is not None:
        return ""
    # Two tenants of one user of the system must never get each other's credentials.
    return (
        f"{plugin.label} has no cache_key(), so nobody can tell whose credentials it gives, "
        "and they are not shared between processes. This is for its authors to add."
    )


def check_extra() -> None:
    """See that what is needed is installed.

    Raises:
        PluginError: It is not.
    """
    lock_class()


def lock_class() -> Any:
    """Return the class of locks between processes."""
    try:
        from filelock import FileLock  # noqa: PLC0415 - an extra, for those who share values
    except ImportError as error:
        message = (
            "Sharing credentials between processes needs the package filelock. Install it: "
            "pip install 'plugincreds[cache]', or switch credential_plugin_cache off."
        )
        raise PluginError(message) from error
    return FileLock
