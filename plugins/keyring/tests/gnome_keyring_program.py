"""Run by test_gnome_keyring on a bus of its own: goes through the life of an item."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import signal
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import plugincreds

sys.path.insert(0, sys.argv[1])
SECRET = "kAnArY7kAnArY7kAnArY7kAnArY7kAnArY7kAnAr"


def plugin_for(profile: str) -> Any:
    """Return the plugin as a chain gets it."""
    from botocore.session import Session  # noqa: PLC0415 - the path is set first

    from plugincreds_keyring import get_provider  # noqa: PLC0415 - as above

    context = plugincreds.PluginContext(
        "keyring",
        profile=profile,
        region=None,
        options={},
        open_session=Session,
        is_selected=True,
    )
    return get_provider(context)


def retrieved(profile: str) -> str:
    """Return the access key, or what is wrong."""
    try:
        value = plugin_for(profile).retrieve()
    except plugincreds.RecoverableError as error:
        return str(error)
    return str(value.access_key)


def command(*arguments: str) -> int:
    """Run the command."""
    from plugincreds_keyring._command import main  # noqa: PLC0415 - as above

    sys.stdin = io.StringIO(f"AKIAEXAMPLE\n{SECRET}\n")
    with redirect_stdout(sys.stderr):
        return main(arguments)


def collection() -> Any:
    """Return the keychain itself, or end where there is none."""
    import secretstorage  # noqa: PLC0415 - it is on Linux only

    try:
        return secretstorage.get_default_collection(secretstorage.dbus_init())
    except secretstorage.exceptions.SecretStorageException:
        print("no keychain")  # noqa: T201 - the report
        sys.exit(0)


def end_daemon() -> None:
    """End the keychain that this session has started: it stays when the bus goes."""
    home = f"HOME={os.environ['HOME']}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name = (folder / "comm").read_text().strip()
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if name.startswith("gnome-keyring-d") and home in variables:
            os.kill(int(folder.name), signal.SIGTERM)


def main() -> None:
    """Print what happened at each step."""
    importlib.metadata.version = lambda distribution_name: distribution_name
    keychain = collection()
    report: dict[str, Any] = {"set": command("set", "--username", "work")}
    report["key"] = retrieved("work")
    report["other"] = retrieved("home")
    command("set", "--username", "gone")
    report["delete"] = command("delete", "--username", "gone")
    report["deleted"] = retrieved("gone")
    plugin = plugin_for("work")
    cache = plugincreds.CredentialsCache(plugin.retrieve, plugin.is_expired)
    cache.get()
    keychain.lock()
    start = time.monotonic()
    report["locked"] = retrieved("work")
    report["seconds"] = time.monotonic() - start
    report["after_lock"] = cache.get().access_key
    print(json.dumps(report))  # noqa: T201 - the report


try:
    main()
finally:
    end_daemon()
