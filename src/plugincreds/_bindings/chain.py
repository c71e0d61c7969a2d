"""Adds plugins to a default chain, to a profile's providers, and as the source of a role.

Every chain of botocore runs this module, and most never reach a plugin. So what only a few of
them need is imported where they need it.
"""
# ruff: noqa: PLC0415

from copy import copy
from types import ModuleType
from typing import Any

from plugincreds._bindings.plugin_provider import PluginProvider
from plugincreds._bindings.sessions import (
    ROLE_METHOD,
    active_profile,
    profile_in_code,
    profiles_of,
    scope_of,
)
from plugincreds._selection import (
    Off,
    Selected,
    Selection,
    chain_selection,
    environment,
)
from plugincreds._settings import Section, asks_for_plugin, assumes_role

# An automatic plugin comes before the first of these that is in the chain.
_MACHINE_METHODS = ("container-role", "iam-role")


class Binding:
    """Adds plugins wherever one botocore looks for credentials.

    Args:
        module: The `credentials` module of that botocore.
        provider: The provider class for its chain.
    """

    def __init__(self, module: ModuleType, provider: type[PluginProvider]) -> None:
        self._module = module
        self._provider = provider

    def extend_resolver(self, resolver: Any, session: Any) -> Any:
        """Add plugins to a new default chain, and return it."""
        if scope_of(session) is None:
            _warn_of_role(session)
            _ChainPosition(self._module, self._provider, session).join(resolver)
        else:
            from plugincreds._bindings.base_sessions import extend_base_chain

            extend_base_chain(resolver, session)
        self._offer_as_source(resolver, session)
        return resolver

    def extend_profile(self, providers: list[Any], session: Any, profile: str) -> list[Any]:
        """Return a profile's providers, with the plugin that it asks for as the first."""

        def choose(section: Section) -> Selection:
            from plugincreds._bindings.profile_choice import chosen_by_profile

            return chosen_by_profile(session, section, profile)

        provider = self._provider(self._module, session, profile, choose)
        provider.of_profile = True
        return [provider, *providers]

    def _offer_as_source(self, resolver: Any, session: Any) -> None:
        """Make `credential_source = CustomPlugin` mean a plugin, for roles of this chain."""
        # botocore does not pass the profile to a credential source; the configuration has it.
        profile = _profile_of_source(session)

        def choose(section: Section) -> Selection:
            from plugincreds._bindings.profile_choice import chosen_as_source

            return chosen_as_source(session, section, profile)

        for provider in resolver.providers:
            if provider.METHOD == ROLE_METHOD:
                # There is no public way to add a source; a test pins these two names. Without
                # them, botocore raises its own error about an unknown source.
                sourcer = getattr(provider, "_credential_sourcer", None)
                sources = getattr(sourcer, "_providers", [])
                if not any(isinstance(source, PluginProvider) for source in sources):
                    sources.append(self._provider(self._module, session, profile, choose))


class _ChainPosition:
    """Keeps a provider at its place in a default chain.

    A program may set the environment variable after the chain is built. So the selected plugin is
    looked up each time the chain loads credentials, as botocore's own provider for the
    environment does. The profile is fixed when the chain is built, as botocore's own is.
    """

    def __init__(self, module: ModuleType, provider: type[PluginProvider], session: Any) -> None:
        self._profile_in_code = profile_in_code(session)
        self._chosen: Selection | None = None  # at last; only for a list that a program has made
        self._provider = provider(module, session, active_profile(session), self._choose)

    def join(self, resolver: Any) -> None:
        """Add the provider to a new chain, and move it whenever the chain loads credentials."""
        if hasattr(resolver.load_credentials, "plugincreds"):
            return  # it has been added already, through another package's wrapper
        load_credentials = self._provider.loader(lambda: self._placed(resolver))
        load_credentials.plugincreds = self._provider  # type: ignore[attr-defined]
        resolver.load_credentials = load_credentials
        self._placed(resolver)

    def _choose(self, section: Section) -> Selection:
        return chain_selection(environment(), section, profile_in_code=self._profile_in_code)

    def _placed(self, resolver: Any) -> Any:
        """Move the provider to its place, and return a chain for one load.

        Another thread may move it meanwhile, for another selection, but not in the chain returned.
        """
        chosen, providers = self._provider.chosen(), resolver.providers
        if getattr(providers, "chosen", self._chosen) != chosen:
            others = _with_provider(providers, self._provider, chosen)
            resolver.providers = providers = _Providers(others, chosen)
            self._chosen = chosen
        chain = copy(resolver)  # which may be of another class than botocore's
        chain.providers = providers
        del chain.load_credentials  # that of join(); the chain's own is in its class
        return chain


class _Providers(list[Any]):
    """The providers of a chain, and the selection that ours is in its place for."""

    def __init__(self, providers: list[Any], chosen: Selection) -> None:
        super().__init__(providers)
        self.chosen = chosen


def _with_provider(providers: list[Any], provider: PluginProvider, chosen: Selection) -> list[Any]:
    """Return a chain's providers with this one left out, as the first, or late in the chain."""
    others = [known for known in providers if known is not provider]
    if isinstance(chosen, Off):
        return others
    if isinstance(chosen, Selected):
        return [provider, *others]
    methods = [known.METHOD for known in others]
    positions = [methods.index(method) for method in _MACHINE_METHODS if method in methods]
    others.insert(min(positions, default=len(others)), provider)
    return others


def _profile_of_source(session: Any) -> str:
    """Return the profile whose `credential_source` botocore uses, if it uses one."""
    active = active_profile(session)
    if not assumes_role(profiles_of(session).get(active, {})):
        return active
    from plugincreds._profile_selection import role_source

    source = role_source(profiles_of(session), active)
    return active if source is None else source.profile


def _warn_of_role(session: Any) -> None:
    """Log, once, that botocore uses the role of the active profile, and not its plugin."""
    section = profiles_of(session).get(active_profile(session), {})
    if assumes_role(section) and asks_for_plugin(section):
        from plugincreds._bindings.profile_choice import warn_of_role

        warn_of_role(session)
