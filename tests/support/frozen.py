"""The AWS CLI v2 as AWS's own installer ships it: frozen with PyInstaller, here from Debian's.

It is kept between test runs, because a build takes about a minute. To get a newer version, remove
the folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from tests.support.debian import REASON, unpack
from tests.support.environments import ROOT, checked, run_uv, without_aws
from tests.support.once import Once

KEPT = ROOT / ".nox" / "frozen"
NEEDS = (
    *("awscrt", "colorama", "cryptography", "distro", "docutils", "jmespath", "prompt-toolkit"),
    *("pyinstaller", "python-dateutil", "ruamel.yaml", "urllib3"),
)
PROGRAM = "import sys\nfrom awscli.clidriver import main\nsys.exit(main())\n"
# As AWS's own build does it; the handlers are imported by name.
HOOK = """
from PyInstaller.utils import hooks
hiddenimports = [
    name for package in ("awscli", "http", "logging") for name in hooks.collect_submodules(package)
]
datas = hooks.collect_data_files("awscli") + hooks.copy_metadata("prompt_toolkit")
"""


class UnavailableError(Exception):
    """The package cannot be downloaded or frozen here."""


def frozen_aws_cli() -> Path:
    """Return the program, frozen with the Python that runs the tests.

    Raises:
        UnavailableError: That cannot be done here; the message says why.
    """
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        raise UnavailableError("PyInstaller needs a Python with a shared library")
    version = "{}.{}.{}".format(*sys.version_info)
    return Once(KEPT).get(f"aws-cli-{version}", _build) / "dist" / "aws" / "aws"


def _build(folder: Path) -> None:
    folder.mkdir(parents=True)
    source, environment = folder / "source", folder / "environment"
    source.mkdir()
    unpack("sid", source)
    if (source / REASON).exists():
        raise UnavailableError((source / REASON).read_text(encoding="utf-8"))
    run_uv("venv", "--python", sys.executable, environment)
    run_uv("pip", "install", "--python", environment / "bin" / "python", *NEEDS)
    (site_packages,) = environment.glob("lib/python*/site-packages")
    files = source / "unpacked/usr/lib/python3/dist-packages"
    shutil.copytree(files, site_packages, dirs_exist_ok=True)
    (folder / "hook-awscli.py").write_text(HOOK, encoding="utf-8")
    (folder / "aws.py").write_text(PROGRAM, encoding="utf-8")
    options = (
        *("--noconfirm", "--contents-directory", ".", "--name", "aws"),
        *("--additional-hooks-dir", ".", "--distpath", "dist", "--workpath", "work"),
    )
    command = (environment / "bin" / "pyinstaller", *options, "aws.py")
    checked(command, without_aws(os.environ), folder)
    for name in ("source", "environment", "work"):
        shutil.rmtree(folder / name)
