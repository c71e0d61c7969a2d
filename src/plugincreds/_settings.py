"""Which plugin is asked for, and by whom. Pure functions of what they are given."""

from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "AWS_CREDENTIAL_PLUGIN"
OFF = "none"


@dataclass(frozen=True, slots=True)
class Selected:
    """One plugin is asked for by name, and nothing else will do.

    Attributes:
        name: The plugin's name.
        asked_by: What asks for it, in the words of a message.
        remedy: How a person takes the request back.
    """

    name: str
    asked_by: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Automatic:
    """Nobody asks for a plugin: any that is installed may answer, late in the chain."""


@dataclass(frozen=True, slots=True)
class Off:
    """Plugins are switched off."""


Selection = Selected | Automatic | Off


def selection(environ: Mapping[str, str], *, profile_in_code: bool) -> Selection:
    """Return what the environment says of a default chain.

    A profile that is given in code decides alone: botocore skips the environment's keys
    then, and the variable is skipped for the same reason. Switching off is not skipped.
    """
    name = environ.get(VARIABLE, "").strip()
    if is_off(name):
        return Off()
    if not name or profile_in_code:
        return Automatic()
    return Selected(name, asked_by=f"{VARIABLE}={name}", remedy=f"unset {VARIABLE}")


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF
