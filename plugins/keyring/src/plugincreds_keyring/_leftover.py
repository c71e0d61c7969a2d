"""The files of 1.0.0, which used a stored key of a profile although nothing selected the plugin.

It left a file for each stored item. As long as that file is there, a warning says that programs
sign as another identity since the upgrade.
"""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from plugincreds import NonRecoverableError

from plugincreds_keyring._options import KeychainItem, read_options

if TYPE_CHECKING:
    from plugincreds import PluginContext

logger = logging.getLogger("plugincreds")

_warned: set[Path] = set()


def leftover_of(item: KeychainItem) -> Path | None:
    """Return the file that 1.0.0 has left for an item, or None."""
    name = hashlib.sha256(json.dumps([item.service, item.username]).encode()).hexdigest()
    with suppress(OSError, RuntimeError):  # there is no home folder, or it cannot be read
        file = Path.home() / ".aws" / "plugincreds" / "keyring" / name
        if file.exists():
            return file
    return None


def warn_of_leftover(context: PluginContext) -> None:
    """Log, once in a process, that 1.0.0 would have used the key of a profile."""
    try:
        item = read_options(context.options, context.profile).item
    except NonRecoverableError:  # the options are for another plugin
        return
    file = leftover_of(item)
    if file is None or file in _warned:
        return
    _warned.add(file)
    logger.warning(
        "plugincreds-keyring does not use the key that is stored for %s, because no setting "
        "selects the plugin for the profile %r. Version 1.0.0 used it. Now other credentials may "
        "be used. To use the key, write credential_plugin = keyring into that profile. If it is "
        "not to be used, remove the file %r, which 1.0.0 has left.",
        item,
        context.profile,
        str(file),  # as a literal: a terminal obeys control characters in a path
    )


def remove_leftover(item: KeychainItem) -> None:
    """Remove the file that 1.0.0 has left for an item."""
    file = leftover_of(item)
    if file is not None:
        with suppress(OSError):
            file.unlink()
