"""Providers for the credential chain of the AWS SDK for Python (`aws-sdk-*`, smithy).

The SDK finds them by the entry points in pyproject.toml, makes one of each for each chain, and
calls `setup()` of one after the other, until one adds a resolver that ends the chain. A provider
has one place in the chain. So there is one for each place where plugins are asked.

Every chain of the SDK imports this module, and most never reach a plugin. So what only a few of
them need is imported where they need it. The SDK itself is imported whenever this is.
"""
# ruff: noqa: PLC0415

import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from plugincreds._selection import (
    Automatic,
    Selected,
    Selection,
    chain_selection,
    deciding_variables,
)
from plugincreds._settings import (
    VARIABLE,
    Profiles,
    Section,
    asked_by_variable,
    asks_for_plugin,
    assumes_role,
    is_off,
    other_sources,
)

# What comes before the automatic plugins. The SDK needs other packages for some of it, and goes
# on where they are missing.
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE")


class ChainView(NamedTuple):
    """What all providers of one chain see, whatever other threads do meanwhile.

    Attributes:
        environ: The environment variables that decide which plugin is selected.
        profile: The name of the active profile; None if none is chosen.
        in_code: Whether the program has chosen it in code.
        region: The region that the client uses, or None.
    """

    environ: Mapping[str, str]
    profile: str | None
    in_code: bool
    region: str | None

    @property
    def profile_name(self) -> str:
        """The name of the active profile, which may be the default one."""
        return self.profile or "default"

    @classmethod
    def of(cls, setup: Any) -> "ChainView":
        """Return that of a chain; the first of our providers makes it."""
        if cls.__name__ not in setup.properties:
            profile = setup.profile_name or os.environ.get("AWS_PROFILE") or None
            setup.properties[cls.__name__] = cls(
                deciding_variables(),
                profile,
                setup.profile_name is not None,
                setup.region_override,
            )
        view: ChainView = setup.properties[cls.__name__]
        return view

    def session(self) -> Any:
        """Return a new session of botocore with this profile and region."""
        from plugincreds._bindings.smithy_identities import open_session

        return open_session(self.profile, self.region, in_code=self.in_code)

    def selection(self, section: Section) -> Selection:
        """Return the selected plugin, apart from the one that the profile asks for."""
        return chain_selection(self.environ, section, profile_in_code=self.in_code)


class _Provider:
    """A provider of the SDK's chain."""

    name: str
    _place: tuple[str, str]  # Before or After, and the name of a standard place

    @property
    def ordering(self) -> Any:
        """The place in the chain."""
        from smithy_aws_core.identity import chain

        side, slot = self._place
        return getattr(chain, side)(slot=chain.StandardProvider[slot])

    async def setup(self, identity_type: type[Any], setup: Any) -> None:
        """Add a resolver that ends the chain, if plugins are asked here and do not decline.

        Raises:
            SmithyError: Of a `PluginError`: no other identity may be used.
        """
        from smithy_aws_core.identity import AWSCredentialsIdentity

        if identity_type is AWSCredentialsIdentity:
            await self._setup(setup, ChainView.of(setup))

    async def _setup(self, setup: Any, view: ChainView) -> None:
        raise NotImplementedError


class SelectedPlugin(_Provider):
    """Asks the plugin that the environment variable selects, before all others."""

    name = "CredentialPlugin"
    _place = ("Before", "ENVIRONMENT")

    async def _setup(self, setup: Any, view: ChainView) -> None:
        if isinstance(view.selection({}), Selected):
            await _add(setup, view, view.selection)


class ProfilePlugin(_Provider):
    """Asks the plugin of the active profile, or for its role, after the environment's keys."""

    name = "ProfileCredentialPlugin"
    _place = ("After", "ENVIRONMENT")

    async def _setup(self, setup: Any, view: ChainView) -> None:
        if setup.config_file is None:
            from smithy_aws_core.config import load_config

            setup.set_config_file(await load_config())  # the SDK's own provider would do it next
        profiles, profile = _profiles_of(setup.config_file), view.profile_name
        section = profiles.get(profile, {})
        if assumes_role(section):
            from plugincreds._profile_selection import needs_plugin_for_role

            if needs_plugin_for_role(profiles, profile):
                await _add_role(setup, view)
        elif asks_for_plugin(section) and not _is_overruled(view):
            from plugincreds._profile_selection import profile_selection

            await _add(
                setup, view, lambda section: profile_selection(view.environ, section, profile)
            )


class AutomaticPlugin(_Provider):
    """Asks all installed plugins if none is selected, before the container and the machine."""

    name = "AutomaticCredentialPlugin"
    _place = ("Before", "ECS_CONTAINER")

    async def _setup(self, setup: Any, view: ChainView) -> None:
        section = _profiles_of(setup.config_file).get(view.profile_name, {})
        if not isinstance(view.selection(section), Automatic):
            return
        from plugincreds._lifecycle.awaiting import in_thread, settled

        if not await settled(in_thread(_is_one_installed)):
            return
        variables = () if view.in_code else filter(os.environ.get, _VARIABLES)
        if unused := [*variables, *other_sources(section)]:
            _warn_of_unused(unused, view.profile_name)
        else:
            await _add(setup, view, view.selection)


def _is_overruled(view: ChainView) -> bool:
    """Tell whether `plugincreds exec` or `serve` has switched off the default profile's plugin."""
    from plugincreds._endpoint import is_meant_by

    is_chosen = view.profile is not None
    return is_off(asked_by_variable(view.environ)) and not is_chosen and is_meant_by(os.environ)


def _profiles_of(config: Any) -> Profiles:
    """Return the sections of all profiles, as the SDK has read them."""
    return Profiles({name: section.properties for name, section in config.profiles.items()})


async def _add(setup: Any, view: ChainView, choose: Callable[[Section], Selection]) -> None:
    """Load the chosen plugin's credentials, and end the chain with them unless it declines."""

    def load() -> Any:
        from plugincreds._bindings.smithy_identities import loaded

        return loaded(view.session(), setup.config_file, choose)

    await _end_with(setup, load)


async def _add_role(setup: Any, view: ChainView) -> None:
    """Let botocore assume the profile's role, and end the chain with its credentials."""

    def load() -> Any:
        from plugincreds._bindings.smithy_identities import loaded_role

        return loaded_role(view.session(), setup.config_file)

    await _end_with(setup, load)


async def _end_with(setup: Any, load: Callable[[], Any]) -> None:
    from plugincreds._bindings.smithy_identities import sdk_errors
    from plugincreds._lifecycle.awaiting import in_thread, settled

    with sdk_errors():
        if (resolver := await settled(in_thread(load))) is not None:
            setup.add_terminal_resolver(resolver)


def _is_one_installed() -> bool:
    from plugincreds._plugins.discovery import discovered

    return not discovered().is_empty


def _warn_of_unused(sources: list[str], profile: str) -> None:
    """Log, once, why no plugin is asked."""
    from plugincreds._registry import registry

    message = (
        "No credential plugin is asked, because the AWS SDK for Python has left out "
        f"{' and '.join(sources)} (in the profile {profile!r} or in the environment), and plugins "
        "that are not selected come after that. Complete it, install the package that the SDK "
        f"needs for it, or remove it; or select a plugin with {VARIABLE}."
    )
    registry().log_once(logging.WARNING, message)
