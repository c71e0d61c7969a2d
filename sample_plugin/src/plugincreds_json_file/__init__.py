"""A credential plugin that reads the keys from the JSON file named by `PLUGIN_CREDS_FILE`."""

from __future__ import annotations

import json
import os
from pathlib import Path

from plugincreds import Declined


class JsonFileError(Exception):
    """The file can't supply credentials; the message says why and shows none of its content."""


class JsonFile:
    """The credentials in one file, read again whenever that file has changed."""

    def __init__(self, path: str) -> None:
        """Bind to the file, without touching it."""
        self._path = Path(path).absolute()
        self._version: tuple[int, int, int] | None = None

    def retrieve(self) -> tuple[str, str, str | None]:
        """Return the access key, the secret key and the token in the file."""
        try:
            with self._path.open("rb") as file:
                # The version comes first, so that a change during the reading is not missed.
                version = _version(os.fstat(file.fileno()))
                found = _parse(file.read())
        except OSError as error:
            raise JsonFileError(
                f"cannot read {self._path} (PLUGIN_CREDS_FILE): {error.strerror}"
            ) from error
        if isinstance(found, str):
            raise JsonFileError(f"{self._path} (PLUGIN_CREDS_FILE) {found}")
        self._version = version
        return found

    def is_expired(self) -> bool:
        """Tell whether the file has changed since the last `retrieve()`."""
        try:
            return _version(self._path.stat()) != self._version
        except OSError:
            return True  # retrieve() then raises an error that says what is wrong

    def cache_key(self) -> str:
        """Return the path, which alone decides whose credentials these are."""
        return str(self._path)


def get_provider() -> JsonFile | Declined:
    """Return the plugin, or decline if no file is configured."""
    path = os.environ.get("PLUGIN_CREDS_FILE")
    return JsonFile(path) if path else Declined("the variable PLUGIN_CREDS_FILE is not set")


def _version(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _parse(content: bytes) -> tuple[str, str, str | None] | str:
    """Return the credentials, or what is wrong with the content, without showing any of it."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return "is not JSON"  # returned, not raised: the decoder's error has the whole content
    if not isinstance(document, dict):
        return "is not a JSON object"
    key, secret, token = (document.get(name) for name in ("Key", "Secret", "Token"))
    if not isinstance(key, str) or not isinstance(secret, str):
        return 'must hold "Key" and "Secret", both strings'
    if not isinstance(token, str | None):
        return 'has a "Token" that is not a string'
    return key, secret, token
