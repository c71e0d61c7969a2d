"""What would come of asking each provider of a chain, without asking those that do more than read.

Nothing here opens a connection, starts a process or retrieves credentials from a plugin.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import profiles_of
from plugincreds._cli.doctor.plugin_step import plugin_step
from plugincreds._cli.doctor.steps import ChainStep, Status, last_of
from plugincreds._cli.terminal import sentence
from plugincreds._profile_selection import role_source
from plugincreds._settings import assumes_role

_CONTAINER_VARIABLES = (
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_NO_METADATA = "AWS_EC2_METADATA_DISABLED"
_TOKEN_FILE, _TOKEN_FILE_VARIABLE = "web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE"


@dataclass(frozen=True, slots=True)
class ChainLocation:
    """The session and the profile that a chain belongs to.

    Attributes:
        session: The botocore session.
        profile: The profile whose providers are in the chain.
        reads_environment: Whether the providers of that profile read the environment, too.
    """

    session: Any
    profile: str
    reads_environment: bool

    def setting(self, key: str, variable: str = "") -> Any:
        """Return what a variable or the profile says, or None. The key must not be a secret's."""
        by_variable = os.environ.get(variable) if self.reads_environment else None
        return by_variable or self.session.full_config["profiles"].get(self.profile, {}).get(key)

    def lacks(self, what: str) -> ChainStep:
        """Return a step for a provider that finds nothing in the profile."""
        return ChainStep(Status.NOT_CONFIGURED, f"the profile {self.profile!r} has no {what}")


def chain_report(
    providers: Iterable[Any], location: ChainLocation, asked: Iterable[ChainStep] = ()
) -> tuple[ChainStep, ...]:
    """Return what would come of asking each of the providers in order.

    Args:
        providers: The providers.
        location: The session and the profile that they belong to.
        asked: What came of asking the first of them.
    """
    steps = list(asked)
    for provider in list(providers)[len(steps) :]:
        last = last_of(steps)
        if last is None:
            step = _step(provider, location)
        else:
            does = "raises an error" if last.status is Status.ERROR else "comes first"
            step = ChainStep(Status.NOT_REACHED, f"{last.provider} {does}")
            if getattr(provider, "of_profile", False):
                step = replace(step, profile=location.profile)
        name = getattr(provider, "METHOD", type(provider).__name__)
        steps.append(replace(step, provider=str(name)))
    return tuple(steps)


def _step(provider: Any, location: ChainLocation) -> ChainStep:
    if isinstance(provider, PluginProvider):
        profile = location.profile if provider.of_profile else None
        return replace(plugin_step(provider), profile=profile)
    look = _LOOKS.get(getattr(provider, "METHOD", ""))
    if look is None:
        reason = "plugincreds does not know what it does; --retrieve asks it"
        return ChainStep(Status.UNKNOWN, reason)
    try:
        return look(provider, location)
    except Exception as error:  # noqa: BLE001 - this is what a program would get, too
        return ChainStep(Status.ERROR, sentence(error))


def _keys(provider: Any, _location: ChainLocation, found: str, missing: str) -> ChainStep:
    """Load a provider that only reads the environment or a file."""
    if provider.load() is None:
        return ChainStep(Status.NOT_CONFIGURED, missing)
    return ChainStep(Status.ANSWERS, found)


def _keys_of_profile(provider: Any, location: ChainLocation, file: str) -> ChainStep:
    path = Path(location.session.get_config_variable(file)).expanduser()
    profile, keys = f"the profile {location.profile!r}", f"aws_access_key_id in {path}"
    return _keys(provider, location, f"{profile} has {keys}", f"{profile} has no {keys}")


def _ec2_file(provider: Any, location: ChainLocation) -> ChainStep:
    variable = "AWS_CREDENTIAL_FILE"
    file = f"the file of {variable}"
    missing = f"{file} has no keys" if variable in os.environ else f"{variable} is not set"
    return _keys(provider, location, f"{file} has keys", missing)


def _one_setting(_provider: Any, location: ChainLocation, key: str) -> ChainStep:
    if location.setting(key) is None:
        return location.lacks(key)
    return ChainStep(Status.ASKED, f"the profile {location.profile!r} has {key}")


def _sso(provider: Any, location: ChainLocation) -> ChainStep:
    # Its load() checks the configuration and no more: tokens are read for the first signature.
    if provider.load() is None:
        return location.lacks("sso_role_name or sso_account_id")
    return ChainStep(Status.ASKED, f"the profile {location.profile!r} uses SSO")


def _web_identity(_provider: Any, location: ChainLocation) -> ChainStep:
    token_file = location.setting(_TOKEN_FILE, _TOKEN_FILE_VARIABLE)
    if not token_file:
        also = f", and {_TOKEN_FILE_VARIABLE} is not set" if location.reads_environment else ""
        return location.lacks(f"{_TOKEN_FILE}{also}")
    role = location.setting("role_arn", "AWS_ROLE_ARN")
    if not role:
        message = "A web identity's token file is given, but neither role_arn nor AWS_ROLE_ARN is."
        return ChainStep(Status.ERROR, message)
    if not Path(token_file).is_file():
        message = f"The web identity's token file {token_file} does not exist."
        return ChainStep(Status.ERROR, message)
    return ChainStep(Status.ASKED, f"{role} is assumed with the web identity in {token_file}")


def _container(_provider: Any, _location: ChainLocation) -> ChainStep:
    for variable in _CONTAINER_VARIABLES:
        if variable in os.environ:
            return ChainStep(Status.ASKED, f"{variable} is set")
    return ChainStep(Status.NOT_CONFIGURED, "no AWS_CONTAINER_CREDENTIALS_..._URI is set")


def _instance(_provider: Any, _location: ChainLocation) -> ChainStep:
    if os.environ.get(_NO_METADATA, "").lower() == "true":
        return ChainStep(Status.NOT_CONFIGURED, f"{_NO_METADATA}=true forbids it")
    reason = "it asks the machine, which answers on EC2 only"
    return ChainStep(Status.ASKED, reason, is_certain=False)


def _role(provider: Any, location: ChainLocation) -> ChainStep:
    profiles, profile = profiles_of(location.session), location.profile
    if not assumes_role(profiles.get(profile, {})):
        return location.lacks("role_arn to assume with other credentials")
    source = role_source(profiles, profile)
    if source is None or source.profile not in profiles:
        message = (
            f"The profile {profile!r} has role_arn, but no credentials to assume that role with. "
            "Give it either source_profile, which names another profile that exists and leads to "
            "credentials, or credential_source."
        )
        return ChainStep(Status.ERROR, message)
    if source.by_credential_source:
        name = profiles[source.profile]["credential_source"]
        words = f"credential_source = {name}"
        # botocore has no public way to either; tests pin both names.
        known = provider._credential_sourcer._providers  # noqa: SLF001
        providers = [each for each in known if name == each.CANONICAL_NAME]
        if not providers:
            message = f"The profile {source.profile!r} has {words}, which botocore does not know."
            return ChainStep(Status.ERROR, message)
    else:
        words = f"the profile {source.profile!r}"
        builder = provider._profile_provider_builder  # noqa: SLF001
        providers = builder.providers(profile_name=source.profile, disable_env_vars=True)
    there = replace(location, profile=source.profile, reads_environment=False)
    return _role_with(chain_report(providers, there), words, location.setting("role_arn"))


def _role_with(steps: tuple[ChainStep, ...], words: str, role: str) -> ChainStep:
    last = last_of(steps)
    if last is None:
        message = f"The role {role} has no credentials to be assumed with: {words} gives none."
        return ChainStep(Status.ERROR, message, source=steps)
    step = replace(last, plugins=(), source=steps, profile=None)
    if last.status is Status.ERROR:
        return step
    reason = f"{role} is assumed with the credentials of {words}, from {last.provider}"
    # The machine's own credentials, if they are named as the source, are all that can be used.
    is_certain = last.is_certain or last.plugin is None
    return replace(step, status=Status.ASKED, reason=reason, is_certain=is_certain)


# How each of botocore's providers is looked at; by METHOD.
_LOOKS: dict[str, Callable[[Any, ChainLocation], ChainStep]] = {
    "env": partial(_keys, found="AWS_ACCESS_KEY_ID is set", missing="AWS_ACCESS_KEY_ID is not set"),
    "assume-role": _role,
    "assume-role-with-web-identity": _web_identity,
    "sso": _sso,
    "shared-credentials-file": partial(_keys_of_profile, file="credentials_file"),
    "login": partial(_one_setting, key="login_session"),
    "custom-process": partial(_one_setting, key="credential_process"),
    "config-file": partial(_keys_of_profile, file="config_file"),
    "ec2-credentials-file": _ec2_file,
    "boto-config": partial(
        _keys, found="a file of boto 2 has keys", missing="no file of boto 2 has keys"
    ),
    "container-role": _container,
    "iam-role": _instance,
}
