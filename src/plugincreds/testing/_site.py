"""The fake installation: a real distribution in a folder on `sys.path`, and no other."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import plugincreds
import plugincreds_startup
from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._plugins import discovery as _discovery
from plugincreds._plugins.discovery import GROUP
from plugincreds._plugins.distributions import distributions_with
from plugincreds._plugins.metadata import Distribution
from plugincreds._plugins.references import InstalledPlugin
from plugincreds._source import Source
from plugincreds.testing._isolation import (
    isolate_aws,
    isolated_default_session,
    restored_environment,
)

Getter = Callable[..., object] | str
Clock = Callable[[], float]

_DISTRIBUTION, _VERSION = "as-if-installed", "1.0"
_NOT_IN_NAMES = "=[]#;"  # they mean something else in a file of entry points
_FINDER = "distributions_with"  # the function that discovery asks for distributions
_numbers = itertools.count(1)


@pytest.fixture
def _restored_environment() -> Iterator[None]:
    with restored_environment():
        yield


@pytest.fixture
def plugins_as_if_installed(
    _restored_environment: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator["PluginsAsIfInstalled"]:
    """Let a test say which plugins are installed: none at first, and no others.

    `plugins_as_if_installed({"vault": getter})` lets botocore's sessions in this process find
    that plugin through the real hook, discovery, selection and chain. What is really installed
    is hidden, and so are AWS's variables and files. All is restored after the test.
    """
    del _restored_environment
    isolate_aws(monkeypatch, tmp_path_factory.mktemp("aws"))
    with fake_installation(monkeypatch, tmp_path_factory.mktemp("site")) as plugins:
        yield plugins


class PluginsAsIfInstalled:
    """Says which plugins there are; the fixture `plugins_as_if_installed` gives one.

    Each call replaces the plugins of the call before it, and forgets what was loaded
    (`plugincreds.reset()`). In a `with` statement the earlier plugins come back at its end.
    """

    def __init__(self, folder: Path) -> None:
        self._plugins: Mapping[str, Getter] = {}
        self._clock: Clock = time.time
        self._module = ModuleType(f"plugins_as_if_installed_{next(_numbers)}")
        info = folder / f"{_DISTRIBUTION.replace('-', '_')}-{_VERSION}.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {_DISTRIBUTION}\nVersion: {_VERSION}\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        self._file = info / "entry_points.txt"

    def __call__(
        self, plugins: Mapping[str, Getter], *, clock: Clock = time.time
    ) -> AbstractContextManager[object]:
        """Let these plugins be installed, and no others.

        Args:
            plugins: The getter of each plugin, by the plugin's name: a callable, or a
                "module:attribute" as in an entry point.
            clock: Returns the time at which their credentials are refreshed and expire, such as a
                `ManualClock`.

        Raises:
            TypeError: One of them is no getter, or the clock is not callable.
            ValueError: One of the names cannot be that of an entry point.
        """
        for name, getter in plugins.items():
            _check(name, getter)
        if not callable(clock):
            raise TypeError(
                f"The clock is of type {type(clock).__name__}. Give a callable, such as a "
                "ManualClock."
            )
        afterwards = ExitStack()
        afterwards.callback(self._install, self._plugins, self._clock)
        self._install(plugins, clock)
        return afterwards

    def _install(self, plugins: Mapping[str, Getter], clock: Clock) -> None:
        lines = [f"[{GROUP}]"]
        for number, (name, getter) in enumerate(plugins.items()):
            lines.append(f"{name} = {self._reference_to(getter, number)}")
        self._file.write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._plugins, self._clock = dict(plugins), clock
        plugincreds.reset()

    def _reference_to(self, getter: Getter, number: int) -> str:
        if isinstance(getter, str):
            return getter
        setattr(self._module, f"getter_{number}", getter)
        return f"{self._module.__name__}:getter_{number}"


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
def fake_installation(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[PluginsAsIfInstalled]:
    """Hide what is installed, and yield what installs plugins instead; restore all at the end.

    Args:
        patch: The test's own. It restores `sys.path` as it is now, because a test may put
            folders before this one.
        folder: An empty one.
    """
    plugins = PluginsAsIfInstalled(folder)
    module = plugins._module  # noqa: SLF001 - users have no use for it

    def only_here(text: str, path: list[str] | None = None) -> Iterator[Distribution]:
        for found in distributions_with(text, path):
            if Path(found.location) == folder:
                yield found

    def with_clock(source: Source, *arguments: Any, **keywords: Any) -> None:
        # Of two fake installations, the inner one is asked first.
        create(source, *arguments, **{"clock": plugins._clock, **keywords})  # noqa: SLF001 - as above

    create = Source.__init__
    patch.syspath_prepend(str(folder))
    try:
        with pytest.MonkeyPatch.context() as own, isolated_default_session(), _hook():
            own.setitem(sys.modules, module.__name__, module)
            own.setattr(_discovery, _FINDER, only_here)
            own.setattr(Source, "__init__", with_clock)  # wherever one is created
            own.setattr(PluginProvider, "_has_answered", False)  # as in a new program
            plugins({})
            yield plugins
    finally:
        plugincreds.reset()


@contextmanager
def _hook() -> Iterator[None]:
    was_there = plugincreds_startup._finder in sys.meta_path  # noqa: SLF001 - public names cannot tell
    plugincreds.install()
    try:
        yield
    finally:
        if not was_there:
            plugincreds.uninstall()


def really_installed(name: str) -> list[InstalledPlugin]:
    """Return the plugins of a name that a fake installation hides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_discovery, _FINDER, distributions_with)
        return list(_discovery.discover().plugins.get(name, ()))
