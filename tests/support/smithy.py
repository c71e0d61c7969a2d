"""A small double of the AWS SDK for Python's credential chain, for every Python.

The SDK itself wants Python 3.12. `tests/clients/test_smithy.py` runs it, and so guards this double.
"""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from plugincreds._bindings.smithy import AutomaticPlugin, ProfilePlugin, SelectedPlugin


class SmithyError(Exception):
    """The base of the SDK's errors."""


class SmithyIdentityError(SmithyError):
    """A resolver has nothing: the chain asks the next one."""


@dataclass
class AWSCredentialsIdentity:
    """What the SDK signs with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expiration: datetime | None = None
    account_id: str | None = None


class StandardProvider(enum.Enum):
    """The places of the SDK's own providers that the tests use, in order."""

    ENVIRONMENT = 0
    WEB_IDENTITY_TOKEN_ENV = 1
    SHARED_CONFIG = 2
    PROFILE_ASSUME_ROLE = 3
    PROFILE_STATIC_KEYS = 4
    ECS_CONTAINER = 5


@dataclass(frozen=True)
class Standard:
    """A place."""

    slot: StandardProvider


class Before(Standard):
    """The place before one."""


class After(Standard):
    """The place after one."""


class Config:
    """What the SDK has read: names in lower case, and no comments behind values."""

    def __init__(self, text: str) -> None:
        self.profiles: dict[str, SimpleNamespace] = {}
        section: dict[str, Any] = {}
        last = ""
        for line in text.splitlines():
            key, _, value = (part.strip() for part in line.partition("="))
            if line.startswith("["):
                name = line.strip("[]").removeprefix("profile ")
                section = {}
                self.profiles[name] = SimpleNamespace(properties=section)
            elif line.startswith(" "):
                section[last] = section[last] or {}
                section[last][key.lower()] = value
            else:
                last = key.lower()
                section[last] = value.partition(" #")[0].strip()

    def get_profile(self, name: str) -> SimpleNamespace | None:
        return self.profiles.get(name)


async def load_config() -> Config:
    """Return what is in the file of the environment."""
    return Config(_text_of(os.environ["AWS_CONFIG_FILE"]))


def _text_of(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")


class Setup:
    """What the providers of one chain share; it has the names of the SDK's `ChainSetup`."""

    def __init__(self, config: Config | None, profile: str | None, region: str | None) -> None:
        self.config_file = config
        self.profile_name = profile
        self.region_override = region
        self.properties: dict[str, Any] = {}
        self.resolvers: list[Any] = []
        self.terminal = False

    def set_config_file(self, config: Config) -> None:
        assert self.config_file is None
        self.config_file = config

    def add_terminal_resolver(self, resolver: Any) -> None:
        assert not self.terminal
        self.resolvers.append(resolver)
        self.terminal = True


class Keys:
    """A resolver of the SDK's own."""

    def __init__(self, key: str) -> None:
        self._key = key

    async def get_identity(self, *, properties: Mapping[str, Any]) -> AWSCredentialsIdentity:
        assert properties == {}
        return AWSCredentialsIdentity(self._key, "secret")


class Own:
    """A provider of the SDK's own."""

    def __init__(self, slot: str) -> None:
        self.name = slot
        self.ordering = Standard(StandardProvider[slot])

    async def setup(self, _: type, setup: Any) -> None:
        profile = setup.profile_name
        if self.name == "ENVIRONMENT" and profile is None and "AWS_SECRET_ACCESS_KEY" in os.environ:
            setup.add_terminal_resolver(Keys(os.environ["AWS_ACCESS_KEY_ID"]))
        elif (
            self.name == "WEB_IDENTITY_TOKEN_ENV"
            and profile is None
            and "AWS_ROLE_ARN" in os.environ
        ):
            setup.add_terminal_resolver(Keys("WEB"))
        elif self.name == "SHARED_CONFIG":
            setup.config_file = setup.config_file or await load_config()
            setup.profile_name = profile or os.environ.get("AWS_PROFILE") or "default"
        elif self.name == "PROFILE_STATIC_KEYS" and profile in setup.config_file.profiles:
            section = setup.config_file.profiles[profile].properties
            if "role_arn" not in section and "aws_secret_access_key" in section:
                setup.add_terminal_resolver(Keys(section["aws_access_key_id"]))
        elif self.name == "ECS_CONTAINER":
            setup.add_terminal_resolver(Keys("CONTAINER"))


class Chain:
    """What `IdentityChain.create` returns."""

    def __init__(self, resolvers: list[Any]) -> None:
        self._resolvers = resolvers

    async def get_identity(self) -> AWSCredentialsIdentity:
        for resolver in self._resolvers:
            try:
                identity: AWSCredentialsIdentity = await resolver.get_identity(properties={})
            except SmithyIdentityError:
                continue
            return identity
        raise SmithyIdentityError

    async def invalidate(self) -> None:
        for resolver in self._resolvers:
            await resolver.invalidate()


async def new_chain(
    *,
    profile: str | None = None,
    region: str | None = None,
    config: Config | None = None,
    identity_type: type = AWSCredentialsIdentity,
) -> Chain:
    """Return a chain with our providers among the SDK's own."""
    providers: list[Any] = [AutomaticPlugin(), ProfilePlugin(), SelectedPlugin()]
    assert len({provider.name for provider in providers}) == len(providers)
    providers += map(Own, StandardProvider.__members__)
    sides = [Before, Standard, After]

    def position(provider: Any) -> tuple[int, int]:
        place = provider.ordering
        return place.slot.value, sides.index(type(place))

    setup = Setup(config, profile, region)
    for provider in sorted(providers, key=position):
        await provider.setup(identity_type, setup)
        if setup.terminal:
            break
    return Chain(setup.resolvers)


def install_double(patch: pytest.MonkeyPatch) -> None:
    """Let imports of the SDK find this double."""
    chain = {"Before": Before, "After": After, "StandardProvider": StandardProvider}
    contents: dict[str, dict[str, Any]] = {
        "smithy_core": {},
        "smithy_core.exceptions": {"SmithyError": SmithyError},
        "smithy_aws_core": {},
        "smithy_aws_core.config": {"load_config": load_config},
        "smithy_aws_core.identity": {"AWSCredentialsIdentity": AWSCredentialsIdentity},
        "smithy_aws_core.identity.chain": chain,
    }
    for name, names in contents.items():
        module = ModuleType(name)
        vars(module).update(names)
        patch.setitem(sys.modules, name, module)
        package, _, attribute = name.rpartition(".")
        if package:
            setattr(sys.modules[package], attribute, module)
