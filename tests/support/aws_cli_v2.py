"""Environments with the AWS CLI v2 of a Debian package."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from tests.support.debian import REASON, unpack
from tests.support.environments import Environment, Wheels
from tests.support.moto_process import MotoServer
from tests.support.once import Once

NEEDS = ("awscrt", "colorama", "cryptography", "distro", "docutils", "jmespath", "ruamel.yaml")
# What each kind needs besides, and the versions where newer ones have removed what it uses.
SUITES = {
    "bookworm": ("prompt-toolkit<3.0.29", "python-dateutil<3", "urllib3<1.27"),
    "sid": ("prompt-toolkit", "python-dateutil", "urllib3"),
}


def aws_cli_v2(
    once: Once, wheels: Wheels, server: MotoServer, home: Path, suite: str, *packages: str
) -> Environment | str:
    """Return an environment with Debian's package and these others, or why there is none."""
    package = once.get(f"awscli-{suite}", functools.partial(unpack, suite))
    if (package / REASON).exists():
        return (package / REASON).read_text(encoding="utf-8")

    def fill(directory: Path) -> None:
        made = Environment(directory, wheels, server)
        made.create()
        made.install(*packages, *NEEDS, *SUITES[suite])
        files = package / "unpacked/usr/lib/python3/dist-packages"
        shutil.copytree(files, made.site_packages, dirs_exist_ok=True)
        script = (package / "unpacked/usr/bin/aws").read_text(encoding="utf-8")
        made.script("aws").write_text(script.replace("/usr/bin/python3", str(made.python), 1))
        made.script("aws").chmod(0o755)
        made.note_installed()

    name = "-".join(["aws-cli", suite, *packages])
    made = Environment(once.get(name, fill), wheels, server, home=home)
    works = made.run(made.script("aws"), "--version", flags=())
    if works.returncode:
        return f"the AWS CLI of {suite} does not run here: {works.stderr[-200:]}"
    return made
