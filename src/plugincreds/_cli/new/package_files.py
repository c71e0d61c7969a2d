"""The files of a new plugin's package: their text, and how they are written."""

import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from plugincreds._cli.new.package_name import module_of
from plugincreds._errors import PluginError

_TEMPLATE = Path(__file__).with_name("template")  # the package of a plugin acme
_NAMES = (
    "pyproject.toml",
    "README.md",
    "src/acme_creds/__init__.py",
    "src/acme_creds/py.typed",
    "tests/test_ask_broker.py",
    "tests/test_contract.py",
)


def package_files(plugin: str) -> dict[str, str]:
    """Return the files of a plugin's package: their paths in its folder, and their text."""
    # What is written uses what this version has.
    major, minor, *_ = metadata.version("plugincreds").split(".")
    words = {"acme": plugin, "acme_creds": module_of(plugin), "X.Y": f"{major}.{minor}"}
    pattern = re.compile(r"\b(acme_creds|acme|X\.Y)\b")

    def named(text: str) -> str:
        return pattern.sub(lambda word: words[word[0]], text)

    return {
        named(name): named((_TEMPLATE / f"{name}.txt").read_text(encoding="utf-8"))
        for name in _NAMES
    }


def write_new_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder with these files, or leave nothing behind.

    Raises:
        PluginError: It exists already, or it cannot be written.
    """
    made: list[Path] = []
    try:
        # mkdir() and "x" fail if the path exists, also if it has appeared at this moment.
        for each in sorted({folder / parent for name in files for parent in Path(name).parents}):
            each.mkdir()
            made.append(each)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                made.append(folder / name)
                file.write(text)
    except BaseException as error:
        is_left = [path for path in reversed(made) if not _removed(path)]
        if isinstance(error, FileExistsError) and not made:
            raise PluginError(
                f"{folder} exists already, and nothing in it was changed. Choose another name, or "
                "another folder with --into."
            ) from error
        if isinstance(error, OSError):
            left = "Remove what is left of it" if is_left else "Nothing of it is left"
            raise PluginError(
                f"{folder} cannot be written ({error.strerror}). {left}. Fix this, or name another "
                "folder with --into."
            ) from error
        raise


def _removed(path: Path) -> bool:
    """Remove a file or an empty folder, and tell whether that was possible."""
    try:
        path.rmdir() if path.is_dir() else path.unlink()
    except OSError:
        return False
    return True
