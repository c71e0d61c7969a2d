"""What is installed here, and whether it is as plugincreds knows it."""

import importlib
import importlib.util
import platform
import sys
from importlib import metadata
from types import ModuleType

from plugincreds._bindings._fit import aio_misfits, misfits
from plugincreds._errors import described

_PACKAGES = ("plugincreds", "botocore", "boto3", "aiobotocore", "awscli")
_AIO = "aiobotocore.credentials"
_BOTOCORES = ("botocore.credentials", "awscli.botocore.credentials")


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of all packages that matter; None: not installed."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}


def faults_of_bindings() -> dict[str, list[str]]:
    """Return what is not as we know it, for each module with a credential chain."""
    faults = {}
    for name in (*_BOTOCORES, _AIO):
        try:
            module = _imported(name)
            if module is None:
                continue
            known = sys.modules["botocore.credentials"]
            found = aio_misfits(module, known) if name == _AIO else misfits(module)
        except Exception as error:  # noqa: BLE001 - somebody else's package, damaged
            found = (f"it cannot be imported: {described(error)}",)
        faults[name] = list(found)
    return faults


def _imported(name: str) -> ModuleType | None:
    package = name.rpartition(".")[0]
    try:
        if importlib.util.find_spec(package) is None:
            return None
    except ImportError:  # its parent is not there
        return None
    return importlib.import_module(name)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
