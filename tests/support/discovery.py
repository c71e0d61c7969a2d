"""The search for installed plugins, replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugincreds._plugins.discovery import discover

__all__ = ["discover", "replace_discover"]


def replace_discover(monkeypatch: pytest.MonkeyPatch, other: Callable[[], Any]) -> None:
    """Let another function look for plugins from now on; it may call `discover`."""
    monkeypatch.setattr("plugincreds._plugins.discovery.discover", other)
