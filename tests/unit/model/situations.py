"""What a situation is, and what may come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Block = Mapping[str, str]  # indented lines
Lines = Mapping[str, str | Block]  # the lines of a profile, by key


@dataclass(frozen=True)
class Situation:
    """All that decides who signs."""

    # The kinds of plugin of each name: several, if several distributions declare it.
    installed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    config: Mapping[str, Lines] = field(default_factory=dict)  # each profile in the one file
    credentials: Mapping[str, Lines] = field(default_factory=dict)  # and in the other
    variable: str | None = None  # AWS_CREDENTIAL_PLUGIN
    aws_profile: str | None = None  # AWS_PROFILE
    profile_in_code: str | None = None
    keys_in_code: bool = False
    environment_keys: bool = False  # AWS_ACCESS_KEY_ID and its like
    web_identity: bool = False  # AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN
    container: bool = False  # AWS_CONTAINER_CREDENTIALS_FULL_URI


@dataclass
class Outcome:
    """Who signs, or an error's class; the plugins imported, and those skipped with a warning."""

    who: str = "nobody"
    imported: set[str] = field(default_factory=set)
    warned: set[str] = field(default_factory=set)
