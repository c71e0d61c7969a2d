"""A profile's options -> which section of which file is read, and what a person is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from plugincreds import NonRecoverableError

if TYPE_CHECKING:
    from plugincreds import PluginContext

_KNOWN = ("file", "section", "expiry_key", "hint")
_LOG_IN = "log in again with the tool that writes this file"


class Options(NamedTuple):
    """What a profile asks for.

    Attributes:
        file: An absolute path.
        section: The name of the section.
        expiry_key: The key of the expiry, "none", or None for those that tools are known to write.
        hint: What a person must do for new credentials.
    """

    file: Path
    section: str
    expiry_key: str | None
    hint: str


def read_options(context: PluginContext) -> Options:
    """Return what the options ask for.

    Raises:
        NonRecoverableError: One of them is unknown or cannot be used.
    """
    options, profile = context.options, context.profile
    correct = f"correct credential_plugin_options in the profile {profile!r}"
    unknown = sorted(options.keys() - set(_KNOWN))
    if unknown:
        raise NonRecoverableError(
            f"The shared-file plugin has no option {' or '.join(map(repr, unknown))}; it knows "
            f"{', '.join(_KNOWN)}",
            hint=correct,
        )
    for name, text in options.items():
        if not text or not text.isprintable():
            fault = f"The option {name!r} of the shared-file plugin is empty or not printable"
            raise NonRecoverableError(fault, hint=correct)
    # The session's own file: a program may have set another one than the environment has.
    chosen = options.get("file") or context.session.get_config_variable("credentials_file")
    file = os.path.expanduser(os.path.expandvars(chosen))  # noqa: PTH111 - as botocore does
    if "file" in options and not os.path.isabs(file):  # noqa: PTH117 - it is text
        raise NonRecoverableError(
            "The option 'file' of the shared-file plugin is no absolute path",
            hint=f"begin it with / or ~, and {correct}" if file == chosen else correct,
        )
    return Options(
        Path(os.path.abspath(file)),  # noqa: PTH100 - symbolic links are followed at each look
        options.get("section", profile),
        options.get("expiry_key"),
        options.get("hint", _LOG_IN),
    )
