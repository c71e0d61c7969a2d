"""Keys of a profile that look like ours, and that nobody reads."""

import difflib
from collections.abc import Iterator, Mapping

from plugincreds._settings import OWN_KEYS, PLUGIN_KEY, Section

# How alike a key must be that does not begin as ours do; credential_process is far from it.
_ALIKE = 0.9


def unknown_keys(sections: Mapping[str, Section]) -> Iterator[str]:
    """Yield a sentence for each such key of these profiles."""
    for profile, section in sections.items():
        for key in section:
            near = difflib.get_close_matches(key, OWN_KEYS, n=1)
            if key not in OWN_KEYS and (key.startswith(PLUGIN_KEY) or _is_like(key)):
                meant = f"; did you mean {near[0]}?" if near else "."
                yield (
                    f"The profile {profile!r} has {key}, which nobody reads{meant} Correct or "
                    "remove that line."
                )


def _is_like(key: str) -> bool:
    return bool(difflib.get_close_matches(key, OWN_KEYS, n=1, cutoff=_ALIKE))
