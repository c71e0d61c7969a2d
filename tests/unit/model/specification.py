"""Section 4 of the design as a function: who signs, and which plugins are asked for it.

It is written from the design and the pages in `docs`, not from the code: where the code disagrees,
one of the two is wrong. What botocore does itself is here, too, as far as it decides who signs.
"""

from dataclasses import dataclass, replace
from typing import NoReturn

from tests.unit.model.plugins import BROKEN, DECLINING, FAILING
from tests.unit.model.situations import Lines, Outcome, Situation

OFF, KEYS = "none", "aws_access_key_id"
FAILED = "PluginProviderRetrieveError"


class Error(Exception):
    """The situation ends with an error of the class with this name."""


class NeedsItself(Exception):  # noqa: N818 - an event
    """In a base session, the source of a role is the plugin that asks."""


def fail(error: str) -> NoReturn:
    raise Error(error)


def outcome(here: Situation) -> Outcome:
    """Return what must come out of a situation."""
    result = Outcome()
    try:
        who = "code" if here.keys_in_code else session(here, result, here.profile_in_code).signs()
        result.who = who or result.who  # rank 1, or the others
    except Error as error:
        result.who = str(error)
    return result


def session(here: Situation, result: Outcome, in_code: str | None, own: str = "") -> "Chain":
    profile = in_code or here.aws_profile
    if profile not in {None, *here.config, *here.credentials}:
        fail("ProfileNotFound")
    return Chain(here, result, profile or "default", in_code is not None, own)


def named(line: object) -> str | None:
    """Return the plugin that is selected, or OFF; what is empty counts as unset."""
    name = line.strip() if isinstance(line, str) else ""
    return OFF if name.lower() == OFF else name or None


@dataclass(frozen=True)
class Chain:
    """Asks for one profile's credentials, perhaps in a base session, or as the source of a role."""

    here: Situation
    result: Outcome
    profile: str
    in_code: bool
    own: str = ""  # in a base session, the plugin that it is for
    is_source: bool = False
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
    def files(self) -> list[Lines]:
        return [file.get(self.profile, {}) for file in (self.here.config, self.here.credentials)]

    @property
    def lines(self) -> Lines:  # the credentials file overrides the other, line by line
        return {key: line for file in self.files for key, line in file.items()}

    def role(self) -> str | None:
        if "role_arn" not in self.lines or "web_identity_token_file" in self.lines:
            return None
        profile, source = map(self.lines.get, ("source_profile", "credential_source"))
        if bool(profile) == bool(source):
            fail("InvalidConfigError" if profile else "PartialCredentialsError")
        who = self.source_profile(str(profile)) if profile else self.credential_source(str(source))
        return f"{self.lines['role_arn']}<{who}"

    def source_profile(self, profile: str) -> str:
        source = replace(self, profile=profile, in_code=True, is_source=True)
        if KEYS not in source.lines and profile == self.profile:
            fail("InfiniteLoopConfigError")
        role = None if KEYS in source.lines else source.role()
        return role or source.of_profile() or fail("InvalidConfigError")

    def credential_source(self, source: str) -> str:
        if source == "Environment":
            return "environment" if self.here.environment_keys else fail("CredentialRetrievalError")
        if source == "EcsContainer":
            return "container" if self.here.container else fail("CredentialRetrievalError")
        if source != "CustomPlugin":
            fail("InvalidConfigError")
        plugin = self.plugin or self.variable
        if OFF in {plugin, self.variable}:
            fail("PluginError")
        if self.own and plugin in {None, self.own}:
            raise NeedsItself
        return self.selected(plugin) if plugin else self.automatic() or fail(FAILED)

    def of_profile(self) -> str | None:
        if self.own and self.plugin == self.own and self.is_source:
            raise NeedsItself
        if self.plugin not in {None, OFF, self.own}:
            return self.selected(str(self.plugin))
        config, credentials = self.files
        others = (  # botocore's own, in its order
            ("web:environment", self.here.web_identity and not self.in_code),
            (f"web:{self.lines.get('role_arn', '')}", "web_identity_token_file" in self.lines),
            (f"credentials:{self.profile}", KEYS in credentials),
            (f"process:{self.profile}", "credential_process" in self.lines),
            (f"config:{self.profile}", KEYS in config),
        )
        who = next((who for who, is_there in others if is_there), None)
        return fail("InvalidConfigError") if who == "web:" else who  # no role for the token

    def selected(self, name: str) -> str:  # nothing replaces it
        kinds = self.here.installed.get(name, ())
        if self.variable == OFF or self.own:
            fail("PluginError")
        if len(kinds) != 1:
            fail("PluginNotFoundError")
        return self.ask(name, *kinds) or fail(BROKEN.get(*kinds, FAILED))

    def automatic(self) -> str | None:  # the first that neither declines nor is broken
        if self.own or OFF in {self.variable, self.plugin}:
            return None
        for name, kinds in sorted(self.here.installed.items()):
            if len(kinds) == 1 and (who := self.ask(name, *kinds)):
                return who
            if len(kinds) > 1 or kinds[0] in BROKEN:
                self.result.warned.add(name)
        return None

    def ask(self, name: str, kind: str) -> str | None:  # None: it declines, or is broken
        self.result.imported.add(name)
        if kind in FAILING:
            fail(FAILED)
        if kind in DECLINING or kind in BROKEN:
            return None
        options = self.options(name) if kind in {"takes context", "exchanges"} else ""
        if kind == "takes context":
            return f"plugin:{name}@{self.profile}?{options}"
        if not kind.startswith("exchanges"):
            return f"plugin:{name}"
        base = replace(self, own=name, is_source=False, has_role=not self.is_source)
        try:
            if kind == "exchanges, without context":  # so its base session is like a new session
                base = session(self.here, self.result, None, name)
            who = base.signs()
        except Error:
            fail(FAILED)
        return who and f"plugin:{name}<{who}"

    def options(self, name: str) -> str:
        if self.plugin not in {None, name}:  # they are for the plugin that is named there
            return ""
        options: dict[str, str] = {}
        for lines in self.files:
            block = lines.get("credential_plugin_options", {})
            options |= fail("PluginError") if isinstance(block, str) else block
        return "&".join(f"{key}={options[key]}" for key in sorted(options))
