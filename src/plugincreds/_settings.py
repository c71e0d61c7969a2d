"""The names of all settings, and what the environment and a profile say about plugins.

Every chain of botocore imports this module, so it is small; `_plugin_settings` has the rest.
"""

from collections.abc import Iterator, Mapping
from typing import Any

VARIABLE = "AWS_CREDENTIAL_PLUGIN"
PLUGIN_KEY = "credential_plugin"
PROVIDER_NAME = "plugin"  # what botocore calls the provider; Go: `ProviderName`
SOURCE_NAME = "CustomPlugin"  # in botocore, names of custom sources must begin with Custom
ACCOUNT_KEY = "aws_account_id"
ADVISORY_WINDOW_KEY = "credential_plugin_advisory_window"
OPTIONS_KEY = "credential_plugin_options"
TIMEOUT_KEY = "credential_plugin_timeout"
CACHE_KEY = "credential_plugin_cache"
CACHE_VARIABLE = "AWS_CREDENTIAL_PLUGIN_CACHE"
CACHE_FOLDER_VARIABLE = "AWS_CREDENTIAL_PLUGIN_CACHE_DIR"
OFF = "none"
UNREADABLE = "a block of lines"  # no plugin can have this name

Section = Mapping[str, Any]  # of a profile, as botocore reads it, without values that may be secret
# The keys of a profile that only plugincreds reads.
OWN_KEYS = (PLUGIN_KEY, OPTIONS_KEY, ADVISORY_WINDOW_KEY, TIMEOUT_KEY, CACHE_KEY)
# Only the values of these keys are kept, because a traceback may show the variables of its frames.
_READ_KEYS = frozenset({*OWN_KEYS, ACCOUNT_KEY, "credential_source", "source_profile"})

# The keys by which botocore's own providers find credentials in a profile.
_SOURCE_KEYS = (
    "role_arn",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "aws_access_key_id",
    "aws_secret_access_key",
    "login_session",
    "credential_process",
)


class Profiles(Mapping[str, Section]):
    """The sections of all profiles, with only those values that plugincreds reads."""

    def __init__(self, sections: Mapping[str, Any]) -> None:
        self._sections = sections

    def __getitem__(self, name: str) -> Section:
        """Return one section, in which all other keys have empty values."""
        section = self._sections[name]
        return {key: section[key] if key in _READ_KEYS else "" for key in section}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._sections)

    def __len__(self) -> int:
        """Return the number of profiles."""
        return len(self._sections)


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF


def asked_by_variable(environ: Mapping[str, str]) -> str:
    """Return the name in the environment variable, or an empty text."""
    return environ.get(VARIABLE, "").strip()


def own_plugin(section: Section) -> str:
    """Return the plugin's name in a profile, or an empty text."""
    name = section.get(PLUGIN_KEY, "")
    return name.strip() if isinstance(name, str) else UNREADABLE


def asks_for_plugin(section: Section) -> bool:
    """Tell whether a profile asks for a plugin, even if the name cannot be read."""
    name = own_plugin(section)
    return bool(name) and not is_off(name)


def other_sources(section: Section) -> tuple[str, ...]:
    """Return the keys of a profile that give it credentials without a plugin."""
    return tuple(key for key in _SOURCE_KEYS if key in section)


def assumes_role(section: Section) -> bool:
    """Tell whether botocore assumes a role for a profile, which it tries first."""
    return "role_arn" in section and "web_identity_token_file" not in section
