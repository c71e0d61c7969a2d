"""Section 4 of the design as a function: who signs, and which plugins are asked for it.

It is written from the design and the pages in `docs`, not from the code: where the code disagrees,
one of the two is wrong. What botocore does itself is here, too, as far as it decides who signs.
"""

from dataclasses import dataclass, replace
from typing import NoReturn

from tests.unit.model.situations import DECLINING, FAILING, Lines, Outcome, Situation

OFF = "none"
FAILED = "PluginProviderRetrieveError"
# What else a plugin raises if it is selected. If it is automatic, it is skipped.
BROKEN = {
    "import needs another package": "LookupSymbolError",
    "import raises": "LookupSymbolError",
    "no such getter": "LookupSymbolError",
    "no retrieve": "PluginRetrieveNilError",
    "no is_expired": "PluginIsExpiredNilError",
    "getter cannot be called": "InvalidSymbolError",
    "getter wants other parameters": "InvalidSymbolError",
    "getter raises": "InvalidSymbolError",
    "getter returns credentials": "InvalidSymbolError",
}


class Error(Exception):
    """The situation ends with an error of the class with this name."""


class NeedsItself(Exception):  # noqa: N818 - an event
    """In a base session, the source of a role is the plugin that asks."""


def fail(error: str) -> NoReturn:
    raise Error(error)


def outcome(here: Situation) -> Outcome:
    """Return what must come out of a situation."""
    result = Outcome()
    in_code = here.profile_in_code is not None  # rank 2
    try:
        chain = chain_of(here, result, here.profile_in_code or here.aws_profile, in_code)
        result.who = chain.signs() or result.who
    except Error as error:
        result.who = str(error)
    return Outcome("code") if here.keys_in_code else result  # rank 1


def chain_of(
    here: Situation, result: Outcome, profile: str | None, in_code: bool, own: str | None = None
) -> "Chain":
    if profile not in {None, *here.config, *here.credentials}:
        fail("ProfileNotFound")
    return Chain(here, result, profile or "default", in_code, own=own)


def named(line: object) -> str | None:
    """Return the plugin that is selected, or OFF; what is empty counts as unset."""
    name = line.strip() if isinstance(line, str) else ""
    return OFF if name.lower() == OFF else name or None


@dataclass(frozen=True)
class Chain:
    """Asks for one profile's credentials, perhaps as the source of a role, or in a base session."""

    here: Situation
    result: Outcome
    profile: str
    in_code: bool
    is_source: bool = False
    own: str | None = None  # the plugin that the base session is for
    has_role: bool = True

    def signs(self) -> str | None:
        if self.variable not in {None, OFF} and not (self.in_code or self.own):  # ranks 2 and 3
            return self.selected(str(self.variable))
        if self.here.environment_keys and not self.in_code:  # ranks 2 and 4
            return "environment"
        try:
            role = self.role() if self.has_role else None
        except NeedsItself:
            role = None
        machine = "container" if self.here.container else None
        return role or self.of_profile() or self.automatic() or machine  # ranks 5, 5b, 6 and 7

    @property
    def variable(self) -> str | None:
        return named(self.here.variable)

    @property
    def plugin(self) -> str | None:
        return named(self.lines.get("credential_plugin"))

    @property
    def lines(self) -> Lines:  # the credentials file overrides the other, line by line
        of_config, of_credentials = self.here.config, self.here.credentials
        return {**of_config.get(self.profile, {}), **of_credentials.get(self.profile, {})}

    def role(self) -> str | None:
        if "role_arn" not in self.lines or "web_identity_token_file" in self.lines:
            return None
        profile, source = map(self.lines.get, ("source_profile", "credential_source"))
        if not profile and not source:
            fail("PartialCredentialsError")
        if profile and source:
            fail("InvalidConfigError")
        who = self.source_profile(str(profile)) if profile else self.credential_source(str(source))
        return f"{self.lines['role_arn']}<{who}"

    def source_profile(self, profile: str) -> str:
        source = replace(self, profile=profile, in_code=True, is_source=True)
        if "aws_access_key_id" not in source.lines:
            if profile == self.profile:
                fail("InfiniteLoopConfigError")
            if who := source.role():
                return who
        return source.of_profile() or fail("InvalidConfigError")

    def credential_source(self, source: str) -> str:
        if source == "CustomPlugin":
            plugin = self.plugin or self.variable
            if OFF in {plugin, self.variable}:
                fail("PluginError")
            if self.own and plugin in {None, self.own}:
                raise NeedsItself
            return self.selected(plugin) if plugin else self.automatic() or fail(FAILED)
        if source == "Environment":
            return "environment" if self.here.environment_keys else fail("CredentialRetrievalError")
        if source == "EcsContainer":
            return "container" if self.here.container else fail("CredentialRetrievalError")
        fail("InvalidConfigError")

    def of_profile(self) -> str | None:
        if self.own and self.plugin == self.own and self.is_source:
            raise NeedsItself
        if self.plugin not in {None, OFF, self.own}:
            return self.selected(str(self.plugin))
        if self.here.web_identity and not self.in_code:
            return "web:environment"
        if "web_identity_token_file" in self.lines:
            return f"web:{self.lines['role_arn']}"
        if "aws_access_key_id" in self.here.credentials.get(self.profile, {}):
            return f"credentials:{self.profile}"
        if "credential_process" in self.lines:
            return f"process:{self.profile}"
        has_keys = "aws_access_key_id" in self.here.config.get(self.profile, {})
        return f"config:{self.profile}" if has_keys else None

    def selected(self, name: str) -> str:  # nothing replaces it
        kinds = self.here.installed.get(name, ())
        if self.variable == OFF or self.own:
            fail("PluginError")
        if len(kinds) != 1:
            fail("PluginNotFoundError")
        self.result.imported.add(name)
        return self.ask(name, *kinds) or fail(BROKEN.get(*kinds, FAILED))

    def automatic(self) -> str | None:  # the first that neither declines nor is broken
        if self.own or OFF in {self.variable, self.plugin}:
            return None
        for name, kinds in sorted(self.here.installed.items()):
            if len(kinds) > 1:
                self.result.warned.add(name)
                continue
            self.result.imported.add(name)
            if who := self.ask(name, *kinds):
                return who
            self.result.warned |= {name} if kinds[0] in BROKEN else set()
        return None

    def ask(self, name: str, kind: str) -> str | None:  # None: it declines, or is broken
        if kind in FAILING:
            fail(FAILED)
        if kind in DECLINING or kind in BROKEN:
            return None
        # An empty block is an error where a plugin takes options.
        options = self.options(name) if kind in {"takes context", "exchanges"} else ""
        if kind == "takes context":
            return f"plugin:{name}@{self.profile}?{options}"
        if kind.startswith("exchanges"):
            base = replace(self, own=name, is_source=False, has_role=not self.is_source)
            try:
                if kind == "exchanges, without context":  # so its base session is a new one
                    base = chain_of(self.here, self.result, self.here.aws_profile, False, name)
                who = base.signs()
            except Error:
                fail(FAILED)
            return who and f"plugin:{name}<{who}"
        return f"plugin:{name}"

    def options(self, name: str) -> str:
        if self.plugin not in {None, name}:  # they are for the plugin that is named there
            return ""
        files = (self.here.config, self.here.credentials)
        blocks = [file.get(self.profile, {}).get("credential_plugin_options", {}) for file in files]
        if "" in blocks:
            fail("PluginError")
        return "&".join(f"{key}={value}" for key, value in sorted({**blocks[0], **blocks[1]}.items()))
