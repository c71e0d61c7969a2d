"""Which names a new plugin may have, so that its package and module can be called after it."""

import re
from contextlib import suppress
from importlib import metadata, util

from plugincreds._errors import PluginError
from plugincreds._plugins.discovery import OFF_BY_MISTAKE, discovered
from plugincreds._settings import OFF

_SUFFIX = "-creds"
_LONGEST = 40  # with longer ones, the lines of the code would have to be wrapped
_ALLOWED = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def module_of(name: str) -> str:
    """Return the name of the module. Its ending keeps it from those of Python itself."""
    return f"{name}{_SUFFIX}".replace("-", "_")


def check_name(name: str) -> None:
    """Check that a new plugin can have this name.

    Raises:
        PluginError: It cannot.
    """
    near = _near(name)
    if near == OFF or near in OFF_BY_MISTAKE:
        raise PluginError(
            f"The name {name!r} cannot be used: {OFF!r} switches plugins off, and this name is "
            "easily taken for it. Choose another one."
        )
    if len(name) > _LONGEST or not _ALLOWED.fullmatch(name):
        meant = f"Did you mean {near!r}? " if _ALLOWED.fullmatch(near) else ""
        raise PluginError(
            f"The name {name!r} cannot be used. {meant}Use lowercase letters, digits and single "
            f"hyphens, begin with a letter, and write at most {_LONGEST} characters. The option "
            "--into names the folder."
        )
    if name.endswith(_SUFFIX):
        raise PluginError(
            f"The name {name!r} ends with {_SUFFIX}, which is added to it for the package. Write "
            f"{near!r}."
        )
    there = _already_there(name)
    if there:
        raise PluginError(
            f"This environment has {there} already, and the new one would hide it, replace it "
            "or be mistaken for it. Choose another name, or uninstall that package."
        )


def _near(name: str) -> str:
    """Return an allowed name that is like another one, or something that is not allowed."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1] if name.isascii() else ""
    words = re.sub("[^a-z0-9]+", "-", last.lower()).strip("-")
    return re.sub(f"({_SUFFIX})+$", "", words)[:_LONGEST]


def _already_there(name: str) -> str:
    """Return what a new package would hide or replace, or nothing."""
    for plugins in discovered().plugins.values():
        if _near(plugins[0].name) == name:
            return f"the plugin {plugins[0].name!r} of {plugins[0].origin}"
    package, module = f"{name}{_SUFFIX}", module_of(name)
    with suppress(metadata.PackageNotFoundError):
        metadata.distribution(package)
        return f"the package {package!r}"
    return f"a module {module!r}" if util.find_spec(module) else ""
