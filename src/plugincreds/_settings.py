"""The names of all settings, and what a profile says of a plugin that it uses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugincreds._errors import PluginError

VARIABLE = "AWS_CREDENTIAL_PLUGIN"
PLUGIN_KEY = "credential_plugin"
SOURCE_NAME = "CustomPlugin"  # botocore wants names of sources from outside to begin with Custom
ACCOUNT_KEY = "aws_account_id"
ADVISORY_WINDOW_KEY = "credential_plugin_advisory_window"
OPTIONS_KEY = "credential_plugin_options"
TIMEOUT_KEY = "credential_plugin_timeout"
OFF = "none"
_LONGEST = 10.0**9  # seconds; 30 years, and still a number that a lock can wait for

Section = Mapping[str, Any]  # a profile's, as botocore reads it


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """How a profile wants values to be renewed.

    Attributes:
        advisory_window: How many seconds before its expiry a value is renewed ahead, or None.
        timeout: After how many seconds `retrieve()` counts as failed, or None.
    """

    advisory_window: float | None = None
    timeout: float | None = None


def refresh_settings(section: Section, profile: str) -> RefreshSettings:
    """Return what a profile's section says.

    Raises:
        PluginError: A value is no number of seconds above zero.
    """
    return RefreshSettings(
        _seconds(section, ADVISORY_WINDOW_KEY, profile), _seconds(section, TIMEOUT_KEY, profile)
    )


def plugin_options(section: Section, profile: str) -> Mapping[str, str]:
    """Return the nested block of options in a profile's section.

    Raises:
        PluginError: It is no block of lines `key = value`.
    """
    options = section.get(OPTIONS_KEY, {})
    if isinstance(options, Mapping):
        return options
    message = (
        f"The profile {profile!r} has {OPTIONS_KEY} with a value on the same line. Put each option "
        "on an indented line of its own below it, as in '  key = value'."
    )
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
        "zero. Correct or remove that line."
    )
    raise PluginError(message)
