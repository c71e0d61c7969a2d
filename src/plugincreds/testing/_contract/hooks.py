"""The fixtures that a plugin's author overrides, and those that use them."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from plugincreds.testing._contract.probes import PluginThread
from plugincreds.testing._contract.secrets import CapturedOutput, Secrets
from plugincreds.testing._contract.subject import OpenedPlugin, Subject
from plugincreds.testing._isolation import isolate_aws, restored_environment
from plugincreds.testing._site import fake_installation

_CAPTURES = {"capsys", "capsysbinary", "capteesys", "capfdbinary"}  # pytest allows one at a time


def _to_be_provided(name: str, purpose: str) -> Any:
    """Return a fixture that skips the test, and says how to provide it."""

    @pytest.fixture(name=name)
    def skip(self: object) -> None:
        pytest.skip(
            f"{type(self).__name__} has no fixture named {name}. Define one that {purpose}, and "
            "this test runs"
        )

    return skip


class Hooks(Subject):
    """What happens before a test of the contract."""

    # Any: an author's fixture takes whatever fixtures it needs.
    unconfigured: Any = _to_be_provided(
        "unconfigured", "makes the plugin decline, or returns the options with which it declines"
    )
    failing: Any = _to_be_provided("failing", "makes retrieve() fail from then on")

    def _nothing_to_set_up(self) -> None:
        """Do nothing: the plugin may need nothing."""

    configured: Any = pytest.fixture(name="configured")(_nothing_to_set_up)

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Remind an author of a forgotten `@pytest.fixture` above one of the three."""
        super().__init_subclass__(**arguments)
        for name in ("configured", "unconfigured", "failing"):
            found = vars(cls).get(name)
            # In pytest's older versions a fixture is a function, too, with a mark on it.
            if inspect.isfunction(found) and not hasattr(found, "_pytestfixturefunction"):
                message = f"{cls.__name__}.{name} is not a fixture. Write @pytest.fixture above it."
                raise TypeError(message)

    @pytest.fixture
    def _restored_environment(self) -> Iterator[None]:
        with restored_environment():
            yield

    @pytest.fixture(autouse=True)
    def plugin_isolated(
        self,
        _restored_environment: None,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[None]:
        """Hide the developer's AWS settings and installed plugins."""
        del _restored_environment
        self._secrets, self._thread = Secrets(), PluginThread(self.time_limit)
        isolate_aws(monkeypatch, tmp_path_factory.mktemp("aws"), self._config())
        with fake_installation(monkeypatch, tmp_path_factory.mktemp("site")):
            yield
        self._thread.close()

    def _config(self) -> str:
        """Return a configuration file that agrees with the getter's context."""
        section = "default" if self.profile == "default" else f"profile {self.profile}"
        lines = [f"[{section}]"]
        if self.region is not None:
            lines.append(f"region = {self.region}")
        if self.options:
            lines.append("credential_plugin_options =")
            lines += [f"  {key} = {value}" for key, value in self.options.items()]
        return "\n".join([*lines, ""])

    @pytest.fixture(autouse=True)
    def plugin_output(self, request: pytest.FixtureRequest, plugin_isolated: object) -> Any:
        """Hold back what the plugin shows, and show in the end what holds no secret."""
        del plugin_isolated
        is_free = not _CAPTURES & set(request.fixturenames)
        capture = request.getfixturevalue("capfd") if is_free else None
        with pytest.MonkeyPatch.context() as patch:
            self._output = CapturedOutput(patch, capture)
            yield self._output
        self._output.replay(self._secrets)

    @pytest.fixture
    def plugin_opened(self, configured: object) -> OpenedPlugin:
        """Return the plugin, for tests of something else than its getter."""
        del configured
        return self._open_or_skip()

    @pytest.fixture
    def plugin_ready(self, plugin_opened: OpenedPlugin) -> OpenedPlugin:
        """Return the plugin after it has given credentials, whose secrets are known then."""
        self._value_or_skip(plugin_opened)
        return plugin_opened
