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
    except configparser.MissingSectionHeaderError as error:
        if error.line.startswith("\ufeff"):
            return error.lineno, "begins with a byte order mark"
        return error.lineno, "is neither a [section] nor below one"
    except configparser.DuplicateSectionError as error:
        return error.lineno, "repeats a [section]"
    except configparser.DuplicateOptionError as error:
        return error.lineno, "repeats a key of its section"
    except configparser.ParsingError as error:
        return error.errors[0][0], "is neither a [section] nor 'key = value'"
    except UnicodeDecodeError as error:
        return _first_not_in(error.encoding, path), f"is not {error.encoding} text"
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
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
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
