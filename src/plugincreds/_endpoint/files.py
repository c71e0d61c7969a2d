"""Files that only this user can read: the token, and the variables that `serve` writes."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plugincreds._errors import PluginError


@contextmanager
def token_file(token: str, place: Path | None = None) -> Iterator[Path]:
    """Keep the token in a file while the body runs: at a place, or in a folder of its own."""
    if place is not None:
        with private_file(place, token):
            yield place
        return
    with tempfile.TemporaryDirectory(prefix="plugincreds-", ignore_cleanup_errors=True) as folder:
        file = Path(folder, "token")  # the folder has mode 0700
        with private_file(file, token):
            yield file


@contextmanager
def private_file(file: Path, text: str) -> Iterator[None]:
    """Keep text in a file with mode 0600 while the body runs.

    A reader sees the old text or the new one, never a part. At the end the file is removed, unless
    another process has replaced it.

    Raises:
        PluginError: It cannot be written.
    """
    try:
        number, new = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(text.encode())
            Path(new).replace(file)
        except OSError:
            Path(new).unlink()
            raise
    except OSError as error:
        message = f"The file {str(file)!r} cannot be written ({error.strerror}). Name another file."
        raise PluginError(message) from error
    try:
        yield
    finally:
        with suppress(OSError):
            if file.read_bytes() == text.encode():
                file.unlink()
