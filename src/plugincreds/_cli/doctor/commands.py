"""Commands for people to copy: pip, of the Python that the doctor runs in."""

import os
import re
import shlex
import subprocess
import sys

# What pip accepts as a name. Others come from foreign texts, and may steer a shell or pip.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
REINSTALL = ("install", "--force-reinstall", "--no-deps")


def pip(*words: str) -> str:
    """Return a command, quoted for a shell, in the marks of a message."""
    command = [sys.executable or "python", "-m", "pip", *words]
    quoted = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    return f"`{quoted}`"


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a package in a command."""
    return _NAME.fullmatch(text) is not None
