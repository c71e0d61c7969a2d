"""What is asked for in regard to the cache between processes."""

import os
from typing import Any

from plugincreds._cache_files import CacheFiles, RefusedError
from plugincreds._errors import PluginError
from plugincreds._plugin_settings import cache_folder, wants_cache
from plugincreds._process_cache import check_extra
from plugincreds._settings import CACHE_KEY, CACHE_VARIABLE, Section


def cache_state(section: Section, profile: str) -> dict[str, Any]:
    """Return whether values are to be shared, and by what, and where."""
    wanted, folder, entries, problem, is_fatal = False, None, None, None, False
    try:
        wanted = wants_cache(section, profile, os.environ)
        if wanted:
            check_extra()
            folder = cache_folder(os.environ)
            entries = len(CacheFiles(folder).names())
    except PluginError as error:
        problem, is_fatal = str(error), True
    except (OSError, RefusedError) as error:
        problem = f"Nothing is shared between processes: {error}."
    asked_by = None
    if os.environ.get(CACHE_VARIABLE):
        asked_by = CACHE_VARIABLE
    elif section.get(CACHE_KEY):
        asked_by = f"{CACHE_KEY} in profile {profile!r}"
    return {
        "wanted": wanted,
        "asked_by": asked_by,
        "folder": None if folder is None else str(folder),
        "entries": entries,
        "problem": problem,
        "fatal": is_fatal,
    }
