"""Where plugins stand: in a default chain, behind a profile, and as the source of a role."""

import logging
import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from plugincreds._bindings._base_sessions import is_of_source, passed_over
from plugincreds._bindings.botocore import PluginProvider, active_profile, profiles_of
from plugincreds._errors import PluginError, described
from plugincreds._roles import assumes_role, role_leads_to, role_source
from plugincreds._selection import (
    Automatic,
    Off,
    Selected,
    Selection,
    asks_for_plugin,
    chain_selection,
    profile_selection,
    source_selection,
)
from plugincreds._settings import PLUGIN_KEY, Section

logger = logging.getLogger("plugincreds")

# An automatic plugin stands before the first of these that is in the chain.
_MACHINE_METHODS = ("container-role", "iam-role")
_ROLE_METHOD = "assume-role"


class Binding:
    """Puts plugins where one botocore looks for credentials.

    Args:
        module: The `credentials` module of that botocore.
        provider: The class of provider that its chain takes.
    """

    def __init__(self, module: ModuleType, provider: type[PluginProvider]) -> None:
        self._module = module
        self._provider = provider

    def extend_resolver(self, resolver: Any, session: Any) -> Any:
        """Put plugins into a new default chain.

        Raises:
            PluginError: A plugin is selected, but this botocore is not as we know it.
        """
        try:
            over = passed_over(session)
            _warn_of_role(session)
            if over is None:
                _Place(self._module, self._provider, session).join(resolver)
            else:
                _leave_out_role(resolver, session, over)
            self._offer_as_source(resolver, session)
        except Exception as error:
            chosen = chain_selection(os.environ, {}, profile_in_code=False)
            message = f"This botocore's credential chain is not as expected ({described(error)})"
            if isinstance(chosen, Selected):
                message = (
                    f"{message}, so {chosen.asked_by} cannot be honoured. Upgrade plugincreds."
                )
                raise PluginError(message, plugin=chosen.name) from error
            logger.warning("%s, so credential plugins are not used. Upgrade plugincreds.", message)
        return resolver

    def extend_profile(self, providers: list[Any], session: Any, profile: str) -> list[Any]:
        """Return a profile's providers, with the plugin first that the profile asks for."""
        if not asks_for_plugin(profiles_of(session).get(profile, {})):
            return providers

        def choose(section: Section) -> Selection:
            chosen = profile_selection(os.environ, section, profile)
            return _unless_in_base_session(session, chosen)

        return [self._provider(self._module, session, profile, choose), *providers]

    def _offer_as_source(self, resolver: Any, session: Any) -> None:
        """Let `credential_source = CustomPlugin` mean a plugin, for roles of this chain."""
        # A profile's name is not told to a credential source, but the configuration has it.
        active = active_profile(session)
        source = role_source(profiles_of(session), active)
        profile = active if source is None else source.profile

        def choose(section: Section) -> Selection:
            chosen = source_selection(os.environ, section, profile)
            return _unless_in_base_session(session, chosen)

        for provider in resolver.providers:
            if provider.METHOD == _ROLE_METHOD:
                # There is no public way in; a test pins these two names. Without them botocore
                # itself says that it knows no such source.
                sourcer = getattr(provider, "_credential_sourcer", None)
                sources = getattr(sourcer, "_providers", [])
                if not any(isinstance(source, PluginProvider) for source in sources):
                    sources.append(self._provider(self._module, session, profile, choose))


class _Place:
    """Keeps a provider where it belongs in a default chain.

    botocore's own provider reads the environment's keys when it loads, so who asks for a
    plugin is looked up then, too: a program may set the variable after the chain is built.
    The profile is that of the moment when the chain is built, as botocore's own is.
    """

    def __init__(self, module: ModuleType, provider: type[PluginProvider], session: Any) -> None:
        self._profile_in_code = session.instance_variables().get("profile") is not None
        self._chosen: Selection = Off()
        profile = active_profile(session)
        self._provider = provider(module, session, profile, lambda _: self._chosen)

    def join(self, resolver: Any) -> None:
        """Stand in a new chain, and be in the right place whenever it loads credentials."""
        upstream = resolver.load_credentials
        if hasattr(upstream, "plugincreds"):
            return  # somebody else's wrapper has called ours before

        def load_credentials() -> Any:
            self._take(resolver)
            return upstream()

        self._take(resolver)
        load_credentials.plugincreds = self._provider  # type: ignore[attr-defined]
        resolver.load_credentials = load_credentials

    def _take(self, resolver: Any) -> None:
        section = self._provider.section()
        chosen = chain_selection(os.environ, section, profile_in_code=self._profile_in_code)
        if chosen != self._chosen:
            # A new list: another thread may be walking the old one.
            resolver.providers = _with_provider(resolver.providers, self._provider, chosen)
            self._chosen = chosen


def _with_provider(providers: list[Any], provider: PluginProvider, chosen: Selection) -> list[Any]:
    """Return a chain with the provider where it belongs: nowhere, first, or late."""
    others = [known for known in providers if known is not provider]
    if isinstance(chosen, Off):
        return others
    if isinstance(chosen, Selected):
        return [provider, *others]
    methods = [known.METHOD for known in others]
    places = [methods.index(method) for method in _MACHINE_METHODS if method in methods]
    others.insert(min(places, default=len(others)), provider)
    return others


def _leave_out_role(resolver: Any, session: Any, plugins: frozenset[str]) -> None:
    """Take the role out of a base session's chain that needs the plugin which uses it."""
    profiles: Mapping[str, Section] = profiles_of(session)
    if is_of_source(session) or role_leads_to(
        plugins, os.environ, profiles, active_profile(session)
    ):
        resolver.providers = [
            provider for provider in resolver.providers if provider.METHOD != _ROLE_METHOD
        ]


def _warn_of_role(session: Any) -> None:
    """Tell, once, that botocore looks at the role of the active profile, and not at its plugin."""
    profiles, profile = profiles_of(session), active_profile(session)
    section = profiles.get(profile, {})
    if assumes_role(section) and asks_for_plugin(section):
        source = role_source(profiles, profile)
        if source is not None and source.profile != profile:
            message = (
                f"The profile {profile!r} has {PLUGIN_KEY} beside role_arn and source_profile, so "
                f"botocore assumes the role with the profile {source.profile!r}, and that plugin "
                f"is not used. Put {PLUGIN_KEY} into the source profile, or remove one of them."
            )
            from plugincreds._source import registry  # noqa: PLC0415 - for this rare case alone

            registry().say_once(logging.WARNING, message)


def _unless_in_base_session(session: Any, chosen: Selection) -> Selection:
    """Return what is chosen; in a base session nothing, if the plugin may be passed over.

    Raises:
        PluginError: It may not: it is not the one that is being retrieved from.
    """
    over = passed_over(session)
    if over is None or isinstance(chosen, Off):
        return chosen
    if (isinstance(chosen, Automatic) and over) or (
        isinstance(chosen, Selected) and chosen.name in over
    ):
        return Off()
    plugin = chosen.name if isinstance(chosen, Selected) else None
    message = (
        f"{chosen.asked_by} asks for "
        f"{'a credential plugin' if plugin is None else f'the credential plugin {plugin!r}'} in a "
        "base session, which has no plugins. Use a session of your own outside of plugins; in a "
        "plugin, use a profile that asks for none."
    )
    raise PluginError(message, plugin=plugin)
