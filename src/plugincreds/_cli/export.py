"""`plugincreds export`: a plugin's credentials for other programs and other SDKs."""

import argparse
import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from plugincreds._cli.streams import STDOUT, waiting_for
from plugincreds._contract import Value
from plugincreds._errors import PluginError

# The environment variable that tells child processes which plugins are being exported.
_EXPORTING = "PLUGINCREDS_EXPORTING"
Variables = Mapping[str, str | None]
_NOT_FOR_CMD = '"%!\r\n'


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "export",
        help="print a plugin's credentials for other programs",
        description="Print a plugin's credentials. As `credential_process = plugincreds export "
        "NAME --profile P` in a profile, it gives them to the AWS CLI v2 and to every AWS SDK.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "name",
        nargs="?",
        help="the plugin; without it, the one that is selected here, else the first installed one "
        "that does not decline",
    )
    parser.add_argument("--profile", help="the profile whose options, region and settings are used")
    parser.add_argument(
        "--format", choices=_FORMATS, default="process", help="the form (default: %(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the credentials, and nothing else, to stdout."""
    # Imported here, because the other commands and --help don't need botocore.
    from plugincreds._bindings.exporting import exported_value  # noqa: PLC0415

    value = exported_value(arguments.name, arguments.profile, _waiting)
    STDOUT.write(_FORMATS[arguments.format](value) + "\n")
    return 0


@contextmanager
def _waiting(plugins: Sequence[str]) -> Iterator[None]:
    with marked(plugins), waiting_for_plugin(plugins):
        yield


def waiting_for_plugin(plugins: Sequence[str]) -> AbstractContextManager[None]:
    """Say on a terminal which plugins may be called, where the body takes longer than a moment."""
    what = ", ".join(map(repr, plugins))
    one = len(plugins) == 1
    return waiting_for(f"the credential plugin {what}" if one else f"a credential plugin ({what})")


@contextmanager
def marked(plugins: Sequence[str]) -> Iterator[None]:
    """Name the plugins in the environment of child processes while the body runs.

    Raises:
        PluginError: One is named already: this process is a child of its own export, and each
            would wait for the other.
    """
    before = os.environ.get(_EXPORTING)
    names = _names(before)
    for plugin in plugins:
        if plugin in names:
            raise PluginError(
                f"`plugincreds export` was started by the plugin {plugin!r} while that retrieves "
                "the credentials to export: a profile that it uses has this command as its "
                "credential_process. Give the plugin a profile with credentials of its own.",
                plugin=plugin,
            )
    os.environ[_EXPORTING] = json.dumps([*names, *plugins])
    try:
        yield
    finally:
        if before is None:
            del os.environ[_EXPORTING]
        else:
            os.environ[_EXPORTING] = before


def _names(mark: str | None) -> list[str]:
    try:
        names = json.loads(mark or "[]")
    except ValueError:
        names = None
    return names if isinstance(names, list) else []


def _expiration(value: Value) -> str | None:
    expiry = value.expiry_time
    return None if expiry is None else expiry.isoformat(timespec="seconds")


def _process(value: Value) -> str:
    facts = {
        "Version": 1,
        "AccessKeyId": value.access_key,
        "SecretAccessKey": value.secret_key,
        "SessionToken": value.token,
        "Expiration": _expiration(value),
        "AccountId": value.account_id,
    }
    return json.dumps({name: fact for name, fact in facts.items() if fact is not None}, indent=4)


def _variables(value: Value) -> Variables:
    return {
        "AWS_ACCESS_KEY_ID": value.access_key,
        "AWS_SECRET_ACCESS_KEY": value.secret_key,
        "AWS_SESSION_TOKEN": value.token,
        "AWS_CREDENTIAL_EXPIRATION": _expiration(value),
        "AWS_ACCOUNT_ID": value.account_id,
    }


def _lines(form: str, unset: str, quote: Callable[[str], str]) -> Callable[[Variables], str]:
    """Return a formatter of variables; those that are None are unset."""

    def formatted(variables: Variables) -> str:
        return "\n".join(
            unset.format(name) if text is None else form.format(name, quote(text))
            for name, text in variables.items()
        )

    return formatted


def _quoted_for_sh(text: str) -> str:
    quoted = shlex.quote(text)
    # shlex does not know that zsh expands =name, at the beginning and after a colon.
    is_command = text.startswith("=") or ":=" in text
    return f"'{text}'" if is_command and quoted == text else quoted


def _quoted_for_powershell(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted_for_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted_for_cmd(text: str) -> str:
    # Between `set "` and `"` every other character stands for itself; these cannot be quoted.
    if set(_NOT_FOR_CMD) & set(text):
        raise PluginError(
            "A value has a character that cmd.exe cannot be given in a variable. Use --format "
            "powershell, or --format process."
        )
    return text


SHELL_FORMATS: Mapping[str, Callable[[Variables], str]] = {
    "env": _lines("export {}={}", "unset {}", _quoted_for_sh),
    "env-no-export": _lines("{}={}", "{}=", _quoted_for_sh),
    "powershell": _lines("$Env:{}={}", "$Env:{}=$null", _quoted_for_powershell),
    "windows-cmd": _lines('set "{}={}"', 'set "{}="', _quoted_for_cmd),
    "fish": _lines("set -gx {} {}", "set -e {}", _quoted_for_fish),
}


def _of_value(lines: Callable[[Variables], str]) -> Callable[[Value], str]:
    # What the credentials do not need is unset: earlier ones may have left it.
    return lambda value: lines(_variables(value))


_FORMATS: Mapping[str, Callable[[Value], str]] = {
    "process": _process,
    **{name: _of_value(lines) for name, lines in SHELL_FORMATS.items()},
}
