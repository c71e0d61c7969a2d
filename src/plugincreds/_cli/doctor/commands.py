"""Commands for people to copy: pip, of the Python that the doctor runs in, or uv for it."""

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec

# What pip accepts as a name. Others come from foreign texts, and may steer a shell or pip.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
REINSTALL = ("install", "--force-reinstall", "--no-deps")


def pip(*words: str) -> str:
    """Return a command, quoted for a shell, in the marks of a message."""
    python = sys.executable or "python"
    command = [python, "-m", "pip", *words]
    if find_spec("pip") is None:  # uv makes environments without it
        action, *others = words
        command = ["uv", "pip", action, "--python", python, *others]
    quoted = subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)
    return f"`{quoted}`"


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a package in a command."""
    return _NAME.fullmatch(text) is not None
