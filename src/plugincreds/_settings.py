"""The names of all settings, and who asks for a plugin in the environment and in a profile.

Every chain of botocore imports this module, so it does little: records are elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

VARIABLE = "AWS_CREDENTIAL_PLUGIN"
PLUGIN_KEY = "credential_plugin"
PROVIDER_NAME = "plugin"  # what botocore calls the provider; Go: `ProviderName`
SOURCE_NAME = "CustomPlugin"  # botocore wants names of sources from outside to begin with Custom
ACCOUNT_KEY = "aws_account_id"
ADVISORY_WINDOW_KEY = "credential_plugin_advisory_window"
OPTIONS_KEY = "credential_plugin_options"
TIMEOUT_KEY = "credential_plugin_timeout"
CACHE_KEY = "credential_plugin_cache"
CACHE_VARIABLE = "AWS_CREDENTIAL_PLUGIN_CACHE"
CACHE_FOLDER_VARIABLE = "AWS_CREDENTIAL_PLUGIN_CACHE_DIR"
OFF = "none"
UNREADABLE = "a block of lines"  # no plugin has such a name

Section = Mapping[str, Any]  # a profile's, as botocore reads it, less values that may be secret
# The keys of a profile that nobody but us reads.
OWN_KEYS = (PLUGIN_KEY, OPTIONS_KEY, ADVISORY_WINDOW_KEY, TIMEOUT_KEY, CACHE_KEY)
# The keys whose values are of use here. Frames with others in them may be shown in a traceback.
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
    """The sections of all profiles, in which only those values stand that are read here."""

    def __init__(self, sections: Mapping[str, Any]) -> None:
        self._sections = sections

    def __getitem__(self, name: str) -> Section:
        """Return one section; its other keys are there, with empty values."""
        section = self._sections[name]
        return {key: section[key] if key in _READ_KEYS else "" for key in section}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._sections)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sections)


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF


def asked_by_variable(environ: Mapping[str, str]) -> str:
    """Return the name in the environment variable, empty where there is none."""
    return environ.get(VARIABLE, "").strip()


def own_plugin(section: Section) -> str:
    """Return the name in a profile, empty where there is none."""
    name = section.get(PLUGIN_KEY, "")
    return name.strip() if isinstance(name, str) else UNREADABLE


def asks_for_plugin(section: Section) -> bool:
    """Tell whether a profile asks for a plugin, be it in a way that cannot be read."""
    name = own_plugin(section)
    return bool(name) and not is_off(name)


def other_sources(section: Section) -> tuple[str, ...]:
    """Return the keys of a profile that give it credentials without a plugin."""
    return tuple(key for key in _SOURCE_KEYS if key in section)


def assumes_role(section: Section) -> bool:
    """Tell whether botocore assumes a role for a profile, before it looks at anything else."""
    return "role_arn" in section and "web_identity_token_file" not in section
