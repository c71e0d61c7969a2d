"""Fresh virtual environments with real wheels in them, and clean processes that run there."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from uv import find_uv_bin

from tests.support.moto_process import MotoServer
from tests.support.once import Once

ROOT = Path(__file__).parents[2]
SOURCES = {"plugincreds": ROOT, "plugincreds-json-file": ROOT / "sample_plugin"}
SOURCES |= {f"plugincreds-{name}": ROOT / "plugins" / name for name in ("keyring", "shared-file")}
SOURCES |= {
    path.parent.name: path.parent for path in (ROOT / "tests/plugins").glob("*/pyproject.toml")
}
INSTALLED = "installed.json"  # the names in site-packages of a shared environment
LONGEST_RUN = 120  # seconds; a program that takes longer hangs
LONGEST_COMMAND = 300  # the same of builds, installers and type checkers


def pinned(*names: str) -> list[str]:
    """Return requirements for the versions that are installed where the tests run."""
    return [f"{name}=={version(name)}" for name in names]


class Wheels:
    """The project's own packages as wheels, each built from its source when first wanted."""

    def __init__(self, directory: Path) -> None:
        """Keep the wheels in this directory, which several processes may share."""
        self._once = Once(directory)

    def get(self, name: str) -> Path:
        """Return the wheel of one of `SOURCES`."""
        (wheel,) = self._once.get(name, functools.partial(_build, SOURCES[name])).glob("*.whl")
        return wheel


