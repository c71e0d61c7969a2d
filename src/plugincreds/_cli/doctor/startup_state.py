"""Whether the startup hook is at work in this environment, and why not."""

import importlib
import site
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import plugincreds
import plugincreds_startup
from plugincreds._cli.doctor.commands import REINSTALL, pip

_STEM = "plugincreds_startup"
_ADVICE = "call plugincreds.install() before the program's first AWS call"
_START_FILES_SINCE = (3, 15)
_NO_IMPORT_LINES_SINCE = (3, 18)  # in .pth files; PEP 829


@dataclass(frozen=True, slots=True)
class StartupState:
    """What is known of the hook.

    Attributes:
        active: Whether botocore's chain asks for plugins in this process.
        reason: Why it does not, as a sentence; None where it does.
        module: The file of the module `plugincreds_startup`.
        startup_file: The `.pth` file that Python reads, or the `.start` file that replaces it, or
            None.
        caution: What is odd though the hook is active, as a sentence, or None.
    """

    active: bool
    reason: str | None
    module: str
    startup_file: str | None
    caution: str | None


def startup_state() -> StartupState:
    """Import `botocore.credentials` as a program would, and see whether it is wrapped."""
    module, startup_file = Path(plugincreds_startup.__file__), _startup_file()
    finder = plugincreds_startup._finder  # noqa: SLF001 - it is our own
    reason: str | None = None
    if not finder.active:
        reason = _not_started(module.parent, startup_file)
    elif finder not in sys.meta_path:
        reason = f"Something has taken the finder of {_STEM} out of sys.meta_path; {_ADVICE}."
    else:
        reason = _not_wrapped(finder)
    caution = _caution(module) if reason is None else None
    return StartupState(reason is None, reason, str(module), startup_file, caution)


def _not_wrapped(hook: object) -> str | None:
    """Return what may have kept botocore's module from being wrapped; None if it is."""
    module = importlib.import_module("botocore.credentials")
    builder = getattr(module, "ProfileProviderBuilder", None)
    functions = {
        "create_credential_resolver": getattr(module, "create_credential_resolver", None),
        "ProfileProviderBuilder.providers": getattr(builder, "providers", None),
    }
    plain = [name for name in functions if not hasattr(functions[name], "__plugincreds_original__")]
    if not plain:
        return None
    found = f"The hook is installed, but {' and '.join(plain)} of {module.__name__} "
    if len(plain) < len(functions):
        return f"{found}is not wrapped: it was replaced, or this botocore does not have it."
    return f"{found}are not wrapped: {_way_past(hook, module.__name__)}; {_ADVICE}."


def _way_past(hook: object, module: str) -> str:
    """Return how botocore's module was imported without the hook."""
    import botocore  # noqa: PLC0415 - it waits until it is needed

    for finder in takewhile(lambda each: each is not hook, sys.meta_path):
        with suppress(Exception):
            if finder.find_spec(module, botocore.__path__, None) is not None:
                kind = finder if isinstance(finder, type) else type(finder)
                return (
                    f"the finder {kind.__module__}.{kind.__qualname__} comes before the hook in "
                    "sys.meta_path and finds that module itself"
                )
    return "it was imported past the finders of sys.meta_path"


def _not_started(folder: Path, startup_file: str | None) -> str:
    """Return why `plugincreds_startup.install()` was not called."""
    if sys.flags.no_site:
        return f"Python was started with -S, so no startup file is read; {_ADVICE}."
    if startup_file is None and folder not in _site_folders():
        return (
            f"{folder} is not a site directory (it is only on PYTHONPATH, or was made by pip "
            f"install --target), so Python reads no startup file there; {_ADVICE}, or run "
            f"{pip('install', 'plugincreds')}."
        )
    if startup_file is None:
        return (
            f"{_STEM}.pth is missing beside {_STEM}.py in {folder}. Run "
            f"{pip(*REINSTALL, 'plugincreds')}."
        )
    start = Path(startup_file).with_suffix(".start")
    is_line = startup_file != str(start)
    if is_line and sys.version_info >= _START_FILES_SINCE and start.exists():
        return (
            f"{start} stands beside {_STEM}.pth, so Python does not run the lines of that one; "
            f"put the line '{_STEM}:install' into {start.name}."
        )
    if is_line and sys.version_info >= _NO_IMPORT_LINES_SINCE:
        return (
            f"Python 3.18 and later ignore import lines in .pth files, and {startup_file} has "
            f"only such a line. Run {pip('install', '--upgrade', 'plugincreds')}. Until then, "
            f"{_ADVICE}."
        )
    return (
        f"{startup_file} is there, but its line has not run, or uninstall() was called; python -v "
        f"shows what Python says of it. Until that is fixed, {_ADVICE}."
    )


def _caution(module: Path) -> str | None:
    package = Path(plugincreds.__file__).parent.parent
    if module.parent == package:
        return None
    return (
        f"{_STEM}.py is in {module.parent}, but the package plugincreds in {package}: they may "
        "be of different versions."
    )


def _startup_file() -> str | None:
    """Return the file that Python reads, wherever it is: an editable one's module is elsewhere."""
    suffixes = ["pth", "start"] if sys.version_info >= _START_FILES_SINCE else ["pth"]
    files = (folder / f"{_STEM}.{suffix}" for suffix in suffixes for folder in _site_folders())
    return next((str(file) for file in files if file.is_file()), None)


def _site_folders() -> list[Path]:
    return [Path(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())]
