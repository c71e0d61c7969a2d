"""Adds plugins to botocore's credential chain as soon as botocore is imported.

`plugincreds_startup.pth` calls `install()` at every start of Python, so this module
imports only `sys`. It adds one finder to `sys.meta_path`, which waits for the modules in
`_TARGETS`. When one of them has been executed, its `create_credential_resolver` and
`ProfileProviderBuilder.providers` are wrapped. The first call of either wrapper imports
`plugincreds`, which adds the plugins to the chain.

The name `install` never changes: during an upgrade, the line in the `.pth` file may be of
another version than this module.

There is no lock, because a lock would have to be imported. Each step is one atomic
operation on a list or a dict, and gives the same result when two threads take it.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

__all__ = ["awscli_initialize", "install", "uninstall"]

_FUNCTION = "create_credential_resolver"
_BUILDER, _METHOD = "ProfileProviderBuilder", "providers"
# Each module to wait for, and the module that keeps its own reference to _FUNCTION.
_TARGETS = {
    "botocore.credentials": None,
    "awscli.botocore.credentials": None,
    "aiobotocore.credentials": "aiobotocore.session",
}


def install() -> None:
    """Add plugins to botocore's credential chain; calling it again does nothing.

    Sessions that have already built their chain keep it.
    """
    _finder.active = True
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
        if sys.meta_path.count(_finder) > 1:  # another thread has inserted it at the same time
            # A new list, as in uninstall().
            sys.meta_path = [_finder, *(each for each in sys.meta_path if each is not _finder)]
    for name in _TARGETS:
        if name.rpartition(".")[0] in sys.modules:
            _wrap_imported(name)


def awscli_initialize(event_hooks: "Any") -> None:  # noqa: ARG001 - the AWS CLI passes it
    """Do `install()` in an AWS CLI v2 that has this module in the `[plugins]` of its config."""
    install()


def uninstall() -> None:
    """Undo `install()`; sessions that have already built their chain keep it."""
    _finder.active = False
    # A new list: other threads that iterate over the old one would miss a finder if it shrank.
    sys.meta_path = [finder for finder in sys.meta_path if finder is not _finder]
    for name, copy in _TARGETS.items():
        for holder in (name, copy):
            module = sys.modules.get(holder or "")
            namespace = {} if module is None else _namespace(module)
            wrapper: Any = namespace.get(_FUNCTION)
            original = getattr(wrapper, "__plugincreds_original__", None)
            # Another package's wrapper around ours may have copied the attribute. It stays.
            if original is not None and getattr(wrapper, "__wrapped__", None) is original:
                namespace[_FUNCTION] = original
            builder = namespace.get(_BUILDER)
            method: Any = getattr(builder, _METHOD, None)
            original = getattr(method, "__plugincreds_original__", None)
            if original is not None and method.__wrapped__ is original:
                setattr(builder, _METHOD, original)


class _Finder:
    """A meta path finder that asks the finders behind it, and wraps the loaders of _TARGETS."""

    def __init__(self) -> None:
        self.active = False
        self._searches: set[tuple[str, int]] = set()

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "ModuleSpec | None":
        if name not in _TARGETS or not self.active:
            return None
        from _thread import get_ident  # built into the interpreter

        search = (name, get_ident())
        if search in self._searches:  # a finder behind this one leads back to it
            return None
        self._searches.add(search)
        try:
            spec = self._found_by_the_others(name, path, target)
        finally:
            self._searches.discard(search)
        # A loader without exec_module, which Python 3.15 no longer supports, is not wrapped.
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec)  # type: ignore[assignment]
        return spec

    def _found_by_the_others(self, name: str, path: "Any", target: "Any") -> "ModuleSpec | None":
        # Only the finders behind this one: those before it have been asked already. Removing
        # this one for the search would make other threads skip a finder.
        finders = list(sys.meta_path)
        if self in finders:
            del finders[: finders.index(self) + 1]
        else:  # another finder has replaced this one, and calls it
            from importlib.machinery import PathFinder

            finders = [PathFinder]
        for finder in finders:
            find_spec = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec and find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _Loader:
    """Replaces a module's loader until the module is executed, then wraps its functions."""

    def __init__(self, spec: "ModuleSpec") -> None:
        self._spec = spec
        self._real: Any = spec.loader

    def __getattr__(self, name: str) -> "Any":
        if name == "_real":  # not set yet, as in an object that is being copied
            raise AttributeError(name)
        return getattr(self._real, name)

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        create = getattr(self._real, "create_module", None)
        if create is None:
            return None
        outer = spec.loader  # this one, or another package's around it
        spec.loader = self._real
        try:
            module: ModuleType | None = create(spec)
        finally:
            spec.loader = outer
        return module

    def load_module(self, *name: str) -> "ModuleType":
        """Load in the old way, which programs may use until Python 3.14."""
        self._spec.loader = self._real  # importlib gives the module this spec afterwards
        module: ModuleType = self._real.load_module(*name)
        _wrap(sys.modules[self._spec.name])
        return module

    def exec_module(self, module: "ModuleType") -> None:
        namespace = _namespace(module)
        spec: Any = namespace.get("__spec__")
        if getattr(spec, "loader", None) is self:
            spec.loader = self._real
        if namespace.get("__loader__") is self:
            namespace["__loader__"] = self._real
        self._real.exec_module(module)
        if _FUNCTION in _namespace(module):
            _wrap(module)
        elif getattr(spec, "loader", None) not in (None, self._real):
            spec.loader = _Loader(spec)  # a lazy loader: it executes the module later


