"""Plugins as if installed: a real distribution in a folder on `sys.path`, and no other."""

import importlib.metadata
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import pytest

import plugincreds
import plugincreds_startup
from plugincreds._plugins import discovery as _discovery
from plugincreds._plugins.discovery import GROUP
from plugincreds._plugins.distributions import distributions_with
from plugincreds._plugins.references import InstalledPlugin
from plugincreds.testing._aside import default_session_set_aside, environment_kept, set_aws_aside

Getter = Callable[..., object] | str

_DISTRIBUTION, _VERSION = "as-if-installed", "1.0"
_NOT_IN_NAMES = "=[]#;"  # they mean something else in a file of entry points
_FINDER = "distributions_with"  # what discovery asks for distributions
_numbers = itertools.count(1)


class PluginsAsIfInstalled:
    """Says which plugins there are. What the fixture `plugins_as_if_installed` gives.

    Each call replaces the set before it, at once, and forgets what was loaded
    (`plugincreds.reset()`). In a `with` statement the earlier set comes back at its end.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._plugins: Mapping[str, Getter] = {}
        self._module = ModuleType(f"plugins_as_if_installed_{next(_numbers)}")
        info = folder / f"{_DISTRIBUTION.replace('-', '_')}-{_VERSION}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {_VERSION}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        self._file = info / "entry_points.txt"

    def __call__(self, plugins: Mapping[str, Getter]) -> AbstractContextManager[object]:
        """Let these plugins be installed, and no others.

        Args:
            plugins: The getter by the plugin's name: a callable, or a "module:attribute" as
                the entry point has it.

        Raises:
            TypeError: One of them is no getter.
            ValueError: One of the names cannot be that of an entry point.
        """
        for name, getter in plugins.items():
            _check(name, getter)
        afterwards = ExitStack()
        afterwards.callback(self._install, self._plugins)
        self._install(plugins)
        return afterwards

    def _install(self, plugins: Mapping[str, Getter]) -> None:
        lines = [f"[{GROUP}]"]
        for number, (name, getter) in enumerate(plugins.items()):
            lines.append(f"{name} = {self._place_of(getter, number)}")
        self._file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._plugins = dict(plugins)
        plugincreds.reset()

    def _place_of(self, getter: Getter, number: int) -> str:
        if isinstance(getter, str):
            return getter
        setattr(self._module, f"getter_{number}", getter)
        return f"{self._module.__name__}:getter_{number}"

    @contextmanager
    def _in_effect(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        # `patch` puts the path back as it is now: tests may put folders before this one.
        patch.syspath_prepend(str(self._folder))
        try:
            with pytest.MonkeyPatch.context() as own, default_session_set_aside(), _hook():
                own.setitem(sys.modules, self._module.__name__, self._module)
                own.setattr(_discovery, _FINDER, self._only_here)
                self._install({})
                yield
        finally:
            plugincreds.reset()

    def _only_here(self, text: str) -> Iterator[importlib.metadata.Distribution]:
        for found in distributions_with(text):
            if Path(str(found.locate_file(""))) == self._folder:
                yield found


def _check(name: str, getter: object) -> None:
    if not name or name != " ".join(name.split()) or set(name) & set(_NOT_IN_NAMES):
        message = f"{name!r} cannot be the name of an entry point. Use one word, as in 'vault'."
        raise ValueError(message)
    if not (isinstance(getter, str) or callable(getter)):
        raise TypeError(
            f"The getter of {name!r} is of type {type(getter).__name__}. Give a callable, such "
            'as a FakePlugin or lambda: (retrieve, is_expired), or a str "module:attribute".'
        )


@contextmanager
def as_if_installed(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[PluginsAsIfInstalled]:
    """Let nothing be installed, and yield what changes that; put all back at the end.

    Args:
        patch: That of the test.
        folder: An empty one.
    """
    plugins = PluginsAsIfInstalled(folder)
    with plugins._in_effect(patch):  # noqa: SLF001 - a method that users need not see
        yield plugins


@pytest.fixture
def _environment_kept() -> Iterator[None]:
    with environment_kept():
        yield


@pytest.fixture
def plugins_as_if_installed(
    _environment_kept: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PluginsAsIfInstalled]:
    """Let a test say which plugins are installed: none at first, and never others.

    `plugins_as_if_installed({"vault": getter})` lets botocore's sessions in this process find
    that plugin through the real hook, discovery, selection and chain. What is really installed
    is hidden, AWS's variables and files are set aside, and all is put back after the test.
    """
    del _environment_kept
    set_aws_aside(monkeypatch, tmp_path_factory.mktemp("aws"))
    with as_if_installed(monkeypatch, tmp_path_factory.mktemp("site")) as plugins:
        yield plugins


@contextmanager
def _hook() -> Iterator[None]:
    was_there = plugincreds_startup._finder in sys.meta_path  # noqa: SLF001 - public names cannot tell
    plugincreds_startup.install()
    try:
        yield
    finally:
        if not was_there:
            plugincreds_startup.uninstall()


def installed_in_truth(name: str) -> list[InstalledPlugin]:
    """Return the plugins of a name that the environment has, though they are hidden."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_discovery, _FINDER, distributions_with)
        return list(_discovery.discover().plugins.get(name, ()))
