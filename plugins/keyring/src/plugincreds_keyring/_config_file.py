"""Adds settings to a profile in the AWS config file, and changes nothing else in it."""

from __future__ import annotations

import errno
import io
import os
import re
import shlex
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from plugincreds import NonRecoverableError

from plugincreds_keyring._profile import Settings, lines_of

_BY_HAND = "add the lines yourself"


def add_settings(file: Path, profile: str, settings: Settings) -> None:
    """Add settings that a profile does not have, and the profile itself if it is missing.

    Raises:
        NonRecoverableError: The file cannot be written, or not without another change in it.
    """
    target = Path(os.path.realpath(file))  # a symbolic link stays one
    try:
        _add(target, profile, settings)
    except OSError as error:
        kind = errno.errorcode.get(error.errno or 0, type(error).__name__)
        raise NonRecoverableError(f"{file} cannot be written ({kind})", hint=_BY_HAND) from None


def header_of(profile: str) -> str:
    """Return the name of a profile's section, as the AWS CLI writes it."""
    return "default" if profile == "default" else f"profile {shlex.quote(profile)}"


def _add(target: Path, profile: str, settings: Settings) -> None:
    before, mode = _content(target)
    sections = {} if before is None else _parsed(target)
    header = next((each for each in sections if _profile_of(each) == profile), header_of(profile))
    wanted = {**sections, header: {**sections.get(header, {}), **settings}}
    after = _inserted((before or b"").decode("utf-8", "surrogateescape"), header, settings)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after.encode("utf-8", "surrogateescape"))
        new.chmod(mode)
        # Programs read it by botocore's parser, so that decides whether all else is the same.
        if _parsed(new) != wanted:
            fault = f"{target} has a form in which no line can be added safely"
            raise NonRecoverableError(fault, hint=_BY_HAND)
        if _content(target)[0] != before:
            raise NonRecoverableError(f"{target} was changed meanwhile", hint=_BY_HAND)
        new.replace(target)
    finally:
        with suppress(OSError):
            new.unlink()


def _content(target: Path) -> tuple[bytes | None, int]:
    """Return what a file contains, None if it is missing, and its mode."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None, stat.S_IRUSR | stat.S_IWUSR
    if not stat.S_ISREG(mode):  # reading a pipe would wait
        raise OSError(errno.EINVAL, "not a regular file")
    # The folder's permissions would allow to replace it, but its owner has protected it.
    if not mode & stat.S_IWUSR or not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "read-only")
    return target.read_bytes(), stat.S_IMODE(mode)


def _parsed(file: Path) -> dict[str, Any]:
    from botocore.configloader import raw_config_parse  # noqa: PLC0415 - it takes a while
    from botocore.exceptions import ConfigParseError  # noqa: PLC0415 - as above

    try:
        return dict(raw_config_parse(str(file)))
    except ConfigParseError:  # the old content can be parsed: the profile was read from it
        return {}


def _profile_of(section: str) -> str | None:
    try:
        kind, *names = shlex.split(section)
    except ValueError:
        return None
    if kind == "profile" and len(names) == 1:
        return names[0]
    return section if section == "default" else None


def _inserted(text: str, header: str, settings: Settings) -> str:
    """Return the text with the settings behind the last one of that section."""
    lines = list(io.StringIO(text, newline=""))  # str.splitlines() knows too many line ends
    end = "\r\n" if any(line.endswith("\r\n") for line in lines) else "\n"
    added = lines_of(settings)
    place, is_inside = None, False
    for number, line in enumerate(lines, 1):
        found = re.match(r"\[(.+)\]", line)
        is_inside = found[1] == header if found else is_inside
        if is_inside and line.strip() and line.lstrip()[0] not in "#;":
            place = number
    if place is None:
        place = len(lines)
        added = [*([""] if lines else []), f"[{header}]", *added]
    if place and not lines[place - 1].endswith(("\r", "\n")):
        lines[place - 1] += end
    lines[place:place] = [f"{line}{end}" for line in added]
    return "".join(lines)
