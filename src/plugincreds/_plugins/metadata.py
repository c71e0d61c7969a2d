"""What is read of one installed distribution: its name, its version and its entry points.

A file of a damaged or hostile package may be anything: a pipe or a device at which a read waits
for ever, or a gigabyte of text. So only regular files are read, and never more than a limit.
"""

import os
import re
import stat
from contextlib import suppress
from functools import cached_property
from importlib import metadata
from pathlib import Path

FILE = "entry_points.txt"
ENDINGS = (".dist-info", ".egg-info")
LARGEST = 1024 * 1024  # bytes of FILE; those of the largest packages have 60,000
_HEAD = 64 * 1024  # bytes of the metadata; name and version are in its first lines
_METADATA = ("METADATA", "PKG-INFO")
_PIECE = 64 * 1024  # bytes read at once; larger buffers take longer
# O_NONBLOCK, because opening a pipe waits, too; O_NOCTTY, because the file may be a terminal.
_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOCTTY", "O_NONBLOCK"))


class UnreadableError(Exception):
    """Entry points cannot be used; the text completes "the package has"."""


def beginning(path: str, most: int) -> bytes:
    """Return the first bytes of a regular file.

    Raises:
        UnreadableError: It is a folder, a pipe or a device.
        OSError: It does not exist, or cannot be read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableError(f"a file {Path(path).name} that is not a regular file")
        data = os.read(descriptor, min(most, _PIECE))
        while data and len(data) < most:
            piece = os.read(descriptor, min(most - len(data), _PIECE))
            if not piece:
                break
            data += piece
        return data
    finally:
        os.close(descriptor)


def normal(name: str) -> str:
    """Return a distribution's name in the form in which names are compared."""
    if "." not in name and "-" not in name and "__" not in name:
        return name.lower()  # a fast path: most names of folders are normalized already
    return re.sub(r"[-_.]+", "-", name).lower().replace("-", "_")


class Distribution:
    """An installed distribution.

    Attributes:
        folder: The folder that it is installed in, as it stands on the path.
        path: Its metadata: a folder in there, or a file that ends with ".egg-info".
        is_hit: Whether its entry points contain the text that is searched for.
    """

    def __init__(self, folder: str, child: str, *, is_hit: bool = False) -> None:
        self.folder = folder
        self.path = f"{folder}{os.sep}{child}"
        self.is_hit = is_hit

    @property
    def location(self) -> str:
        """The folder that it is installed in, as in messages."""
        return str(Path(self.folder))

    def read(self, name: str, most: int) -> bytes:
        """Return the first bytes of one of its files.

        Raises:
            UnreadableError: It is no regular file.
            OSError: It does not exist, or cannot be read.
        """
        return beginning(f"{self.path}{os.sep}{name}", most)

    @cached_property
    def key(self) -> str | None:
        """The normalized name, by which distributions of the same name are recognized."""
        # If the folder's name does not have it, the library takes the name from the metadata.
        name = self._from_path[0] or self._headers.get("name")
        return normal(name) if name else None

    @cached_property
    def is_whole(self) -> bool:
        """Whether it has metadata, which an interrupted installation may not have written."""
        files = (f"{self.path}{os.sep}{name}" for name in _METADATA)
        return any(_size(file) not in {"", "0"} for file in (*files, self.path))

    @cached_property
    def has_its_modules(self) -> bool:
        """Whether the modules that its RECORD lists are there, in the sizes that stand there."""
        try:
            record = self.read("RECORD", LARGEST).decode("utf-8", "replace")
        except (OSError, UnreadableError):
            return False
        # Each line is a path, a hash and a size. What follows the last line end may be cut off.
        lines = record.rpartition("\n")[0].splitlines()
        rows = (line.rsplit(",", 2) for line in lines if ".py," in line)
        return all(row[-1] == _size(f"{self.folder}{os.sep}{row[0]}") != "" for row in rows)

    @property
    def name_and_version(self) -> tuple[str, str]:
        """Both as in its metadata, else as in its folder's name, else empty."""
        (name, version), headers = self._from_path, self._headers
        return headers.get("name") or name.replace("_", "-"), headers.get("version") or version

    def entry_points(self) -> str:
        """Return the text of its file of entry points.

        Raises:
            UnreadableError: The file is too large, or it or the metadata is no regular file.
            OSError, UnicodeDecodeError: The file cannot be read.
        """
        for name in _METADATA:
            with suppress(OSError):
                self.read(name, 1)
        data = self.read(FILE, LARGEST + 1)
        if len(data) > LARGEST:
            raise UnreadableError(f"a file {FILE} of more than {LARGEST // 1024} KiB")
        return data.decode()

    @property
    def _from_path(self) -> tuple[str, str]:
        """Name and version as the name of its folder has them, or empty."""
        stem, ending = os.path.splitext(os.path.basename(self.path))  # noqa: PTH119, PTH122 - speed
        name, _, version = stem.partition("-") if ending in ENDINGS else ("", "", "")
        return name, version

    @cached_property
    def _headers(self) -> dict[str, str]:
        """The first lines of its metadata, by their names in lower case."""
        headers: dict[str, str] = {}
        for name in _METADATA:
            with suppress(OSError, UnreadableError):
                for line in self.read(name, _HEAD).decode("utf-8", "replace").splitlines():
                    if not line.strip():
                        break  # the description follows
                    key, _, value = line.partition(":")
                    headers.setdefault(key.lower(), value.strip())
        return headers


class DistributionOfLibrary(Distribution):
    """A distribution that a finder has found: one in a zip file, or another package's own."""

    def __init__(self, found: metadata.Distribution) -> None:
        self._found = found
        path = getattr(found, "_path", None)  # of the library's own class
        self._path = path if hasattr(path, "joinpath") else None
        try:
            folder = str(found.locate_file(""))
        except Exception:  # noqa: BLE001 - only messages need it
            folder = ""
        super().__init__(folder, getattr(self._path, "name", ""))

    def read(self, name: str, most: int) -> bytes:
        """As in the class above."""
        if isinstance(self._path, Path):
            return super().read(name, most)
        try:
            if self._path is None:
                return (self._found.read_text(name) or "").encode()
            with self._path.joinpath(name).open("rb") as file:
                data: bytes = file.read(most)
                return data
        except Exception as error:
            raise OSError(f"{name} cannot be read") from error

    @cached_property
    def key(self) -> str | None:
        """As in the class above."""
        if isinstance(self._path, Path):
            return super().key
        if self._path is not None:  # in a zip file, the library prefers the name in the metadata
            name = self._headers.get("name")
            return normal(name) if name else super().key
        try:
            name = getattr(self._found, "_normalized_name", None) or self._found.metadata["Name"]
        except Exception:  # noqa: BLE001 - without a proper name, nothing can hide it
            return None
        return normal(name) if name else None

    @cached_property
    def is_whole(self) -> bool:
        """True: an installation that is interrupted leaves no such distribution."""
        return True


def _size(path: str) -> str:
    """Return the size of a regular file in digits, or an empty string."""
    try:
        found = os.stat(path)  # noqa: PTH116 - strings all along
    except (OSError, ValueError):  # a RECORD may name anything
        return ""
    return str(found.st_size) if stat.S_ISREG(found.st_mode) else ""
