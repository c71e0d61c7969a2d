"""What is asked for in regard to the cache between processes."""

import os
from typing import Any

from plugincreds._cache_files import CacheFiles, RefusedError
from plugincreds._errors import PluginError
from plugincreds._settings import (
    CACHE_KEY,
    CACHE_VARIABLE,
    Section,
    cache_folder,
    wants_cache,
)


def cache_state(section: Section, profile: str) -> dict[str, Any]:
    """Return whether values are to be shared, and by what, and where."""
    problem = None
    try:
        wanted = wants_cache(section, profile, os.environ)
    except PluginError as error:
        wanted, problem = False, str(error)
    entries = None
    if wanted:
        try:
            entries = len(CacheFiles(cache_folder(os.environ)).names())
        except (OSError, RefusedError) as error:
            problem = str(error)
    asked_by = None
    if os.environ.get(CACHE_VARIABLE):
        asked_by = CACHE_VARIABLE
    elif section.get(CACHE_KEY):
        asked_by = f"{CACHE_KEY} in profile {profile!r}"
    return {
        "wanted": wanted,
        "asked_by": asked_by,
        "folder": str(cache_folder(os.environ)) if wanted else None,
        "entries": entries,
        "problem": problem,
    }
