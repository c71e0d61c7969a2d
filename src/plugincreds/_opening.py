"""Loads a Python file as a plugin, without installing it."""

import importlib.util
import itertools
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from plugincreds._errors import LookupSymbolError, PluginNotFoundError
from plugincreds._plugins.references import OPENED_AS
from plugincreds._redaction import described
from plugincreds._registry import registry
from plugincreds._threads import as_failure

_numbers = itertools.count(1)


def open_plugin(path: "str | os.PathLike[str]") -> ModuleType:
    """Load a plugin from a Python file that is not installed (Go: `plugin.Open`).

    The same file is one module in a process, until `reset()`. It cannot import modules in its
    own folder, unless that folder is on `sys.path`.

    Args:
        path: The file, such as `vault.py`. A relative path starts at the current directory.

    Returns:
        The module, for the other functions that take a plugin. The plugin's name is the file's
        name without the suffix.

    Raises:
        PluginNotFoundError: There is no such file.
        LookupSymbolError: It is not a Python module, or executing it failed.
    """
    name = Path(path).name.partition(".")[0]
    try:
        file = Path(path).resolve()
        is_file = file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        message = (
            f"The plugin file {str(path)!r} cannot be found: {described(error)}. Correct the path."
        )
        raise PluginNotFoundError(message, plugin=name) from error
    if not is_file:
        kind = "is a folder, not a file" if file.is_dir() else "does not exist"
        message = f"The plugin file {str(file)!r} {kind}. Give the path of a Python file."
        raise PluginNotFoundError(message, plugin=name)
    return registry().opened(file, lambda: _executed(file, name))


def _executed(file: Path, name: str) -> ModuleType:
    # Two threads may both execute it, each as its own module; the registry keeps one of them.
    prefix = f"plugincreds_opened_{next(_numbers)}."
    spec = importlib.util.spec_from_file_location(prefix + name, file)
    if spec is None or spec.loader is None:
        raise _unusable(file, name, "its name has no suffix of a Python module, such as .py")
    module = importlib.util.module_from_spec(spec)
    setattr(module, OPENED_AS, prefix)
    _execute(spec, module, file, name)
    return module


def _execute(spec: ModuleSpec, module: ModuleType, file: Path, name: str) -> None:
    sys.modules[spec.name] = module  # dataclasses, for example, look up their module there
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr] # the caller has checked
    except BaseException as error:  # noqa: BLE001 - an interruption is raised again
        del sys.modules[spec.name]
        failure = as_failure(error)
        raise _unusable(file, name, f"executing it raised {described(failure)}") from failure


def _unusable(file: Path, name: str, found: str) -> LookupSymbolError:
    message = f"The plugin file {str(file)!r} cannot be loaded: {found}. Fix it, or pass another."
    return LookupSymbolError(message, plugin=name, distribution=str(file))
