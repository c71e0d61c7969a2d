"""Virtual environments that differ in one thing, so that what runs in them can be compared."""

import os
import sys
from pathlib import Path

from tests.support.environments import Wheels, pinned, run_uv, without_aws

GROUP = "aws_sdk.credential_plugins"
PLUGIN = """
def get_provider():
    return (lambda: ("AKIDEXAMPLE", "secret")), (lambda: False)
"""


class Environments:
    """Environments of one Python, each made when it is first wanted.

    Args:
        directory: Where they are.
        distributions: How many packages each of them has beside those that it is made for.
        interpreter: The Python that they are made with; the running one by default.
    """

    def __init__(
        self, directory: Path, distributions: int = 0, interpreter: Path = Path(sys.executable)
    ) -> None:
        self._directory = directory
        self._wheels = Wheels(directory / "wheels")
        self._distributions = distributions
        self._interpreter = interpreter

    def of(self, interpreter: Path, name: str) -> "Environments":
        """Return environments of another Python, in a folder of this name."""
        return Environments(self._directory / name, self._distributions, interpreter)

    def python(self, name: str, *requirements: str, plugin: str = "") -> Path:
        """Return the interpreter of an environment with boto3, and with a plugin of this code."""
        directory = self._directory / name
        python = directory / "bin" / "python"
        if not python.exists():
            wanted = [
                str(self._wheels.get(each)) if each == "plugincreds" else each
                for each in (*pinned("boto3", "botocore"), *requirements)
            ]
            run_uv("venv", "--python", self._interpreter, directory)
            run_uv("pip", "install", "--compile-bytecode", "--python", python, *wanted)
            (site_packages,) = directory.glob("lib/python*/site-packages")
            make_distributions(site_packages, self._distributions)
            if plugin:
                make_plugin(site_packages, plugin)
        return python

    def variables(self, **more: str) -> dict[str, str]:
        """Return what a program finds in its environment: as little as possible."""
        # Whoever has switched bytecode off, as in a container, would measure the compiler.
        kept = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
        files = {
            "AWS_CONFIG_FILE": str(self._directory / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._directory / "credentials"),
        }
        return {**without_aws(kept), **files, "AWS_EC2_METADATA_DISABLED": "true", **more}


def make_distributions(directory: Path, count: int, with_entry_points: int = 3) -> None:
    """Write metadata as installed packages have it; every third has entry points."""
    for number in range(count):
        info = directory / f"package_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.0\n"
            + "Classifier: Programming Language :: Python\n" * 30
        )
        if number % with_entry_points == 0:
            tools = "".join(f"tool-{tool} = package_{number}:main\n" for tool in range(4))
            (info / "entry_points.txt").write_text(f"[console_scripts]\n{tools}")


def make_plugin(directory: Path, code: str) -> None:
    """Write an installed plugin."""
    info = directory / "acme_creds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-creds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nacme = acme_creds:get_provider\n")
    (directory / "acme_creds.py").write_text(code)
