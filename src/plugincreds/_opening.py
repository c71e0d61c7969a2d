"""A file -> a module that is a plugin, without installing anything."""

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

_numbers = itertools.count(1)


def open_plugin(path: "str | os.PathLike[str]") -> ModuleType:
    """Load a plugin from a Python file that is not installed (Go: `plugin.Open`).

    The same file is one module in a process, until `reset()`. It cannot import modules that
    lie beside it, unless their folder is on `sys.path`.

    Args:
        path: The file, such as `vault.py`. A relative one is meant from the current directory.

    Returns:
        The module, for the other functions that take a plugin. The plugin's name is the file's
        without its ending.

    Raises:
        PluginNotFoundError: There is no such file.
        LookupSymbolError: It is no Python module, or executing it failed.
    """
    name = Path(path).name.partition(".")[0]
    try:
        file = Path(path).resolve()
        is_file = file.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        message = (
            f"The plugin file {str(path)!r} cannot be found: {described(error)}. Give another."
        )
        raise PluginNotFoundError(message, plugin=name) from error
    if not is_file:
        kind = "is a folder, not a file" if file.is_dir() else "does not exist"
        message = f"The plugin file {str(file)!r} {kind}. Give the path of a Python file."
        raise PluginNotFoundError(message, plugin=name)
    return registry().opened(file, lambda: _executed(file, name))


def _executed(file: Path, name: str) -> ModuleType:
    # Two threads may both execute it, each as a module of its own; one of them is kept.
    prefix = f"plugincreds_opened_{next(_numbers)}."
    spec = importlib.util.spec_from_file_location(prefix + name, file)
    if spec is None or spec.loader is None:
        found = "its name does not end like that of a Python module"
        raise _unusable(file, name, found)
    module = importlib.util.module_from_spec(spec)
    setattr(module, OPENED_AS, prefix)
    _execute(spec, module, file, name)
    return module


def _execute(spec: ModuleSpec, module: ModuleType, file: Path, name: str) -> None:
    sys.modules[spec.name] = module  # dataclasses, for one, look their module up there
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr] # who calls has checked
    except BaseException as error:
        del sys.modules[spec.name]
        if isinstance(error, (Exception, SystemExit)):
            raise _unusable(file, name, f"executing it raised {described(error)}") from error
        raise


def _unusable(file: Path, name: str, found: str) -> LookupSymbolError:
    message = f"The plugin file {str(file)!r} cannot be loaded: {found}. Mend it, or give another."
    return LookupSymbolError(message, plugin=name, distribution=str(file))
