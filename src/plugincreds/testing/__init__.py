"""The kit for those who write plugins, and for those who test programs that use them.

`PluginContract` is a class of tests that a plugin's author inherits. `FakePlugin`,
`ManualClock` and the fixture `plugins_as_if_installed` stand in for a real plugin, for the
time, and for `pip install`.

Nothing else of plugincreds imports this package: it needs pytest. The fixture is there where
a conftest says `pytest_plugins = ["plugincreds.testing"]`.

PYTEST_DONT_REWRITE: there is no assert in it, and a conftest may both import it and name it.
"""

try:
    import pytest as _pytest  # noqa: F401, PT013 - asked for here, so that one error says what to do
except ModuleNotFoundError as _error:
    _message = "plugincreds.testing needs pytest. Run: pip install 'plugincreds[testing]'"
    raise ModuleNotFoundError(_message, name=_error.name) from _error

from plugincreds.testing._clock import ManualClock
from plugincreds.testing._contract import PluginContract
from plugincreds.testing._fake import FakePlugin
from plugincreds.testing._site import (
    PluginsAsIfInstalled,
    _environment_kept,  # noqa: F401 - pytest finds fixtures here
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
    _kind.__module__ = __name__  # tracebacks say where people import a class from
