"""`plugincreds cache`: what the processes of this user share, and how to forget it."""

import argparse
import os
import sys
import time
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

from plugincreds._cli.terminal import print_json, print_lines, table
from plugincreds._errors import printable
from plugincreds._plugin_settings import cache_folder
from plugincreds._sharing.entries import Entry, entry_of, plugin_in
from plugincreds._sharing.files import CacheFiles
from plugincreds._sharing.folders import RefusedError

_HEADER = ("PLUGIN", "PACKAGE", "PROFILE", "RETRIEVED", "EXPIRES", "FILE")


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "cache",
        help="list or clear what processes share",
        description="List or clear the credentials that the processes of this user share.",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list them, without any key", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=run_list)
    clearing = actions.add_parser("clear", help="remove them", allow_abbrev=False)
    clearing.add_argument("name", nargs="?", help="of one plugin only")
    clearing.set_defaults(run=run_clear)


def run_list(arguments: argparse.Namespace) -> int:
    """Print what each file holds, without the keys."""
    files = CacheFiles(cache_folder(os.environ))
    status, rows = 0, []
    for name in files.names():
        try:
            entry = entry_of(files.read(name), name, time.time())
        except (OSError, RefusedError) as error:
            print(f"plugincreds: {error}", file=sys.stderr)
            status = 1
        else:
            rows.append(_facts(name, entry))
    if arguments.json:
        print_json({"folder": str(files.folder), "entries": rows})
    elif rows:
        print_lines(table([_HEADER, *([row[key] or "-" for key in row] for row in rows)]))
    else:
        print_lines([f"Nothing is shared in {files.folder}."])
    return status


def run_clear(arguments: argparse.Namespace) -> int:
    """Remove the files, also those that cannot be read."""
    files = CacheFiles(cache_folder(os.environ))
    status, removed, plugins = 0, 0, {name: _plugin_of(files, name) for name in files.names()}
    if arguments.name is not None and arguments.name not in plugins.values():
        # Nothing of that plugin is left to remove, so this is a success.
        print_lines([_nothing_of(arguments.name, files, plugins.values())])
        return 0
    for name, plugin in plugins.items():
        if arguments.name in {None, plugin}:
            try:
                files.remove(name)
                removed += 1
            except OSError as error:
                print(f"plugincreds: {error}", file=sys.stderr)
                status = 1
    try:
        files.remove_leftovers()
    except OSError as error:
        print(f"plugincreds: {error}", file=sys.stderr)
        status = 1
    print_lines([f"Removed {removed} from {files.folder}."])
    return status


def _nothing_of(plugin: str, files: CacheFiles, plugins: Collection[str | None]) -> str:
    """Return, as sentences, that nothing of one plugin is shared, and what is."""
    lines = [f"Nothing of the plugin {plugin!r} is shared in {files.folder}."]
    names = sorted({name for name in plugins if name is not None})
    if names:
        lines.append(f"Of these plugins something is: {printable(', '.join(names))}.")
    if None in plugins:
        lines.append("Some files are damaged; without a name, they are removed, too.")
    return " ".join(lines)


def _facts(name: str, entry: Entry | None) -> dict[str, str | None]:
    if entry is None:
        facts: dict[str, str | None] = dict.fromkeys(
            ("plugin", "distribution", "profile", "retrieved_at", "expires_at")
        )
        return {**facts, "plugin": "(expired or damaged)", "file": name}
    expiry = entry.value.expiry_time
    return {
        "plugin": entry.plugin,
        "distribution": entry.distribution,
        "profile": entry.profile,
        "retrieved_at": _shown(datetime.fromtimestamp(entry.retrieved_at, timezone.utc)),
        "expires_at": None if expiry is None else _shown(expiry),
        "file": name,
    }


def _plugin_of(files: CacheFiles, name: str) -> str | None:
    try:
        # Those that have expired, or that 1.0.0 wrote, are to be removed as well.
        return plugin_in(files.read(name))
    except (OSError, RefusedError):
        return None


def _shown(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")
