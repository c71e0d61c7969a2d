"""The fixtures that a plugin's author overrides, and those that are made of them."""

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from plugincreds._contract import Value
from plugincreds.testing._aside import environment_kept, set_aws_aside
from plugincreds.testing._contract.probes import Home
from plugincreds.testing._contract.secrets import Secrets, Witness
from plugincreds.testing._contract.subject import Opened, Subject, not_asked
from plugincreds.testing._site import as_if_installed

GETTER_TEST = "test_getter_returns_a_plugin"
VALUE_TEST = "test_retrieve_returns_credentials"
_CAPTURES = {"capsys", "capsysbinary", "capteesys", "capfdbinary"}  # one at a time, says pytest


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
    """What is done before a test of the contract."""

    # Any: an author's fixture takes whatever fixtures it needs.
    unconfigured: Any = _to_be_provided("unconfigured", "makes the plugin decline")
    failing: Any = _to_be_provided("failing", "makes retrieve() fail from then on")

    def _nothing_to_set_up(self) -> None:
        """Do nothing: the plugin may need nothing."""

    configured: Any = pytest.fixture(name="configured")(_nothing_to_set_up)

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Tell an author who has forgotten `@pytest.fixture` above one of the three."""
        super().__init_subclass__(**arguments)
        for name in ("configured", "unconfigured", "failing"):
            found = vars(cls).get(name)
            # In pytest's older versions a fixture is a function, too, with a mark on it.
            if inspect.isfunction(found) and not hasattr(found, "_pytestfixturefunction"):
                message = f"{cls.__name__}.{name} is no fixture. Write @pytest.fixture above it."
                raise TypeError(message)

    @pytest.fixture
    def _environment_kept(self) -> Iterator[None]:
        with environment_kept():
            yield

    @pytest.fixture(autouse=True)
    def plugin_apart(
        self,
        _environment_kept: None,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[None]:
        """Set the developer's AWS settings and installed plugins aside."""
        del _environment_kept
        self._secrets, self._home = Secrets(), Home(self.time_limit)
        set_aws_aside(monkeypatch, tmp_path_factory.mktemp("aws"), self._config())
        with as_if_installed(monkeypatch, tmp_path_factory.mktemp("site")):
            yield
        self._home.close()

    @pytest.fixture(autouse=True)
    def plugin_witness(self, request: pytest.FixtureRequest, plugin_apart: object) -> Any:
        """Keep what the plugin shows, and show it in the end where it holds no secret."""
        del plugin_apart
        is_free = not _CAPTURES & set(request.fixturenames)
        capture = request.getfixturevalue("capfd") if is_free else None
        with pytest.MonkeyPatch.context() as patch:
            self._witness = Witness(patch, capture)
            yield self._witness
        self._witness.pass_on(self._secrets)

    def _config(self) -> str:
        """Return a configuration file that says what the getter's context says."""
        section = "default" if self.profile == "default" else f"profile {self.profile}"
        lines = [f"[{section}]"]
        if self.region is not None:
            lines.append(f"region = {self.region}")
        if self.options:
            lines.append("credential_plugin_options =")
            lines += [f"  {key} = {value}" for key, value in self.options.items()]
        return "\n".join([*lines, ""])

    @pytest.fixture
    def plugin_opened(self, configured: object, plugin_witness: Witness) -> Opened:
        """Return the plugin, for tests of something else than its getter."""
        del configured, plugin_witness
        return self._reopened(GETTER_TEST)

    @pytest.fixture
    def plugin_value(self, plugin_opened: Opened) -> Value:
        """Return what it retrieves, for tests of something else than the first `retrieve()`."""
        return self._retrieved(plugin_opened).value or not_asked(VALUE_TEST)
