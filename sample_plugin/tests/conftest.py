"""Lets the tests run before the plugin is installed."""

# ruff: noqa: INP001 - test folders are no packages

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
