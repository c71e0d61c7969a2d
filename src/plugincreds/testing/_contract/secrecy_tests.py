"""The contract of secrets: the plugin shows them nowhere."""

from typing import ClassVar

import pytest

from plugincreds import Declined, PluginError, Value
from plugincreds.testing._contract.hooks import Hooks
from plugincreds.testing._contract.secrets import (
    Secrets,
    Texts,
    everything_shown,
    shown_by,
    shown_by_error,
)
from plugincreds.testing._contract.subject import (
    DECLINE_TEST,
    VALUE_TEST,
    OpenedPlugin,
    refer_to,
)


class SecrecyTests(Hooks):
    """The keys and the token are never shown."""

    # A plugin cannot change what these log: botocore logs the answers of STS at DEBUG.
    foreign_loggers: ClassVar[tuple[str, ...]] = ("botocore",)

    def test_no_secret_in_repr(self, plugin_ready: OpenedPlugin) -> None:
        """Debuggers and error reporters show the plugin."""
        answer = self._used(plugin_ready)
        functions = plugin_ready.functions
        things: dict[str, object] = {
            "the plugin": plugin_ready.answer,
            "retrieve": functions.retrieve,
            "is_expired": functions.is_expired,
        }
        if isinstance(answer, Value):  # a tuple or a mapping shows what it holds
            things["the value"] = answer
        texts = [(f"The repr of {what}", shown_by(thing)) for what, thing in things.items()]
        self._judge(texts, "give the class a __repr__ and a __str__ without them")

    def test_no_secret_is_logged(self, plugin_ready: OpenedPlugin) -> None:
        """Logs are kept, and others read them; one day, DEBUG is switched on."""
        with everything_shown():
            self._used(plugin_ready)
        texts = self._output.logged(self.foreign_loggers)
        self._judge(texts, "log what happened, without any part of the credentials")

    def test_no_secret_is_warned_of(self, plugin_ready: OpenedPlugin) -> None:
        """Warnings go to stderr."""
        with everything_shown():
            self._used(plugin_ready)
        advice = "warn of what happened, without any part of the credentials"
        self._judge(self._output.warned(), advice)

    def test_no_secret_is_printed(self, plugin_ready: OpenedPlugin) -> None:
        """Stdout and stderr belong to the program, and are often kept."""
        self._used(plugin_ready)
        self._judge(self._output.printed(), "do not print")

    def test_no_secret_in_an_error(self, plugin_used: OpenedPlugin, failing: object) -> None:
        """Users paste errors into tickets, and what is logged and printed beside them."""
        self._secrets.add_from_failing(failing)
        again = self._open_or_skip("test_failure_is_an_exception")
        texts: Texts = []
        with everything_shown():
            for each in (plugin_used, again):
                texts += shown_by_error(self._call_retrieve(each)[1])
        advice = "raise an error of your own (from None, if the other one holds a secret)"
        self._judge(texts, advice)
        # Other tests search the output for the keys.
        texts = [*self._output.logged(self.foreign_loggers), *self._output.warned()]
        texts += self._output.printed()
        only_these = Secrets()
        only_these.add_from_failing(failing)
        self._judge(texts, "log, warn of and print no secret when retrieve() fails", only_these)

    @pytest.mark.usefixtures("plugin_used")
    def test_no_secret_in_a_reason(self, unconfigured: object) -> None:
        """Why a plugin declines stands in logs, in errors and in what doctor prints."""
        self._use_options(unconfigured)
        try:
            opened = self._open()
        except PluginError:
            refer_to(DECLINE_TEST)
        answer = self._decline if opened is None else self._call_retrieve(opened)[0]
        reason = answer.reason if isinstance(answer, Declined) else ""
        advice = "name what is missing, such as an option, and show no value"
        self._judge([("the reason for declining", reason)], advice)

    @pytest.fixture
    def plugin_used(self, plugin_ready: OpenedPlugin) -> OpenedPlugin:
        """Return the plugin after programs have used it, and before it fails."""
        self._used(plugin_ready)
        return plugin_ready

    def _used(self, opened: OpenedPlugin) -> object:
        """Do what programs do, with a new plugin and with this one; return its last answer."""
        answer: object = None
        for each in (self._open_or_skip(), opened):
            result = self._retrieve(each)
            if result.value is None:
                refer_to(VALUE_TEST)
            answer = result.answer
            self._ask_is_expired(each)
        return answer

    def _judge(self, texts: Texts, advice: str, secrets: Secrets | None = None) -> None:
        if self._secrets.are_too_short:
            pytest.skip(
                "The plugin's keys are too short to be found in a text. Let the fixture "
                "configured give it keys of 8 characters or more"
            )
        for where, text in texts:
            kind = (secrets or self._secrets).kind_in(text)
            if kind:
                self._broken(
                    f"{where[:1].upper()}{where[1:]} shows the {kind}",
                    "a plugin never shows the secret key, the token, or the whole access key",
                    advice,
                )
