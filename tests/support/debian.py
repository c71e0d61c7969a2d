"""The AWS CLI v2 as Debian ships it: an ordinary Python program, of which PyPI has no package."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ARCHIVE = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
REASON = "unavailable"  # the file that says why there is no package
LONGEST = 120  # seconds
OPTIONS = {
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Dir::Cache": "cache",
    "Dir::Etc::SourceList": "sources.list",
    "Dir::Etc::SourceParts": os.devnull,
    "Dir::State": "state",
    "Dir::State::Lists": "state/lists",
    "Dir::State::status": os.devnull,
}


def unpack(suite: str, folder: Path, package: str = "awscli") -> None:
    """Get a package of a suite from Debian's archive into a folder, without root.

    Where that cannot be done, the file `REASON` says why.
    """
    try:
        _unpack(suite, folder, package)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or error
        text = f"Debian's package {package} of {suite} cannot be had: {said}"
        (folder / REASON).write_text(text, encoding="utf-8")


def _unpack(suite: str, folder: Path, name: str) -> None:
    for needed in ("state/lists/partial", "cache/archives/partial"):
        (folder / needed).mkdir(parents=True)
    if not KEYRING.exists():
        raise FileNotFoundError(KEYRING)
    source = f"deb [signed-by={KEYRING}] {ARCHIVE} {suite} main\n"
    (folder / "sources.list").write_text(source, encoding="utf-8")
    paths = {
        name: str(folder / value) if name.startswith("Dir::") else value
        for name, value in OPTIONS.items()
    }
    options = [word for name, value in paths.items() for word in ("-o", f"{name}={value}")]
    for command in ("update", f"download {name}"):
        _run("apt-get", "-qq", *options, *command.split(), folder=folder)
    (package,) = folder.glob(f"{name}_*.deb")
    _run("dpkg-deb", "--extract", str(package), str(folder / "unpacked"), folder=folder)
    shutil.rmtree(folder / "state")


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=LONGEST)