def _build(source: Path, directory: Path) -> None:
    # Not in an isolated environment, which takes four times as long: hatchling is installed here.
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", directory)
    checked(build, _for_tools(), source)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program left behind."""

    returncode: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Any:
        """What the program printed as JSON in its last line."""
        assert self.returncode == 0, self.stderr
        return json.loads(self.stdout.splitlines()[-1])


class Environment:
    """A virtual environment, its own or shared with other tests, and a home directory."""

    def __init__(
        self, directory: Path, wheels: Wheels, server: MotoServer, *, home: Path | None = None
    ) -> None:
        """Take the environment in this directory, which `create` makes, and a home directory.

        With a `home` the environment is shared: other tests use what is installed in it.
        """
        self.directory = directory
        self.home = home or directory / "home"
        self._is_shared = home is not None
        self._wheels = wheels
        self._server = server
        if self._is_shared:
            (self.home / ".aws").mkdir(parents=True)

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.directory / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        """Where packages are installed."""
        (found,) = self.directory.glob("lib/python*/site-packages")
        return found

    def create(self, *, pip: bool = False, python: str = sys.executable) -> None:
        """Make the environment, empty or with pip in it."""
        seed = ["--seed"] if pip else []
        run_uv("venv", "--python", python, *seed, self.directory)
        (self.home / ".aws").mkdir(parents=True)

    def remove(self) -> None:
        """Delete the environment."""
        shutil.rmtree(self.directory)

    def install(self, *requirements: str) -> None:
        """Install requirements; a name of `SOURCES` stands for the wheel built from there."""
        wanted = [self._wheels.get(name) if name in SOURCES else name for name in requirements]
        self._assert_own()
        if wanted:
            run_uv("pip", "install", "--python", self.python, *wanted)

    def wheel(self, name: str) -> Path:
        """Return the wheel of one of `SOURCES`."""
        return self._wheels.get(name)

    def install_editable(self, name: str) -> None:
        """Install one of `SOURCES` as a developer would."""
        self._assert_own()
        run_uv("pip", "install", "--python", self.python, "--no-deps", "--editable", SOURCES[name])

    def uninstall(self, name: str) -> None:
        """Uninstall a distribution."""
        self._assert_own()
        run_uv("pip", "uninstall", "--python", self.python, name)

    def pip(self, *arguments: str | Path) -> None:
        """Run the environment's own pip, without looking at any index."""
        self._assert_own()
        checked([self.python, "-I", "-m", "pip", *arguments], {**_for_tools(), "PIP_NO_INDEX": "1"})

    def listing(self) -> list[str]:
        """Return all that lies in site-packages."""
        return sorted(
            str(path.relative_to(self.site_packages)) for path in self.site_packages.rglob("*")
        )

    def write_config(self, text: str) -> None:
        """Write the AWS configuration file of this environment's home directory."""
        (self.home / ".aws" / "config").write_text(text, encoding="utf-8")

    def run(
        self,
        program: str | Path,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        flags: Sequence[str] = ("-I",),
    ) -> Outcome:
        """Run a file or a piece of code in a clean process, and see that it printed no secret."""
        where = [str(program)] if isinstance(program, Path) else ["-c", program]
        done = subprocess.run(
            [self.python, *flags, *where, *arguments],
            env={**self.variables(), **(variables or {})},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN,
            check=False,
        )
        printed = done.stdout + done.stderr
        assert not any(secret in printed for secret in self._server.secrets), "it printed a secret"
        return Outcome(done.returncode, done.stdout, done.stderr)

    def script(self, name: str) -> Path:
        """Return a console script."""
        return self.directory / "bin" / name

    def start(
        self,
        *command: str | Path,
        variables: Mapping[str, str] | None = None,
        **streams: Any,
    ) -> subprocess.Popen[str]:
        """Start a command whose streams and end are the test's own matter."""
        return subprocess.Popen(
            command,
            env={**self.variables(), **(variables or {})},
            cwd=self.home,
            text=True,
            **{"stdin": subprocess.DEVNULL, **streams},
        )

    def assert_unchanged(self) -> None:
        """Check that a test has left a shared environment as the other tests want it."""
        noted = (self.directory / INSTALLED).read_text(encoding="utf-8")
        assert self._names() == json.loads(noted), "give this test an environment of its own"

    def note_installed(self) -> None:
        """Note what is installed, for `assert_unchanged`."""
        (self.directory / INSTALLED).write_text(json.dumps(self._names()), encoding="utf-8")

    def _names(self) -> list[str]:
        # Not the files below, which are thousands.
        return sorted({path.name for path in self.site_packages.iterdir()} - {"__pycache__"})

    def _assert_own(self) -> None:
        assert not self._is_shared, "other tests use this environment: ask for one with own=True"

    def variables(self) -> dict[str, str]:
        """Return the environment of its processes, before a test adds to it."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "AWS_CONFIG_FILE": str(self.home / ".aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.home / ".aws" / "credentials"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            **self._server.variables,
        }


NewEnvironment: TypeAlias = Callable[..., Environment]  # the fixture of that name


def shared_environment(
    once: Once, wheels: Wheels, server: MotoServer, home: Path, *requirements: str, pip: bool
) -> Environment:
    """Return an environment that all tests with the same requirements share, with this home."""

    def fill(directory: Path) -> None:
        made = Environment(directory, wheels, server)
        made.create(pip=pip)
        made.install(*requirements)
        made.note_installed()

    facts = json.dumps([pip, sorted(requirements)])
    name = f"environment-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    return Environment(once.get(name, fill), wheels, server, home=home)


def run_uv(*arguments: str | Path) -> None:
    """Run uv; what it has to say is in the error."""
    checked([find_uv_bin(), *arguments], _for_tools())


def without_aws(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not about AWS."""
    return {name: value for name, value in variables.items() if not name.startswith("AWS_")}


def _for_tools() -> dict[str, str]:
    """Return the variables for installers: their own settings, but nothing about Python or AWS."""
    kept = without_aws(os.environ).items()
    return {name: value for name, value in kept if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}


def checked(
    command: Sequence[str | Path],
    variables: Mapping[str, str],
    folder: Path | None = None,
    *,
    umask: int = -1,
) -> str:
    """Run a command that must succeed, and return what it said to either stream."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_COMMAND,
        umask=umask,
        check=False,
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise RuntimeError(f"{words} ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout
