"""The kit for plugin authors, and for tests of programs that use plugins.

`PluginContract` is a class of tests that a plugin's author inherits. `FakePlugin`,
`ManualClock` and the fixture `plugins_as_if_installed` replace a real plugin, the time, and
`pip install`.

Nothing else in plugincreds imports this package, because it needs pytest. A conftest enables
the fixture with `pytest_plugins = ["plugincreds.testing"]`.

PYTEST_DONT_REWRITE: it holds no assert statement, and a conftest may both import and name it.
"""

try:
    import pytest as _pytest  # noqa: F401, PT013 - imported here, so that one error says what to do
except ModuleNotFoundError as _error:
    _message = "plugincreds.testing needs pytest. Run: pip install 'plugincreds[testing]'"
    raise ModuleNotFoundError(_message, name=_error.name) from _error

from plugincreds.testing._clock import ManualClock
from plugincreds.testing._contract import PluginContract
from plugincreds.testing._fake import FakePlugin
from plugincreds.testing._site import (
    PluginsAsIfInstalled,
    _restored_environment,  # noqa: F401 - pytest finds fixtures here
    plugins_as_if_installed,
)

__all__ = [
    "FakePlugin",
    "ManualClock",
    "PluginContract",
    "PluginsAsIfInstalled",
    "plugins_as_if_installed",
]

for _kind in (FakePlugin, ManualClock, PluginContract, PluginsAsIfInstalled):
    _kind.__module__ = __name__  # tracebacks show where users import a class from
