"""The command `plugincreds-keyring`: store keys in the keychain, and remove them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import TextIO

from plugincreds import NonRecoverableError

from plugincreds_keyring._change import forget, other_keychain, store
from plugincreds_keyring._entry import entered_value
from plugincreds_keyring._item import write_item
from plugincreds_keyring._keychain import Keychain, KeychainError
from plugincreds_keyring._options import SERVICE, Place, read_options
from plugincreds_keyring._profile import Profile, read_profile, who_signs_instead

_NAME = "plugincreds-keyring"
_NOTICES = "~/.aws/plugincreds/keyring"
_FAILED, _INTERRUPTED = 1, 130  # 130 is what shells make of Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the status that the process ends with."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except (NonRecoverableError, KeychainError) as error:
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
        _add_place(command)
    return parser


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service",
        type=_name,
        help=f"the item's service (default: what the profile's options say, else {SERVICE})",
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--username", type=_name, help="the item's username (default: the profile's name)"
    )
    whose.add_argument(
        "--profile", help="the profile whose item it is, by its name and its options"
    )


def _name(text: str) -> str:
    if not text or not text.isprintable():
        raise argparse.ArgumentTypeError("it is empty or holds control characters")
    return text


def _set(arguments: argparse.Namespace) -> None:
    place, keychain = _place(arguments), Keychain()
    plaintext = keychain.plaintext
    if plaintext is not None and not arguments.insecure:
        raise NonRecoverableError(
            f"{plaintext} stores without encryption, and is one of the keychain's backends",
            hint="choose another backend of the package keyring, with PYTHON_KEYRING_BACKEND or "
            "its configuration file, or add --insecure",
        )
    keychain.read(place)  # one that is locked is told before anything is asked, or changed
    stored_in, is_given = store(keychain, place, write_item(entered_value()))
    _print(f"Stored for {place} in {stored_in}.", sys.stdout)
    if not is_given:
        _warn(
            f"{_NOTICES} cannot be written. So name the plugin, with `credential_plugin = "
            "keyring` in the profile: it does not answer by itself. Programs that run now "
            "cannot be told of the new key; restart them"
        )
    _warn_of_others(arguments)


def _delete(arguments: argparse.Namespace) -> None:
    place, keychain = _place(arguments), Keychain()
    was_there = keychain.delete(place)
    removed = f"Removed for {place} from {keychain.name}."
    try:
        other = other_keychain(keychain, place)
    except KeychainError:
        if was_there:
            _print(removed, sys.stdout)
        raise
    if not was_there:
        _forget(place, keychain, other)
        return
    is_removed = other is None and forget(keychain, place)
    _print(removed, sys.stdout)
    if other is not None:
        _warn(
            f"It was stored in {other}, too, and stays there: programs go on to want it. Run this "
            "command where that keychain can be used"
        )
    elif not is_removed:
        _warn(
            f"There is no notice of it in {_NOTICES}, or none that can be removed. So programs "
            "that run now cannot be told; restart them"
        )


def _forget(place: Place, keychain: Keychain, other: str | None) -> None:
    """Let the plugin ask no more for what another tool has deleted.

    Raises:
        NonRecoverableError: There is nothing to forget, or not here.
    """
    fault = f"Nothing is stored for {place} in {keychain.name}"
    if other is not None:
        hint = "run it where that is"
        raise NonRecoverableError(f"{fault}; it was stored in {other}", hint=hint)
    if not forget(keychain, place):
        raise NonRecoverableError(fault)
    _print(f"{fault}; programs do not want it any more.", sys.stdout)


def _place(arguments: argparse.Namespace) -> Place:
    """Return the item that is meant: where the plugin looks for it, unless told otherwise."""
    profile = _profile(arguments)
    options = profile.options
    if arguments.service is not None:
        options = {**options, "service": arguments.service}
    return read_options(options, profile.name).place


def _profile(arguments: argparse.Namespace) -> Profile:
    if arguments.username is None:
        return read_profile(arguments.profile)
    return Profile("default", options={"username": arguments.username})


def _warn_of_others(arguments: argparse.Namespace) -> None:
    """Say what signs instead of what was stored; a bare username is of no profile."""
    sentence = None if arguments.username else who_signs_instead(_profile(arguments))
    if sentence is not None:
        _warn(sentence)
