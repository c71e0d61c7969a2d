"""What would come of asking each provider of a chain, without asking those that do more than read.

Nothing here opens a connection, starts a process or retrieves credentials from a plugin.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import profiles_of
from plugincreds._cli.doctor.plugin_step import plugin_step
from plugincreds._cli.doctor.steps import Status, Step, last_of
from plugincreds._cli.terminal import sentence
from plugincreds._profile_selection import role_source
from plugincreds._settings import Section, assumes_role

_SSO_KEYS = ("sso_role_name", "sso_account_id", "sso_start_url", "sso_region")
_CONTAINER_VARIABLES = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_NO_METADATA = "AWS_EC2_METADATA_DISABLED"
_TOKEN_FILE, _TOKEN_FILE_VARIABLE = "web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chain stands.

    Attributes:
        session: The botocore session.
        environ: The environment.
        profile: The profile whose providers are in the chain.
        environment_counts: Whether the providers of a profile look at the environment, too.
    """

    session: Any
    environ: Mapping[str, str]
    profile: str
    environment_counts: bool

    @property
    def section(self) -> Section:
        """The profile's section, less values that may be secret."""
        return profiles_of(self.session).get(self.profile, {})

    def value(self, key: str, profile: str | None = None) -> Any:
        """Return one value of a profile that is no secret, or None."""
        return self.session.full_config["profiles"].get(profile or self.profile, {}).get(key)

    def lacks(self, what: str) -> Step:
        """Return a step for a profile that says nothing to a provider."""
        return Step(Status.NOT_CONFIGURED, f"the profile {self.profile!r} has no {what}")

    def file(self, name: str) -> str:
        """Return the name of one of the two files that the session reads."""
        return str(Path(self.session.get_config_variable(name)).expanduser())


def chain_report(providers: Iterable[Any], place: Place) -> tuple[Step, ...]:
    """Return what would come of asking each of the providers in order."""
    steps: list[Step] = []
    for provider in providers:
        last = last_of(steps)
        step = _step(provider, place) if last is None else _not_reached(last)
        steps.append(step.of(provider))
    return tuple(steps)


def _not_reached(last: Step) -> Step:
    does = "raises an error" if last.status is Status.ERROR else "comes first"
    return Step(Status.NOT_REACHED, f"{last.provider} {does}")


def _step(provider: Any, place: Place) -> Step:
    if isinstance(provider, PluginProvider):
        return plugin_step(provider)
    look = _KNOWN.get(getattr(provider, "METHOD", ""))
    if look is None:
        reason = "plugincreds does not know what it does; --retrieve asks it"
        return Step(Status.UNKNOWN, reason)
    try:
        return look(provider, place)
    except Exception as error:  # noqa: BLE001 - this is what a program would get, too
        return Step(Status.ERROR, sentence(error))


def _loaded(provider: Any, found: str, missing: str) -> Step:
    if provider.load() is None:
        return Step(Status.NOT_CONFIGURED, missing)
    return Step(Status.ANSWERS, found)


def _env(provider: Any, _place: Place) -> Step:
    return _loaded(provider, "AWS_ACCESS_KEY_ID is set", "AWS_ACCESS_KEY_ID is not set")


def _static_keys(file: str) -> Callable[[Any, Place], Step]:
    def look(provider: Any, place: Place) -> Step:
        path, profile = place.file(file), place.profile
        found = f"the profile {profile!r} has aws_access_key_id in {path}"
        missing = f"the profile {profile!r} has no aws_access_key_id in {path}"
        return _loaded(provider, found, missing)

    return look


def _ec2_file(provider: Any, place: Place) -> Step:
    variable = "AWS_CREDENTIAL_FILE"
    has_variable = variable in place.environ
    missing = f"the file of {variable} has no keys" if has_variable else f"{variable} is not set"
    return _loaded(provider, f"the file of {variable} has keys", missing)


def _boto_file(provider: Any, _place: Place) -> Step:
    return _loaded(provider, "a file of boto 2 has keys", "no file of boto 2 has keys")


