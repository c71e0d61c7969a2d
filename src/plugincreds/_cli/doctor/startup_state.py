"""Whether the startup hook is at work in this environment, and why not."""

import importlib
import site
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import plugincreds
import plugincreds_startup

_STEM = "plugincreds_startup"
_ADVICE = "call plugincreds.install() before the program's first AWS call"
_START_FILES_SINCE = (3, 15)


@dataclass(frozen=True, slots=True)
class StartupState:
    """What is known of the hook.

    Attributes:
        active: Whether botocore's chain asks for plugins in this process.
        reason: Why it does not, as a sentence; None where it does.
        module: The file of the module `plugincreds_startup`.
        startup_file: The `.pth` file that Python reads, or None.
        caution: What is odd though the hook is active, as a sentence, or None.
    """

    active: bool
    reason: str | None
    module: str
    startup_file: str | None
    caution: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return all that, for programs."""
        return asdict(self)


def startup_state() -> StartupState:
    """Import `botocore.credentials` as a program would, and see whether it is wrapped."""
    module = Path(plugincreds_startup.__file__)
    startup_file = _startup_file()
    finder = plugincreds_startup._finder  # noqa: SLF001 - it is our own
    is_installed = finder.active and finder in sys.meta_path
    credentials = importlib.import_module("botocore.credentials")
    builder = getattr(credentials, "ProfileProviderBuilder", None)
    wrapped = {
        "create_credential_resolver": getattr(credentials, "create_credential_resolver", None),
        "ProfileProviderBuilder.providers": getattr(builder, "providers", None),
    }
    plain = [name for name, each in wrapped.items() if not _is_wrapped(each)]
    if is_installed and not plain:
        caution = _caution(module)
        return StartupState(True, None, str(module), startup_file, caution)  # noqa: FBT003
    if is_installed:
        reason = _unwrapped(plain, complete=len(plain) == len(wrapped))
    elif finder.active:
        reason = (
            "Something has taken the finder of plugincreds_startup out of sys.meta_path; "
            f"{_ADVICE}."
        )
    else:
        reason = _not_started(module.parent, startup_file)
    return StartupState(False, reason, str(module), startup_file)  # noqa: FBT003


def _is_wrapped(function: object) -> bool:
    return hasattr(function, "__plugincreds_original__")


def _unwrapped(plain: list[str], *, complete: bool) -> str:
    """Return who may have kept botocore's module from being wrapped."""
    missing = f"The hook is installed, but {' and '.join(plain)} of botocore.credentials "
    missing += "is not wrapped" if len(plain) == 1 else "are not wrapped"
    if not complete:
        return f"{missing}: somebody has replaced it, or this botocore does not have it."
    import botocore  # noqa: PLC0415 - it waits until it is needed

    for finder in sys.meta_path[: sys.meta_path.index(plugincreds_startup._finder)]:  # noqa: SLF001
        with suppress(Exception):
            find = getattr(finder, "find_spec", None)
            if find and find("botocore.credentials", botocore.__path__, None) is not None:
                kind = finder if isinstance(finder, type) else type(finder)
                return (
                    f"{missing}: the finder {kind.__module__}.{kind.__qualname__} stands before "
                    f"the hook in sys.meta_path and answers for that module itself; {_ADVICE}."
                )
    return f"{missing}: it was imported past the finders of sys.meta_path; {_ADVICE}."


def _not_started(folder: Path, startup_file: str | None) -> str:
    """Return why nobody has called `plugincreds_startup.install()`."""
    if sys.flags.no_site:
        return f"Python was started with -S, so no startup file is read; {_ADVICE}."
    if startup_file is None and folder not in _site_folders():
        return (
            f"{folder} is not a site directory (it is only on PYTHONPATH, or was made by pip "
            f"install --target), so Python reads no startup file there; {_ADVICE}, or install "
            "plugincreds with pip into this environment."
        )
    if startup_file is None:
        return (
            f"{_STEM}.pth is missing beside {_STEM}.py in {folder}; install plugincreds again "
            "(pip install --force-reinstall plugincreds)."
        )
    start = Path(startup_file).with_suffix(".start")
    if sys.version_info >= _START_FILES_SINCE and start.exists():
        return (
            f"{start} stands beside {_STEM}.pth, so Python does not run the lines of that one; "
            "remove it, or put 'plugincreds_startup:install' into it."
        )
    return (
        f"{startup_file} is there, but its line has not run, or uninstall() was called; python -v "
        f"shows what Python says of it. Until that is mended, {_ADVICE}."
    )


def _caution(module: Path) -> str | None:
    package = Path(plugincreds.__file__).parent.parent
    if module.parent == package:
        return None
    return (
        f"{_STEM}.py lies in {module.parent}, but the package plugincreds in {package}: they may "
        "be of different versions."
    )


def _site_folders() -> list[Path]:
    folders = [*site.getsitepackages(), site.getusersitepackages()]
    return [Path(folder) for folder in folders]


def _startup_file() -> str | None:
    """Return the file that Python reads, wherever it is: an editable one's module is elsewhere."""
    for folder in _site_folders():
        file = folder / f"{_STEM}.pth"
        if file.is_file():
            return str(file)
    return None
