"""Which plugin stands in a chain. Pure functions of what they are given."""

from collections.abc import Mapping
from typing import NamedTuple

from plugincreds._settings import (
    ACCOUNT_KEY,
    VARIABLE,
    Section,
    asked_by_variable,
    is_off,
    other_sources,
    own_plugin,
)


class Selected(NamedTuple):
    """One plugin is asked for by name, and nothing else will do.

    Attributes:
        name: The plugin's name.
        asked_by: What asks for it, in the words of a message.
        remedy: How a person takes the request back.
        account_id: The account that the profile names, where it speaks of the plugin's keys.
        caution: What a person should know when the plugin is used, or empty.
    """

    name: str
    asked_by: str
    remedy: str
    account_id: str | None = None
    caution: str = ""


class Automatic(NamedTuple):
    """Nobody asks for a plugin: any that is installed may answer, late in the chain.

    Attributes:
        account_id: The account that the profile names, where it speaks of the plugin's keys.
        asked_by: What cannot do without any of them, in the words of a message; None if the
            chain goes on.
    """

    account_id: str | None = None
    asked_by: str | None = None


class Off:
    """No plugin is asked here."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        """Be the same as any other of this class."""
        return isinstance(other, Off)

    def __hash__(self) -> int:
        """Have the same hash as any other of this class."""
        return hash(Off)


Selection = Selected | Automatic | Off


def chain_selection(
    environ: Mapping[str, str], section: Section, *, profile_in_code: bool
) -> Selection:
    """Return which plugin stands in a default chain beside what its profile asks for.

    A profile that is given in code decides alone: botocore skips the environment's keys
    then, and the variable is skipped for the same reason. Switching off is not skipped.
    """
    name = asked_by_variable(environ)
    if is_off(name):
        return Off()
    account_id = None if other_sources(section) else account_of(section)
    own = own_plugin(section)
    if name and not profile_in_code:
        return selected_by_variable(name, account_id if own in {"", name} else None)
    return Off() if own else Automatic(account_id)  # what the profile asks for stands elsewhere


def selected_by_variable(name: str, account_id: str | None = None) -> Selected:
    """Return the plugin that the environment variable names."""
    return Selected(name, f"{VARIABLE}={name}", f"unset {VARIABLE}", account_id)


def account_of(section: Section) -> str | None:
    """Return the account that a profile names, or None."""
    account_id = section.get(ACCOUNT_KEY)
    return account_id.strip() or None if isinstance(account_id, str) else None
