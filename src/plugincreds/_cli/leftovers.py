"""What interrupted installations have left among the installed packages, for people."""

from pathlib import Path

from plugincreds._errors import printable
from plugincreds._plugins.discovery import GROUP
from plugincreds._plugins.leftovers import Leftover, leftovers


def leftover_notes() -> list[str]:
    """Return a sentence for each leftover: what it is, and how to remove it."""
    return [_note(each) for each in leftovers(GROUP)]


def _note(found: Leftover) -> str:
    path = Path(found.path)
    note = f"{path} is left over from "
    if found.is_abandoned:
        note += (
            f"an interrupted pip, and is skipped. Delete it, and all else in {path.parent} whose "
            "name begins with ~."
        )
    elif found.is_whole:
        note += (
            f"another version of the package: {Path(found.used or '').name} beside it is used. "
            "Delete it."
        )
    else:
        note += (
            "an interrupted installation: it has no readable metadata. Delete it, and install the "
            "package again if you need it."
        )
    return printable(note)
