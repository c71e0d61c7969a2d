"""Makes the second wheel of a version, for Pythons that ignore import lines in `.pth` files.

It has a `.start` file (PEP 829) in place of the `.pth` file, and is the same otherwise. Builds run
this hook only for `make start-wheel`.
"""

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StartWheel(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling finds the class by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Set the tag, and exchange the startup files."""
        build_data["tag"] = f"{os.environ['START_WHEEL_PYTHONS']}-none-any"
        static = self.build_config.force_include
        (line,) = (path for path in static if path.endswith(".pth"))
        name = static.pop(line).replace(".pth", ".start")
        build_data["force_include"][line.replace(".pth", ".start")] = name
