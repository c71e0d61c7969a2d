"""What a situation is, what may be installed in it, and what may come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

# The lines of one profile, by key; those of an indented block are a mapping of their own.
Lines = Mapping[str, str | Mapping[str, str]]

# The module of each kind of plugin, whose getter is `get`. An access key says whose it is.
SIGNING = {
    "good": "def get(): return (lambda: ('plugin:NAME', 'secret')), (lambda: False)",
    "good coroutine": """
        async def retrieve(): return 'plugin:NAME', 'secret'
        def get(): return retrieve, lambda: False
    """,
    "takes context": """
        def get(context):
            options = '&'.join(f'{key}={value}' for key, value in sorted(context.options.items()))
            who = f"plugin:NAME@{context.profile}?{options}"
            return (lambda: (who, 'secret')), (lambda: False)
    """,
    "exchanges": """
        def get(context):
            def retrieve():
                base = context.session.get_credentials()
                if base is not None:
                    return f"plugin:NAME<{base.get_frozen_credentials().access_key}", 'secret'
            return retrieve, lambda: False
    """,
    "exchanges, without context": """
        import plugincreds
        def retrieve():
            base = plugincreds.base_session().get_credentials()
            if base is not None:
                return f"plugin:NAME<{base.get_frozen_credentials().access_key}", 'secret'
        def get(): return retrieve, lambda: False
    """,
}
DECLINING = {
    "getter declines": "def get(): return None",
    "retrieve declines": "def get(): return (lambda: None), (lambda: False)",
}
FAILING = {
    "retrieve raises": "def get(): return (lambda: 1 / 0), (lambda: False)",
    "retrieve returns nonsense": "def get(): return (lambda: 42), (lambda: False)",
}
BROKEN = {
    "import needs another package": "import acme_gone",
    "import raises": "1 / 0",
    "no such getter": "",
    "getter cannot be called": "get = 42",
    "getter wants other parameters": "def get(profile): return None",
    "getter raises": "def get(): 1 / 0",
    "getter returns credentials": "def get(): return 'AKIA', 'secret'",
    "no retrieve": "def get(): return None, (lambda: False)",
    "no is_expired": "def get(): return (lambda: ('AKIA', 'secret')), None",
}


def source(kind: str, name: str) -> str:
    """Return the module of a plugin."""
    modules = {**SIGNING, **DECLINING, **FAILING, **BROKEN}
    return dedent(modules[kind]).replace("NAME", name)


@dataclass(frozen=True)
class Situation:
    """All that decides who signs."""

    # The kinds of plugin of each name: several, where several distributions declare it.
    installed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # The two files, by profile.
    config: Mapping[str, Lines] = field(default_factory=dict)
    credentials: Mapping[str, Lines] = field(default_factory=dict)
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
