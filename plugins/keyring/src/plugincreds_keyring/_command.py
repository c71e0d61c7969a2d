"""The command `plugincreds-keyring`: store keys in the keychain, and remove them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from plugincreds import NonRecoverableError

from plugincreds_keyring._entry import entered_value
from plugincreds_keyring._item import write_item
from plugincreds_keyring._keychain import Keychain, KeychainError
from plugincreds_keyring._notice import give_notice, other_keychain, remove_notice
from plugincreds_keyring._options import SERVICE, Place, read_options

_NAME = "plugincreds-keyring"
_PLUGIN = "keyring"
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
    print(f"{_NAME}: {sentence.rstrip('.')}.", file=sys.stderr)


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
        "--service", type=_name, help=f"the item's service (default: the profile's, {SERVICE})"
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
    if keychain.is_plaintext and not arguments.insecure:
        raise NonRecoverableError(
            f"{keychain.name} stores without encryption",
            hint="use another backend of the package keyring, or add --insecure",
        )
    keychain.write(place, write_item(entered_value()))
    print(f"Stored for {place} in {keychain.name}.")
    if not give_notice(place, keychain.name):
        _warn(
            f"{_NOTICES} cannot be written. So name the plugin, with `credential_plugin = "
            "keyring` in the profile: it does not answer by itself. Programs that run now "
            "cannot be told of the new key; restart them"
        )


def _delete(arguments: argparse.Namespace) -> None:
    place, keychain = _place(arguments), Keychain()
    if not keychain.delete(place):
        raise _nothing_to_delete(place, keychain.name)
    print(f"Removed for {place} from {keychain.name}.")
    if not remove_notice(place):
        _warn(
            f"There is no notice of it in {_NOTICES}, or none that can be removed. So programs "
            "that run now cannot be told; restart them"
        )


def _nothing_to_delete(place: Place, keychain: str) -> NonRecoverableError:
    """Return the error, and let the plugin ask no more for what another tool has deleted."""
    fault = f"Nothing is stored for {place} in {keychain}"
    other = other_keychain(place, keychain)
    if other is None:
        remove_notice(place)
        return NonRecoverableError(fault)
    return NonRecoverableError(f"{fault}; it was stored in {other}", hint="run it where that is")


def _place(arguments: argparse.Namespace) -> Place:
    """Return the item that is meant: where the plugin looks for it, unless told otherwise."""
    if arguments.username is None:
        profile, options = _configured(arguments.profile)
    else:
        profile, options = "default", {"username": arguments.username}
    if arguments.service is not None:
        options = {**options, "service": arguments.service}
    return read_options(options, profile).place


def _configured(profile: str | None) -> tuple[str, Mapping[str, Any]]:
    """Return the active profile's name, or the given one, and its options for the plugin."""
    from botocore.session import Session  # noqa: PLC0415 - it takes a while

    session = Session(profile=profile)
    name = session.get_config_variable("profile") or "default"
    section = session.full_config.get("profiles", {}).get(name, {})
    plugin = section.get("credential_plugin", "")
    options = section.get("credential_plugin_options")
    is_ours = isinstance(plugin, str) and plugin.strip() in {"", _PLUGIN}
    return name, options if is_ours and isinstance(options, Mapping) else {}