def _role(provider: Any, place: Place) -> Step:
    profiles, profile = profiles_of(place.session), place.profile
    if not assumes_role(place.section):
        return place.lacks("role_arn to assume with other credentials")
    source = role_source(profiles, profile)
    if source is None or source.profile not in profiles:
        message = (
            f"The profile {profile!r} has role_arn, but no credentials to assume that role with. "
            "Give it either source_profile, which names another profile that exists and leads to "
            "credentials, or credential_source."
        )
        return Step(Status.ERROR, message)
    if source.by_credential_source:
        name = profiles[source.profile].get("credential_source")
        words = f"credential_source = {name}"
        sourcer = getattr(provider, "_credential_sourcer", None)
        known = getattr(sourcer, "_providers", [])
        providers = [each for each in known if getattr(each, "CANONICAL_NAME", None) == name]
        if not providers:
            message = f"The profile {source.profile!r} has {words}, which botocore does not know."
            return Step(Status.ERROR, message)
    else:
        words = f"those of the profile {source.profile!r}"
        builder = getattr(provider, "_profile_provider_builder")  # noqa: B009 - pinned by _fit
        providers = builder.providers(profile_name=source.profile, disable_env_vars=True)
    there = replace(place, profile=source.profile, environment_counts=False)
    return _role_with(chain_report(providers, there), words, str(place.value("role_arn")))


def _role_with(steps: tuple[Step, ...], words: str, role: str) -> Step:
    last = last_of(steps)
    if last is None:
        message = f"The role {role} has no credentials to be assumed with: {words} gives none."
        return Step(Status.ERROR, message, source=steps)
    if last.status is Status.ERROR:
        return replace(last, source=steps, plugins=())
    reason = f"{role} is assumed with {words}: {last.provider}"
    return replace(
        last, status=Status.ASKED, reason=reason, is_certain=True, plugins=(), source=steps
    )


def _web_identity(_provider: Any, place: Place) -> Step:
    def setting(key: str, variable: str) -> str | None:
        by_variable = place.environ.get(variable) if place.environment_counts else None
        return by_variable or place.value(key)

    token_file = setting(_TOKEN_FILE, _TOKEN_FILE_VARIABLE)
    if not token_file:
        also = f", and {_TOKEN_FILE_VARIABLE} is not set" if place.environment_counts else ""
        step = place.lacks(_TOKEN_FILE)
        return replace(step, reason=step.reason + also)
    role = setting("role_arn", "AWS_ROLE_ARN")
    if not role:
        message = "A web identity's token file is given, but neither role_arn nor AWS_ROLE_ARN is."
        return Step(Status.ERROR, message)
    if not Path(token_file).is_file():
        return Step(Status.ERROR, f"The web identity's token file {token_file} does not exist.")
    return Step(Status.ASKED, f"{role} is assumed with the web identity in {token_file}")


def _sso(_provider: Any, place: Place) -> Step:
    section = place.section
    if not {"sso_role_name", "sso_account_id"} & section.keys():
        return place.lacks("sso_role_name or sso_account_id")
    found = set(section)
    name = place.value("sso_session")
    sessions = place.session.full_config.get("sso_sessions", {})
    if name is not None and name not in sessions:
        message = f"The profile {place.profile!r} names the sso-session {name!r}, which is nowhere."
        return Step(Status.ERROR, message)
    found |= set(sessions.get(name, ()))
    missing = [key for key in _SSO_KEYS if key not in found]
    if missing:
        message = f"The profile {place.profile!r} uses SSO, but has no {' and '.join(missing)}."
        return Step(Status.ERROR, message)
    return Step(Status.ASKED, f"the profile {place.profile!r} uses SSO")


def _login(_provider: Any, place: Place) -> Step:
    if "login_session" not in place.section:
        return place.lacks("login_session")
    return Step(Status.ASKED, f"the profile {place.profile!r} has login_session")


def _process(_provider: Any, place: Place) -> Step:
    if place.value("credential_process") is None:
        return place.lacks("credential_process")
    return Step(Status.ASKED, f"the profile {place.profile!r} has credential_process")


def _container(_provider: Any, place: Place) -> Step:
    for variable in _CONTAINER_VARIABLES:
        if variable in place.environ:
            return Step(Status.ASKED, f"{variable} is set")
    return Step(Status.NOT_CONFIGURED, "no AWS_CONTAINER_CREDENTIALS_..._URI is set")


def _instance(_provider: Any, place: Place) -> Step:
    if place.environ.get(_NO_METADATA, "").lower() == "true":
        return Step(Status.NOT_CONFIGURED, f"{_NO_METADATA}=true forbids it")
    reason = "it asks the machine, which answers on EC2 only"
    return Step(Status.ASKED, reason, is_certain=False)


_KNOWN: dict[str, Callable[[Any, Place], Step]] = {
    "env": _env,
    "assume-role": _role,
    "assume-role-with-web-identity": _web_identity,
    "sso": _sso,
    "shared-credentials-file": _static_keys("credentials_file"),
    "login": _login,
    "custom-process": _process,
    "config-file": _static_keys("config_file"),
    "ec2-credentials-file": _ec2_file,
    "boto-config": _boto_file,
    "container-role": _container,
    "iam-role": _instance,
}
