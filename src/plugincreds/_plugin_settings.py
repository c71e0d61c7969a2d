"""A profile's settings for the plugin that it uses: refreshing, sharing, options."""

import math
from collections.abc import Mapping
from pathlib import Path

from plugincreds._errors import PluginError
from plugincreds._settings import (
    ADVISORY_WINDOW_KEY,
    CACHE_FOLDER_VARIABLE,
    CACHE_KEY,
    CACHE_VARIABLE,
    OPTIONS_KEY,
    TIMEOUT_KEY,
    Section,
    misread,
)

_CACHE_FOLDER = "~/.aws/plugincreds/cache"
_ANSWERS = {"true": True, "false": False}
_LONGEST = 10.0**9  # seconds; 30 years, and a timeout that a lock still accepts


class RefreshSettings:
    """How a profile wants credentials to be refreshed.

    Attributes:
        advisory_window: Seconds before the expiry when credentials are refreshed early, or None.
        timeout: After how many seconds `retrieve()` counts as failed, or None.
        cache_folder: Where the processes of this user share credentials, or None.
    """

    __slots__ = ("advisory_window", "cache_folder", "timeout")

    def __init__(
        self,
        advisory_window: float | None = None,
        timeout: float | None = None,
        cache_folder: Path | None = None,
    ) -> None:
        self.advisory_window = advisory_window
        self.timeout = timeout
        self.cache_folder = cache_folder


def refresh_settings(section: Section, profile: str, environ: Mapping[str, str]) -> RefreshSettings:
    """Return the settings in a profile's section and in the environment.

    Raises:
        PluginError: A setting is not a number of seconds above zero, or neither true nor false.
    """
    return RefreshSettings(
        _seconds(section, ADVISORY_WINDOW_KEY, profile),
        _seconds(section, TIMEOUT_KEY, profile),
        cache_folder(environ) if wants_cache(section, profile, environ) else None,
    )


def wants_cache(section: Section, profile: str, environ: Mapping[str, str]) -> bool:
    """Tell whether processes share credentials; the variable takes precedence over the profile.

    Raises:
        PluginError: The setting is neither true nor false.
    """
    for setting, value in (
        (CACHE_VARIABLE, environ.get(CACHE_VARIABLE)),
        (f"The profile {profile!r} has {CACHE_KEY}", section.get(CACHE_KEY)),
    ):
        if value is not None and value != "":
            answer = str(value).strip().lower()
            if answer in _ANSWERS:
                return _ANSWERS[answer]
            found = f"{setting} = {value!r}"
            remedy = f"remove {CACHE_KEY} in the profile {profile!r}"
            if setting == CACHE_VARIABLE:
                found, remedy = f"The environment has {setting}={value}", f"unset {setting}"
            message = f"{found}, which is neither true nor false. Correct or {remedy}."
            raise PluginError(message)
    return False


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder in which processes share credentials.

    Raises:
        PluginError: It is not an absolute path, or in an unknown home directory.
    """
    chosen = environ.get(CACHE_FOLDER_VARIABLE, "").strip() or _CACHE_FOLDER
    try:
        folder = Path(chosen).expanduser()
        if not folder.is_absolute():
            message = f"{CACHE_FOLDER_VARIABLE}={chosen} is no absolute path. Begin it with / or ~."
            raise PluginError(message)
    except RuntimeError as error:
        message = (
            f"Processes cannot share credentials in {chosen}, because there is no such home "
            f"directory. Set {CACHE_FOLDER_VARIABLE} to a folder, or switch {CACHE_KEY} off."
        )
        raise PluginError(message) from error
    return folder


def plugin_options(section: Section, profile: str, file: str) -> Mapping[str, str]:
    """Return the nested block of options in a profile's section of a file.

    Raises:
        PluginError: It is not a block of indented lines `key = value`.
    """
    check_readable(section, profile)
    options = section[OPTIONS_KEY]
    if not options:  # such as unindented lines, which botocore reads as keys of the profile
        fault = "without indented lines below it"
    elif not isinstance(options, Mapping):
        fault = "with a value on the same line"
    elif not all(key.split() == [key] for key in options):  # as in `server: https://x?a=b`
        fault = "with an option whose name is not one word"
    else:
        return options
    message = (
        f"The profile {profile!r} has {OPTIONS_KEY} in {file} {fault}. Put each option on its own "
        f"indented line below {OPTIONS_KEY}, as in '  key = value'."
    )
    raise PluginError(message)


def check_readable(section: Section, profile: str) -> None:
    """Check that the keys of ours in a profile are not indented wrongly.

    Raises:
        PluginError: One of them is, so botocore reads something else than what was meant.
    """
    if fault := misread(section):
        message = f"The profile {profile!r} has {fault} in the profile {profile!r}."
        raise PluginError(message)


def _seconds(section: Section, key: str, profile: str) -> float | None:
    if key not in section:
        return None
    text = section[key]
    try:
        seconds = float(text)
    except (TypeError, ValueError):
        seconds = math.nan
    if 0 < seconds < math.inf:
        return min(seconds, _LONGEST)
    message = (
        f"The profile {profile!r} has {key} = {text!r}, which is not a number of seconds above "
        f"zero. Correct or remove {key} in the profile {profile!r}."
    )
    raise PluginError(message)
