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
PROCESS_KEY = "credential_process"
PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")  # in botocore's order
OFF = "none"
UNREADABLE = "(unreadable)"  # no plugin can have this name

Section = Mapping[str, Any]  # of a profile, as botocore reads it, without values that may be secret
# The keys of a profile that only plugincreds reads.
_ONE_LINE_KEYS = (PLUGIN_KEY, ADVISORY_WINDOW_KEY, TIMEOUT_KEY, CACHE_KEY)
OWN_KEYS = (*_ONE_LINE_KEYS, OPTIONS_KEY)
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
    PROCESS_KEY,
)


class Profiles(Mapping[str, Section]):
    """The sections of all profiles, with only those values that plugincreds reads.

    A `credential_process` may have a secret in its line. Where it is `plugincreds export`, an
    `ExportCommand` takes its place.

    Where botocore has added an indented line to the value of the line above, and a key of ours is
    concerned, that value is replaced by a block of the keys of ours in it.
    """

    def __init__(self, sections: Mapping[str, Any]) -> None:
        self._sections = sections

    def __getitem__(self, name: str) -> Section:
        """Return one section, in which all other keys have empty values."""
        return {key: _kept(key, value) for key, value in self._sections[name].items()}

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._sections)

    def __len__(self) -> int:
        """Return the number of profiles."""
        return len(self._sections)


def _kept(key: str, value: Any) -> Any:
    is_block = isinstance(value, Mapping)
    if not is_block and "\n" not in str(value):
        if key == PROCESS_KEY and "plugincreds" in value:
            from plugincreds._process_line import export_command  # noqa: PLC0415 - rarely needed

            return export_command(value) or ""
        return value if key in _READ_KEYS else ""
    lines = value if is_block else str(value).split("\n")[1:]
    names = [line.replace(":", "=").partition("=")[0].strip().lower() for line in lines]
    own = {name: "" for name in names if name in OWN_KEYS}
    if own or key in _ONE_LINE_KEYS:
        return own
    return value if key in _READ_KEYS else {} if is_block else ""


def is_off(name: str) -> bool:
    """Tell whether a name is the reserved one that means no plugin."""
    return name.strip().lower() == OFF


def asked_by_variable(environ: Mapping[str, str]) -> str:
    """Return the name in the environment variable, or an empty text."""
    return environ.get(VARIABLE, "").strip()


def own_plugin(section: Section) -> str:
    """Return the plugin's name in a profile, or an empty text."""
    return UNREADABLE if misread(section) else section.get(PLUGIN_KEY, "").strip()


def misread(section: Section) -> str:
    """Return which key of ours botocore reads wrongly, because of indentation, or nothing.

    It is a part of a sentence, and the next one, which says what to do.
    """
    for key, value in section.items():
        if isinstance(value, Mapping):
            inside = next((own for own in OWN_KEYS if own in value), None)
            if inside is not None:
                return (
                    f"{inside} in the value of {key}, because that line is indented. Remove the "
                    f"spaces before {inside}"
                )
            if key in _ONE_LINE_KEYS:
                return (
                    f"{key} with indented lines below it. Write options below {OPTIONS_KEY}, and a "
                    f"value on the same line as {key}"
                )
    return ""


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