def _namespace(module: "ModuleType") -> "dict[str, Any]":
    # Bypasses the module's own __getattribute__, where importlib's lazy modules load.
    return object.__getattribute__(module, "__dict__")  # type: ignore[no-any-return]


def _wrap_imported(name: str) -> None:
    """Wrap a module whose package was imported before `install()`."""
    try:
        # An import waits for another thread that is still executing the same module.
        __import__(name)
        _wrap(sys.modules[name])
        copy = _TARGETS[name]
        if copy in sys.modules:
            __import__(copy)
            wrapper = getattr(sys.modules[name], _FUNCTION)
            if getattr(sys.modules[copy], _FUNCTION) is wrapper.__plugincreds_original__:
                setattr(sys.modules[copy], _FUNCTION, wrapper)
    except Exception:  # noqa: BLE001, S110 - importing that module raises it again
        pass


def _wrap(module: "ModuleType") -> None:
    if not _finder.active:
        return
    namespace = _namespace(module)
    original = namespace.get(_FUNCTION)
    if original and not hasattr(original, "__plugincreds_original__"):
        namespace[_FUNCTION] = _wrapper(module, original)
    builder: Any = namespace.get(_BUILDER)
    original = getattr(builder, _METHOD, None)
    # In aiobotocore's namespace the class is botocore's, and has been wrapped there.
    if original and not hasattr(original, "__plugincreds_original__"):
        setattr(builder, _METHOD, _providers_wrapper(module, original))


def _wrapper(module: "ModuleType", original: "Callable[..., Any]") -> "Callable[..., Any]":
    from functools import wraps

    @wraps(original)
    def create_credential_resolver(*args: "Any", **kwargs: "Any") -> "Any":
        resolver = original(*args, **kwargs)
        if not _finder.active:
            return resolver
        session = args[0] if args else kwargs.get("session")
        try:
            from plugincreds._bindings import extend_resolver

            return extend_resolver(module, resolver, session)
        except Exception as error:  # noqa: BLE001 - a damaged package, or a new botocore
            _raise_if_selected(session, error)
            return resolver

    wrapper: Any = create_credential_resolver
    wrapper.__plugincreds_original__ = original
    return wrapper  # type: ignore[no-any-return]


def _providers_wrapper(module: "ModuleType", original: "Callable[..., Any]") -> "Any":
    from functools import wraps

    @wraps(original)
    def providers(self: "Any", profile_name: str, *args: "Any", **kwargs: "Any") -> "Any":
        found = original(self, profile_name, *args, **kwargs)
        if not _finder.active:
            return found
        try:
            from plugincreds._bindings import extend_profile

            return extend_profile(module, self, found, profile_name)
        except Exception as error:  # noqa: BLE001 - the same
            _raise_if_profile_selects(self, profile_name, error)
            return found

    wrapper: Any = providers
    wrapper.__plugincreds_original__ = original
    return wrapper


def _raise_if_selected(session: "Any", error: Exception) -> None:
    """Raise an error instead of using another identity, if the session selects a plugin."""
    from os import environ

    name = environ.get("AWS_CREDENTIAL_PLUGIN", "").strip()
    in_code: dict[str, Any] = getattr(session, "instance_variables", dict)()
    if name.lower() not in ("", "none") and in_code.get("profile") is None:
        _raise(f"AWS_CREDENTIAL_PLUGIN selects the credential plugin {name!r}", error, name)
    if _is_imported():  # else the package is being removed or upgraded, and is silent
        from logging import getLogger

        getLogger("plugincreds").warning("Credential plugins are not used: %s.", _found(error))


def _raise_if_profile_selects(builder: "Any", profile: str, error: Exception) -> None:
    """Do the same for the key in a profile."""
    session = getattr(builder, "_session", None)
    if session is None:  # this attribute may be what has changed; the files are the same
        package = type(builder).__module__.partition(".credentials")[0]
        session = __import__(f"{package}.session", fromlist=["Session"]).Session()
    try:
        name = session.full_config["profiles"][profile]["credential_plugin"]
    except Exception:  # noqa: BLE001 - there is no such profile or key, or no configuration
        return
    name = name.strip() if isinstance(name, str) else "?"  # a block of lines
    if name.lower() not in ("", "none"):
        _raise(f"The profile {profile!r} selects the credential plugin {name!r}", error, name)


def _raise(what: str, error: Exception, plugin: str) -> None:
    message = (
        f"{what}, but {_found(error)}. Restart the program. If that does not help: pip install "
        "--force-reinstall plugincreds, or upgrade plugincreds, or select no plugin."
    )
    if not _is_imported():
        raise ImportError(message) from error
    from plugincreds._errors import PluginError

    raise PluginError(message, plugin=plugin) from error


def _found(error: Exception) -> str:
    cause = f"{type(error).__name__}: {error}"
    # As `printable` in plugincreds._errors, which may be what cannot be imported.
    cause = "".join(letter if letter.isprintable() else "?" for letter in cause)
    if isinstance(error, ImportError) or not _is_imported():
        return f"the package plugincreds, which loads plugins, cannot be imported ({cause})"
    return f"plugincreds is not compatible with this botocore ({cause})"


def _is_imported() -> bool:
    """Tell whether the package could be imported, and has failed after that."""
    return sys.modules.get("plugincreds._bindings") is not None


_finder = _Finder()
