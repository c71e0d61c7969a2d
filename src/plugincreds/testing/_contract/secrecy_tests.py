"""What the contract says of secrets: nobody sees them, on no path."""

# ruff: noqa: ARG002 - a test that takes plugin_value is skipped where there is none

from typing import ClassVar

import pytest

from plugincreds._contract import Value
from plugincreds.testing._contract.hooks import GETTER_TEST, VALUE_TEST, Hooks
from plugincreds.testing._contract.secrets import (
    Texts,
    Witness,
    everything_shown,
    of_error,
    of_thing,
)
from plugincreds.testing._contract.subject import Opened, Recording, not_asked


class SecrecyTests(Hooks):
    """The keys and the token of a value are never shown."""

    # Which the plugin cannot mend: botocore logs the answers of STS at DEBUG.
    foreign_loggers: ClassVar[tuple[str, ...]] = ("botocore",)

    def test_no_secret_in_repr(self, plugin_opened: Opened, plugin_value: Value) -> None:
        """Debuggers and error reporters show the plugin."""
        answer = self._used(plugin_opened)
        functions = plugin_opened.functions
        things: dict[str, object] = {
            "the plugin": plugin_opened.answer,
            "retrieve": functions.retrieve,
            "is_expired": functions.is_expired,
        }
        if isinstance(answer, Value):  # a tuple or a mapping shows what it holds
            things["the value"] = answer
        texts = [(f"The repr of {what}", of_thing(thing)) for what, thing in things.items()]
        self._judge(texts, "give the class a __repr__ and a __str__ without them")

    def test_no_secret_is_logged(
        self, plugin_opened: Opened, plugin_value: Value, plugin_witness: Witness
    ) -> None:
        """Logs are kept, and read by others; DEBUG is switched on one day."""
        with everything_shown():
            self._used(plugin_opened)
        texts = plugin_witness.logged(self.foreign_loggers)
        self._judge(texts, "log what happened, and no part of a value")

    def test_no_secret_is_warned_of(
        self, plugin_opened: Opened, plugin_value: Value, plugin_witness: Witness
    ) -> None:
        """Warnings go to stderr."""
        with everything_shown():
            self._used(plugin_opened)
        self._judge(plugin_witness.warned(), "warn of what happened, and of no part of a value")

    def test_no_secret_is_printed(
        self, plugin_opened: Opened, plugin_value: Value, plugin_witness: Witness
    ) -> None:
        """What a program prints is its own, and is often kept."""
        self._used(plugin_opened)
        self._judge(plugin_witness.printed(), "do not print")

    def test_no_secret_in_an_error(self, plugin_used: Opened, failing: object) -> None:
        """People see errors, and paste them into tickets."""
        self._secrets.add_given(failing)
        again = self._reopened("test_failure_is_an_exception")
        texts: Texts = []
        for each in (plugin_used, again):
            _, error = self._call("retrieve()", Recording(each.functions.retrieve))
            texts += of_error(error)
        advice = "raise an error of your own (from None, if the other one holds a secret)"
        self._judge(texts, advice)

    @pytest.fixture
    def plugin_used(self, plugin_opened: Opened, plugin_value: Value) -> Opened:
        """Return a plugin that has given values before it fails."""
        self._used(plugin_opened)
        return plugin_opened

    def _used(self, opened: Opened) -> object:
        """Do with a plugin, and with a new one, what programs do; return the last answer."""
        answer: object = None
        for each in (self._reopened(GETTER_TEST), opened):
            attempt = self._retrieved(each)
            if attempt.value is None:
                not_asked(VALUE_TEST)
            answer = attempt.answer
            self._call("is_expired()", each.functions.is_expired)
        return answer

    def _judge(self, texts: Texts, advice: str) -> None:
        if self._secrets.are_too_short:
            pytest.skip(
                "The plugin's keys are too short to be found in a text. Let the fixture "
                "configured give it keys of 8 letters or more"
            )
        for where, text in texts:
            kind = self._secrets.kind_in(text)
            if kind:
                self._broken(
                    f"{where[:1].upper()}{where[1:]} shows the {kind}",
                    "nobody sees the secret key, the token, or the access key in full",
                    advice,
                )
