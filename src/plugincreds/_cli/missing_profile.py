"""Which profiles there are, for a person who has named one that does not exist."""

import difflib
import os
import shlex

from botocore.exceptions import ProfileNotFound

from plugincreds._redaction import described
from plugincreds._settings import PROFILE_VARIABLES
from plugincreds._threads import as_failure

_MOST = 10  # profiles that are listed


def missing_profile(error: BaseException) -> str:
    """Return the error with the names of other profiles; empty, if the error is another one."""
    if not isinstance(error, ProfileNotFound):
        return ""
    message, name = f"{described(error)}.", str(error.kwargs.get("profile"))
    try:
        from botocore.session import Session  # noqa: PLC0415 - only for this message

        session = Session()
        profiles = sorted(session.available_profiles)
        file = session.get_config_variable("config_file")
    except Exception as failure:  # noqa: BLE001 - the first error is the one to show
        as_failure(failure)
        return message
    setting = next((each for each in PROFILE_VARIABLES if os.environ.get(each) == name), "")
    near = difflib.get_close_matches(name, profiles, n=1)
    if near:
        use = f"Set {setting}={near[0]}" if setting else f"Use --profile {shlex.quote(near[0])}"
        return f"{message} Did you mean {near[0]}? {use}."
    if not profiles:
        remedy = f"Unset {setting}" if setting else "Leave out --profile"
        return f"{message} There are no profiles in {file}. {remedy}."
    more = f", and {len(profiles) - _MOST} more" if len(profiles) > _MOST else ""
    return f"{message} The profiles are: {', '.join(profiles[:_MOST])}{more}."
