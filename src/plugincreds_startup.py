"""Lets botocore know of credential plugins, as soon as somebody imports botocore.

`plugincreds_startup.pth` calls `install()` at every start of Python, so this module
imports `sys` and no more. It adds one finder to `sys.meta_path`, which waits for the
modules in `_TARGETS`. When one of them has been executed, its
`create_credential_resolver` is wrapped; when that is first called, `plugincreds` itself
is imported and adds the plugins to the chain.

The name `install` is frozen for ever: the line in the `.pth` file may be of another
version than this module while an upgrade is under way.

There is no lock here, because a lock would have to be imported. Each step is one atomic
operation on a list or a dict and leads to the same result when two threads take it.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["install", "uninstall"]

_FUNCTION = "create_credential_resolver"
# Each module to wait for, and the module that keeps a reference of its own to _FUNCTION.
_TARGETS = {
    "botocore.credentials": None,
    "awscli.botocore.credentials": None,
    "aiobotocore.credentials": "aiobotocore.session",
}


def install() -> None:
    """Make botocore's credential chain ask for plugins; calling it again does nothing.

    Sessions that have already built their chain keep it as it is.
    """
    _finder.active = True
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    for name in _TARGETS:
        if name.rpartition(".")[0] in sys.modules:
            _wrap_imported(name)


def uninstall() -> None:
    """Undo `install()`; sessions that have already built their chain keep it."""
    _finder.active = False
    while _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name, copy in _TARGETS.items():
        for holder in (name, copy):
            namespace = getattr(sys.modules.get(holder or ""), "__dict__", {})
            original = getattr(namespace.get(_FUNCTION), "__plugincreds_original__", None)
            if original is not None:
                namespace[_FUNCTION] = original


class _Finder:
    """A meta path finder that passes every module on, and looks at those in _TARGETS."""

    active = False

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        if name not in _TARGETS or not self.active:
            return None
        spec = self._found_by_the_others(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec

    def _found_by_the_others(self, name: str, path: "Any", target: "Any") -> "ModuleSpec | None":
        # Only the finders behind this one: those before it have been asked already, and
        # taking this one out meanwhile would hide finders from other threads.
        finders = list(sys.meta_path)
        while self in finders:
            del finders[: finders.index(self) + 1]
        if self not in sys.meta_path:  # somebody stands in front of it as a proxy
            from importlib.machinery import PathFinder

            finders = [PathFinder]
        for finder in finders:
            find_spec = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec and find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader:
    """Stands in for a module's loader until the module is executed, then wraps."""

    def __init__(self, real: "Any") -> None:
        self._real = real

    def __getattr__(self, name: str) -> "Any":
        if name == "_real":  # not set yet, as in a copy that is being made
            raise AttributeError(name)
        return getattr(self._real, name)

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        create = getattr(self._real, "create_module", None)
        if create is None:
            return None
        spec.loader = self._real
        try:
            module: ModuleType | None = create(spec)
        finally:
            spec.loader = self  # type: ignore[assignment]
        return module

    def exec_module(self, module: "ModuleType") -> None:
        # Read past the module's own __getattribute__: importlib's lazy modules load there.
        namespace = object.__getattribute__(module, "__dict__")
        spec = namespace.get("__spec__")
        if getattr(spec, "loader", None) is self:
            spec.loader = self._real
        if namespace.get("__loader__") is self:
            namespace["__loader__"] = self._real
        if hasattr(self._real, "exec_module"):
            self._real.exec_module(module)
        else:  # a loader of the kind that Python 3.15 no longer knows
            self._real.load_module(namespace["__name__"])
            module = sys.modules[namespace["__name__"]]
        if _FUNCTION in object.__getattribute__(module, "__dict__"):
            _wrap(module)
        elif getattr(spec, "loader", None) not in (None, self._real):
            spec.loader = _Loader(spec.loader)  # a lazy loader: it executes later, with that one


def _wrap_imported(name: str) -> None:
    """Wrap a module whose package was imported before `install()`."""
    try:
        # Waits for another thread that is half through this import.
        __import__(name)
        _wrap(sys.modules[name])
    except Exception:  # noqa: BLE001, S110 - who needs that module gets the error on import
        pass


def _wrap(module: "ModuleType") -> None:
    namespace = object.__getattribute__(module, "__dict__")
    original = namespace.get(_FUNCTION)
    if original is None or hasattr(original, "__plugincreds_original__"):
        return
    wrapper = _wrapper(module, original)
    # Of two threads, the second takes over the wrapper of the first.
    wrapper = getattr(original, "__dict__", {}).setdefault("__plugincreds_wrapper__", wrapper)
    namespace[_FUNCTION] = wrapper
    copy = sys.modules.get(_TARGETS.get(namespace["__name__"]) or "")
    if getattr(copy, _FUNCTION, None) is original:
        setattr(copy, _FUNCTION, wrapper)


def _wrapper(module: "ModuleType", original: "Callable[..., Any]") -> "Callable[..., Any]":
    from functools import wraps

    @wraps(original)
    def create_credential_resolver(*args: "Any", **kwargs: "Any") -> "Any":
        resolver = original(*args, **kwargs)
        if not _finder.active:
            return resolver
        session = args[0] if args else kwargs["session"]
        try:
            from plugincreds._bindings import extend_resolver
        except Exception as error:  # noqa: BLE001 - half removed, or does not fit
            _raise_if_selected(session, error)
            return resolver
        return extend_resolver(module, resolver, session)

    wrapper: Any = create_credential_resolver
    wrapper.__plugincreds_original__ = original
    return wrapper  # type: ignore[no-any-return]


def _raise_if_selected(session: "Any", error: Exception) -> None:
    """Another identity must never stand in for a selected plugin, not even after a fault."""
    from os import environ

    name = environ.get("AWS_CREDENTIAL_PLUGIN", "").strip()
    if name.lower() in ("", "none") or session.instance_variables().get("profile") is not None:
        return
    message = (
        f"AWS_CREDENTIAL_PLUGIN selects the credential plugin {name!r}, but the package "
        f"plugincreds that would load it cannot be imported ({type(error).__name__}: {error}). "
        "Install it again (pip install --force-reinstall plugincreds), or unset the variable."
    )
    raise ImportError(message) from error


_finder = _Finder()
