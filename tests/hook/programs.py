"""Short programs in interpreters of their own, because botocore must be imported afresh there."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

LONGEST_RUN = 60  # seconds; a program that takes longer hangs

# What each program finds defined.
PRELUDE = '''
import importlib, importlib.machinery, importlib.util, sys, threading
import plugincreds_startup as startup

NAME = "botocore.credentials"

def methods(**session):
    """List the providers in the chain of a new botocore session."""
    import botocore.session
    resolver = botocore.session.Session(**session).get_component("credential_provider")
    return [provider.METHOD for provider in resolver.providers]

def hooked():
    """Tell whether new sessions ask plugins, through one wrapper that asks once."""
    function = importlib.import_module(NAME).create_credential_resolver
    assert layers(function) < 2, layers(function)
    assert methods().count("plugin") == layers(function), methods()
    return layers(function) == 1

def layers(function):
    """Count the wrappers around a function."""
    count = 0
    while hasattr(function, "__wrapped__"):
        function, count = function.__wrapped__, count + 1
    return count

def together(*functions):
    """Call these in threads that start at a barrier; return what each returned or raised."""
    outcomes = []
    barrier = threading.Barrier(len(functions))
    def run(function):
        barrier.wait(20)
        try:
            outcomes.append(function())
        except BaseException as error:
            outcomes.append(error)
    threads = [threading.Thread(target=run, args=[each], daemon=True) for each in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join(40)
    return outcomes
'''


def _place(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    return str((origin.parent if origin.name == "__init__.py" else origin).parent)


def run(
    program: str,
    *arguments: object,
    startup_files: bool = True,
    variables: dict[str, str] | None = None,
) -> str:
    """Run a program after the prelude; return what it printed, when all went well and quietly.

    With `startup_files=False` it sees the same packages, but nothing has installed the hook.
    """
    flags, paths = ["-I"], ""
    if not startup_files:
        flags.append("-S")
        places = dict.fromkeys(map(_place, ["plugincreds_startup", "plugincreds", "botocore"]))
        paths = f"import sys; sys.path += {list(places)}"
    outcome = subprocess.run(
        [sys.executable, *flags, "-c", paths + PRELUDE + dedent(program), *map(str, arguments)],
        env=environment() | (variables or {}),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert not outcome.stderr, outcome.stderr
    assert outcome.returncode == 0
    return outcome.stdout


def environment() -> dict[str, str]:
    """Return variables that keep the machine's own AWS and Python settings out."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))
    }
    return kept | {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def make_plugin(site: Path, parameter: str = "") -> None:
    """Write an installed plugin `acme`, which always has the same keys."""
    info = site / "acme_creds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-creds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[aws_sdk.credential_plugins]\nacme = acme_creds:get\n")
    (site / "acme_creds.py").write_text(
        f"def get({parameter}):\n"
        "    return (lambda: ('AKIDEXAMPLE', 'not-a-secret')), (lambda: False)\n"
    )
