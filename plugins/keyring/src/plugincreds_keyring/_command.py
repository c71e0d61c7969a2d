"""The command `plugincreds-keyring`: store keys in the keychain, and remove them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TextIO

from plugincreds import NonRecoverableError, RecoverableError

from plugincreds_keyring._config_file import add_settings, header_of
from plugincreds_keyring._entry import entered_value
from plugincreds_keyring._item import write_item
from plugincreds_keyring._keychain import Keychain
from plugincreds_keyring._leftover import remove_leftover
from plugincreds_keyring._options import SERVICE, KeychainItem, read_options
from plugincreds_keyring._profile import (
    PLUGIN,
    SELECTS,
    Profile,
    lines_of,
    missing_settings,
    obstacle,
    read_profile,
)

_NAME = "plugincreds-keyring"
_KEY_VARIABLE = "AWS_ACCESS_KEY_ID"
_FAILED, _INTERRUPTED = 1, 130  # 130 is what shells make of Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the status that the process ends with."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except (NonRecoverableError, RecoverableError) as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - a person gets a sentence; the text may be a secret
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - it takes a while

        about_files = isinstance(error, BotoCoreError)
        return _failed(str(error) if about_files else f"it failed with {type(error).__name__}")
    return 0


def script() -> int:
    """Be the command."""
    return main()


def _failed(sentence: str) -> int:
    _warn(sentence)
    return _FAILED


def _warn(sentence: str) -> None:
    _print(f"{_NAME}: {sentence.rstrip('.')}.", sys.stderr)


def _print(sentence: str, stream: TextIO) -> None:
    """Print, on a stream that may know fewer characters than a name has."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    print(sentence.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_NAME, description=__doc__, allow_abbrev=False)
    version = f"%(prog)s {metadata.version('plugincreds-keyring')}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    store = commands.add_parser(
        "set",
        help="store an access key",
        description="Store an access key in the keychain, in place of one that is there. Asks for "
        "it at a terminal; else it reads two lines (id, secret) or JSON from stdin.",
        allow_abbrev=False,
    )
    store.add_argument(
        "--insecure", action="store_true", help="store it even where that is not encrypted"
    )
    store.add_argument(
        "--write-profile",
        action="store_true",
        help=f"write `{SELECTS}` into the profile, instead of printing it",
    )
    store.set_defaults(run=_set)
    remove = commands.add_parser(
        "delete",
        help="remove an access key",
        description="Remove an access key from the keychain. It stays valid until you delete it "
        "in AWS.",
        allow_abbrev=False,
    )
    remove.set_defaults(run=_delete)
    for command in (store, remove):
        _add_item(command)
    return parser


def _add_item(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service",
        type=_name,
        help=f"the item's service (default: what the profile's options say, else {SERVICE})",
    )
    parser.add_argument(
        "--username",
        type=_name,
        help="the item's username (default: what the profile's options say, else its name)",
    )
    parser.add_argument("--profile", help="the profile whose item it is (default: the active one)")


def _name(text: str) -> str:
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError("it is empty or holds control characters")
    return text


def _set(arguments: argparse.Namespace) -> None:
    profile, item = _meant(arguments)
    problem = profile and obstacle(profile, item)
    if arguments.write_profile and profile is None:
        raise NonRecoverableError("--write-profile needs --profile beside --username")
    if arguments.write_profile and problem:
        raise NonRecoverableError(f"Nothing is stored or written. {problem}")
    keychain = Keychain()
    plaintext = keychain.plaintext
    if plaintext is not None and not arguments.insecure:
        raise NonRecoverableError(
            f"{plaintext} stores without encryption, and is one of the keychain's backends",
            hint="choose another backend of the package keyring, with PYTHON_KEYRING_BACKEND or "
            "its configuration file, or add --insecure",
        )
    keychain.read(item)  # one that is locked is told before anything is asked, or changed
    stored_in = keychain.write(item, write_item(entered_value()))
    _forget_shared()
    _print(f"Stored for {item} in {stored_in}.", sys.stdout)
    if problem:
        _warn(problem)
    elif profile is None or not profile.is_selecting:
        _select(profile, item, is_written=arguments.write_profile)
    if profile is not None and _KEY_VARIABLE in os.environ:
        _warn(f"{_KEY_VARIABLE} is set here, and its key comes before what is stored: unset it")


def _select(profile: Profile | None, item: KeychainItem, *, is_written: bool) -> None:
    """Print the lines that select the plugin, and write them if that is wanted."""
    settings = missing_settings(profile, item)
    where, header = "a profile of the AWS config file", ""
    if profile is not None:
        where, header = str(profile.file), f"\n[{header_of(profile.name)}]"
    lines = "\n".join(lines_of(settings))
    _print(f"Programs use it with these lines in {where}:\n{header}\n{lines}", sys.stdout)
    if profile is not None and is_written:
        add_settings(profile.file, profile.name, settings)
        _print("\nThey are written there.", sys.stdout)
    elif profile is not None and profile.keys is None and profile.name != "default":
        _warn(f"There is no profile {profile.name!r} yet")


def _delete(arguments: argparse.Namespace) -> None:
    profile, item = _meant(arguments)
    keychain = Keychain()
    was_there = keychain.delete(item)
    _forget_shared()
    remove_leftover(item)
    next_step = None
    if profile is None or profile.is_selecting:
        whose = "each profile that means it" if profile is None else f"the profile {profile.name!r}"
        next_step = f"remove the line `{SELECTS}` from {whose}, too"
    if not was_there:
        fault = f"Nothing is stored for {item} in {keychain.name}"
        raise NonRecoverableError(fault, hint=next_step)
    _print(f"Removed for {item} from {keychain.name}.", sys.stdout)
    if next_step:
        _print(f"Now {next_step}.", sys.stdout)


def _forget_shared() -> None:
    """Remove the sessions of the old key that processes share: new processes would use them."""
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "plugincreds", "cache", "clear", PLUGIN],
        cwd=Path(sys.executable).parent,  # -m looks there first, and this folder is trusted
        stdout=subprocess.DEVNULL,
        check=False,
    )


def _meant(arguments: argparse.Namespace) -> tuple[Profile | None, KeychainItem]:
    """Return the profile and the item that are meant; a bare username is of no profile."""
    given = {"service": arguments.service, "username": arguments.username}
    options = {name: text for name, text in given.items() if text is not None}
    if arguments.username is not None and arguments.profile is None:
        return None, read_options(options, "default").item
    profile = read_profile(arguments.profile)
    return profile, read_options({**profile.options, **options}, profile.name).item
