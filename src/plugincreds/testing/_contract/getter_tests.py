"""The contract of the getter, of declining, and of `cache_key()`."""

import pytest

from plugincreds import PluginError
from plugincreds.testing._contract.hooks import Hooks
from plugincreds.testing._contract.probes import (
    SLOW,
    code_of,
    code_recorded,
    fastest,
    network_blocked,
)
from plugincreds.testing._contract.subject import (
    GETTER_TEST,
    OpenedPlugin,
    because,
    raised,
    refer_to,
    sentence,
)

_PLUGIN = "a getter returns the pair (retrieve, is_expired), an object with both, or declines"
_CHEAP = "a getter is cheap and retrieves nothing, because every session calls it"
_DECLINES = "without its configuration, the getter or retrieve() declines"
_DECLINE = "return plugincreds.Declined(reason), or None,"
_KEY = "cache_key() returns the same str as long as the identity is the same"
_KEY_ADVICE = "make it of what decides whose credentials these are: a server, a role, a file"


class GetterTests(Hooks):
    """The getter, and how the plugin identifies itself."""

    @pytest.mark.usefixtures("configured")
    def test_getter_returns_a_plugin(self) -> None:
        """The getter is found, and returns the pair or an object."""
        try:
            opened = self._open()
        except PluginError as error:
            self._broken(sentence(error), _PLUGIN, "correct the getter, or where it is")
        if opened is None:
            self._broken(
                f"The getter declined{because(self._decline) or ': it is not configured here'}",
                "a getter declines where its plugin is not configured",
                "let the fixture configured set up what the plugin needs",
            )

    def test_getter_only_looks_at_the_configuration(self, plugin_opened: OpenedPlugin) -> None:
        """Every session calls it, even one that uses another plugin."""

        def opened_and_codes() -> tuple[object, set[object]]:
            with code_recorded() as codes:
                opened = self._open_here()
            return opened, {*codes}

        with network_blocked() as tried:
            try:
                opened, codes = self._call_getter(opened_and_codes)
            except PluginError:  # perhaps because the network was refused
                opened, codes = plugin_opened, set()
        if tried:
            self._broken(f"The getter used {tried[0]}()", _CHEAP, "do that in retrieve()")
        if opened is not None and code_of(opened.functions.retrieve) in codes - {None}:
            self._broken("The getter called retrieve()", _CHEAP, "leave that call to plugincreds")
        took = self._call_getter(lambda: fastest(self._open_here))
        if took > SLOW:
            found = f"The getter takes {took * 1000:.0f} ms at best, more than {SLOW * 1000:.0f} ms"
            self._broken(found, _CHEAP, "do the work in retrieve()")

    @pytest.mark.usefixtures("plugin_opened")
    def test_declines_where_it_is_not_configured(self, unconfigured: object) -> None:
        """A program that does not use an installed plugin works as without it."""
        self._use_options(unconfigured)
        try:
            opened = self._open()
        except PluginError as error:
            self._broken(sentence(error), _DECLINES, f"{_DECLINE} instead")
        if opened is None:
            return
        result = self._retrieve(opened)
        if result.value is not None:
            self._broken(
                "Without its configuration, the plugin gave credentials",
                _DECLINES,
                f"{_DECLINE} there, or let the fixture unconfigured remove what the plugin needs, "
                "or return the options with which it declines",
            )
        if not result.declined:
            found = f"Without its configuration, retrieve() did not decline: {result.fault}"
            self._broken(found, _DECLINES, f"{_DECLINE} instead")

    def test_cache_key_is_stable(self, plugin_opened: OpenedPlugin) -> None:
        """It decides which sessions share credentials, before and after `retrieve()`."""
        before = self._key_of(plugin_opened)
        self._value_or_skip(plugin_opened)
        try:
            again = self._open() or refer_to(GETTER_TEST)
        except PluginError as error:
            self._broken(sentence(error), _KEY, _KEY_ADVICE)
        if self._call_cache_key(plugin_opened) != before:
            self._broken("cache_key() has changed with retrieve()", _KEY, _KEY_ADVICE)
        if again.functions.cache_key != before:
            found = "Two plugins of one getter have different cache keys"
            self._broken(found, _KEY, _KEY_ADVICE)

    def test_cache_key_holds_no_secret(self, plugin_ready: OpenedPlugin) -> None:
        """It is kept, and may become the name of a file."""
        for key in (self._key_of(plugin_ready), self._call_cache_key(plugin_ready)):
            kind = self._secrets.kind_in(str(key))
            if kind:
                self._broken(
                    f"cache_key() holds the {kind}",
                    "it says whose credentials these are, without any part of them",
                    "use the names of a server, a role or a file",
                )

    def _key_of(self, opened: OpenedPlugin) -> str:
        if opened.functions.cache_key is None:
            pytest.skip(
                "The plugin has no cache_key(), so each process has one identity of it, and "
                "processes do not share its credentials. Add one if you need more"
            )
        return opened.functions.cache_key

    def _call_cache_key(self, opened: OpenedPlugin) -> object:
        plugin: object = opened.answer
        answer, error = self._call("cache_key()", lambda: plugin.cache_key())  # type: ignore[attr-defined] # noqa: PLW0108 - _key_of has looked
        if error is not None:
            self._broken(f"cache_key() raised {raised(error)}", _KEY, _KEY_ADVICE)
        return answer
