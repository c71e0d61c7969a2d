"""Why a plugin's module cannot be imported, and what to install, in the words of a message."""

import sys

from plugincreds._redaction import described


def import_fault(module_name: str, error: BaseException, attribute: str = "") -> str:
    """Return why a plugin's module, or a getter in it, cannot be imported."""
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        if attribute:
            return f"its getter {module_name}:{attribute} cannot be looked up: {described(error)}"
        return f"its module {module_name!r} cannot be imported: {described(error)}"
    missing = missing_module(module_name, error)
    if not missing:
        return f"its module {module_name!r} does not exist"
    return f"its module {module_name!r} needs {missing!r}, which is not installed here"


def missing_module(module_name: str, error: BaseException) -> str:
    """Return the name of another module that a plugin's module needs, or an empty text."""
    name = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    return "" if not name or f"{module_name}.".startswith(f"{name}.") else str(name)


def advice_on_missing(module: str, origin: str) -> str:
    """Return what to do if a module is missing that the package of a plugin needs."""
    # The name of a package may differ from that of a module in it.
    is_plain = module.isidentifier() and module not in sys.stdlib_module_names
    package = module if is_plain else f"the package that supplies {module!r}"
    return (
        f"Install {package}. If {origin} does not declare that it needs {package}, tell its "
        "authors."
    )
