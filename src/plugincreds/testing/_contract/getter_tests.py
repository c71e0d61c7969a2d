"""What the contract says of the getter, of declining, and of `cache_key()`."""

import pytest

from plugincreds._contract import Value
from plugincreds._errors import PluginError
from plugincreds.testing._contract.hooks import GETTER_TEST, VALUE_TEST, Hooks
from plugincreds.testing._contract.probes import (
    SLOW,
    code_noted,
    code_of,
    network_blocked,
    shortest,
)
from plugincreds.testing._contract.subject import Opened, not_asked, raised, sentence

_PLUGIN = "a getter returns the pair (retrieve, is_expired), an object with both, or None"
_KEY = "cache_key() is the same str as long as the identity is the same"
_KEY_ADVICE = "make it of what decides whose credentials these are: a server, a role, a file"


class GetterTests(Hooks):
    """The getter, and what the plugin says of itself."""

    def test_getter_returns_a_plugin(self, configured: object) -> None:
        """The getter is found, and returns the pair, an object, or None to decline."""
        del configured
        try:
            opened = self._open()
        except PluginError as error:
            self._broken(sentence(error), _PLUGIN, "mend the getter, or correct where it is")
        if opened is None:
            self._broken(
                "The getter returned None: the plugin is not configured here",
                "None means that the chain goes on without it",
                "set up in the fixture configured what the plugin needs",
            )

    def test_getter_only_looks_at_the_configuration(self, plugin_opened: Opened) -> None:
        """Every session calls it, also one that uses another plugin."""
        wanted = "a getter is cheap and retrieves nothing: every session calls it"

        def opened_and_codes() -> tuple[object, set[object]]:
            with code_noted() as codes:
                opened = self._open_here()
            return opened, {*codes}

        with network_blocked() as tried:
            try:
                opened, codes = self._of_getter(opened_and_codes)
            except PluginError:  # perhaps because the network was refused
                opened, codes = plugin_opened, set()
        if tried:
            self._broken(f"The getter used {tried[0]}()", wanted, "do that in retrieve()")
        if opened is not None and code_of(opened.functions.retrieve) in codes - {None}:
            self._broken("The getter called retrieve()", wanted, "leave that to plugincreds")
        took = self._of_getter(lambda: shortest(self._open_here))
        if took > SLOW:
            found = f"The getter takes {took * 1000:.0f} ms at best, more than {SLOW * 1000:.0f}"
            self._broken(found, wanted, "do the work in retrieve()")

    def test_declines_where_it_is_not_configured(
        self, plugin_opened: Opened, unconfigured: object
    ) -> None:
        """A program that has the plugin installed and does not use it works as without it."""
        del plugin_opened, unconfigured
        wanted = "where it is not configured, the getter or retrieve() returns None"
        try:
            opened = self._open()
        except PluginError as error:
            self._broken(sentence(error), wanted, "return None instead")
        if opened is None:
            return
        attempt = self._retrieved(opened)
        if attempt.failure is None:
            self._broken(
                "It gave credentials",
                wanted,
                "return None there, or see that the fixture unconfigured takes away what it needs",
            )
        if not attempt.failure.declined:
            found = f"Where it is not configured, {attempt.failure.found}"
            self._broken(found, wanted, "return None instead")

    def test_cache_key_is_stable(self, plugin_opened: Opened) -> None:
        """It decides which sessions share a value, before and after `retrieve()`."""
        before = self._key_of(plugin_opened)
        if self._retrieved(plugin_opened).value is None:
            not_asked(VALUE_TEST)
        try:
            again = self._open() or not_asked(GETTER_TEST)
        except PluginError as error:
            self._broken(sentence(error), _KEY, _KEY_ADVICE)
        if self._answer_of(plugin_opened) != before:
            self._broken("cache_key() has changed with retrieve()", _KEY, _KEY_ADVICE)
        if again.functions.cache_key != before:
            found = "Two plugins of one getter have different cache keys"
            self._broken(found, _KEY, _KEY_ADVICE)

    def test_cache_key_holds_no_secret(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """It is kept, and may become the name of a file."""
        del plugin_value  # its secrets are known now
        for key in (self._key_of(plugin_opened), self._answer_of(plugin_opened)):
            kind = self._secrets.kind_in(str(key))
            if kind:
                self._broken(
                    f"cache_key() holds the {kind}",
                    "it says whose credentials these are, without any part of them",
                    "use the names of a server, a role or a file",
                )

    def _key_of(self, opened: Opened) -> str:
        if opened.functions.cache_key is None:
            pytest.skip(
                "The plugin has no cache_key(): a process has one identity of it, and processes "
                "do not share its values. Add one if that is too little"
            )
        return opened.functions.cache_key

    def _answer_of(self, opened: Opened) -> object:
        plugin: object = opened.answer
        answer, error = self._call("cache_key()", lambda: plugin.cache_key())  # type: ignore[attr-defined] # noqa: PLW0108 - _key_of has looked
        if error is not None:
            self._broken(f"cache_key() raised {raised(error)}", _KEY, _KEY_ADVICE)
        return answer
