"""The section `[plugins]` of the configuration file, by which an AWS CLI v2 finds plugins."""

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from plugincreds._errors import PluginError

PATH_KEY = "cli_legacy_plugin_path"
MODULE_KEY, MODULE = "plugincreds", "plugincreds_startup"
_NAME = "plugins"
_HEADER = f"[{_NAME}]"
_NEW_FILE = 0o600  # as the AWS CLI itself makes it


def config_file() -> Path:
    """Return the configuration file that the AWS CLI reads."""
    from botocore.session import Session  # noqa: PLC0415 - other commands do not need it

    file = os.path.expandvars(Session().get_config_variable("config_file"))
    return Path(os.path.expanduser(file))  # noqa: PTH111 - it never raises


def read_section(file: Path) -> dict[str, str]:
    """Return the keys of the section; none if there is no such section or file."""
    return {key: str(value) for key, value in _parsed(file).get(_NAME, {}).items()}


def folders_in(section: Mapping[str, str]) -> list[str]:
    """Return the folders in which the AWS CLI looks for packages."""
    return [each for each in section.get(PATH_KEY, "").split(os.pathsep) if each]


def names_module(section: Mapping[str, str]) -> bool:
    """Tell whether the section has both lines, whatever the folders."""
    return PATH_KEY in section and MODULE in section.values()


def missing_lines(section: Mapping[str, str], folders: Sequence[str], file: Path) -> dict[str, str]:
    """Return the lines that the section lacks for packages in these folders.

    Raises:
        PluginError: One of the keys has another value.
    """
    path, missing = os.pathsep.join(folders), {}
    present = {os.path.realpath(each) for each in folders_in(section)}
    wanted = {os.path.realpath(each) for each in folders}
    if PATH_KEY not in section:
        missing[PATH_KEY] = path
    elif not wanted <= present:
        both = os.pathsep.join([*folders_in(section), *folders])
        raise PluginError(
            f"{file} has {PATH_KEY} = {section[PATH_KEY]} under {_HEADER}, but the packages of "
            f"this environment are in {path}. Install the plugins in the folder of that line, or "
            f"write {PATH_KEY} = {both}."
        )
    if MODULE not in section.values():
        if MODULE_KEY in section:
            raise PluginError(
                f"{file} has another value than {MODULE} for {MODULE_KEY} under {_HEADER}. "
                f"Write {MODULE_KEY} = {MODULE}."
            )
        missing[MODULE_KEY] = MODULE
    return missing


def with_lines(text: str, lines: Mapping[str, str]) -> str:
    """Return the file's text with these lines in the section, which is added if need be."""
    end = "\r\n" if "\r\n" in text else "\n"
    new = [f"{key} = {value}" for key, value in lines.items()]
    header = re.search(rf"^{re.escape(_HEADER)}.*$", text, re.MULTILINE)
    if header is None:
        gap = "" if not text else end if text.endswith("\n") else end * 2
        return text + gap + end.join([_HEADER, *new, ""])
    # The keys below may be indented. With less indentation here, they would be read as a part of
    # the value above.
    indent = re.match(r"(?:[ \t]*(?:[#;].*)?\r?\n)*([ \t]*)", text[header.end() + 1 :])
    before = text[: header.end()].rstrip("\r")
    return (
        before
        + "".join(f"{end}{indent[1] if indent else ''}{line}" for line in new)
        + (text[len(before) :] or end)
    )


def write_lines(file: Path, lines: Mapping[str, str]) -> None:
    """Add lines to the section, and leave all else as it is.

    Raises:
        PluginError: The file has a form in which the lines would be read as something else.
    """
    target = Path(os.path.realpath(file))  # a symbolic link stays one
    before = _parsed(target)
    # Bytes that are not UTF-8 stay what they are.
    old = target.read_bytes().decode("utf-8", "surrogateescape") if target.exists() else ""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(with_lines(old, lines).encode("utf-8", "surrogateescape"))
            stream.flush()
            os.fsync(stream.fileno())
        _keep_owner_and_mode(target, new)
        if _parsed_or_none(new) != {**before, _NAME: {**before.get(_NAME, {}), **lines}}:
            raise PluginError(
                f"{file} has an unusual form, in which the lines for {_HEADER} would be read as "
                "something else. Add them with an editor; the file is unchanged."
            )
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _keep_owner_and_mode(target: Path, new: Path) -> None:
    if not target.exists():
        new.chmod(_NEW_FILE)
        return
    state, own = target.stat(), new.stat()
    if (state.st_uid, state.st_gid) != (own.st_uid, own.st_gid):  # such as a user's file, for root
        os.chown(new, state.st_uid, state.st_gid)
    new.chmod(state.st_mode & 0o7777)


def _parsed(file: Path) -> dict[str, dict[str, str]]:
    from botocore.configloader import raw_config_parse  # noqa: PLC0415 - the same
    from botocore.exceptions import ConfigNotFound  # noqa: PLC0415 - the same

    try:
        parsed: dict[str, dict[str, str]] = raw_config_parse(str(file), parse_subsections=False)
    except ConfigNotFound:
        return {}
    return parsed


def _parsed_or_none(file: Path) -> dict[str, dict[str, str]] | None:
    from botocore.exceptions import ConfigParseError  # noqa: PLC0415 - the same

    try:
        return _parsed(file)
    except ConfigParseError:  # such as a second section of that name
        return None
