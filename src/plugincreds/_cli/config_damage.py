"""Why botocore cannot parse a configuration file: the line's number and the kind of error."""

import configparser
import math
import os
from pathlib import Path

from botocore.exceptions import ConfigParseError


def damage_of(error: BaseException) -> str:
    """Return it as a sentence, without the line itself, which may have a secret.

    Empty, if the error is another one.
    """
    if not isinstance(error, ConfigParseError):
        return ""
    path = Path(os.path.expandvars(error.kwargs["path"])).expanduser()
    number, fault = _first_fault(path)
    where = "" if number is None else f"line {number} "
    return f"The configuration file {path} cannot be parsed: {where}{fault}. Correct that line."


def _first_fault(path: Path) -> tuple[int | None, str]:
    try:
        configparser.RawConfigParser().read([path])  # as botocore does
    except UnicodeDecodeError as error:
        return _first_not_in(error.encoding, path), f"is not {error.encoding} text"
    except configparser.ParsingError as error:  # and its subclass, which has lineno
        number = getattr(error, "lineno", None) or error.errors[0][0]
        if getattr(error, "line", "").startswith("\ufeff"):
            return number, "begins with a byte order mark"
        return number, "is neither a [section] nor 'key = value' below one"
    except configparser.DuplicateSectionError as error:
        return error.lineno, "repeats a [section]"
    except configparser.DuplicateOptionError as error:
        return error.lineno, "repeats a key of its section"
    return _first_bad_in_block(path), "is indented below a key, but is not 'key = value'"


def _first_not_in(encoding: str, path: Path) -> int | None:
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            return number
    return None


def _first_bad_in_block(path: Path) -> int | None:
    """Return the first line of a nested block that botocore cannot split."""
    key_indent, is_block = math.inf, False
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        if indent <= key_indent:
            key_indent = math.inf if text[0] == "[" else indent
            is_block = text.endswith(("=", ":"))
        elif is_block and "=" not in text:
            return number
    return None
