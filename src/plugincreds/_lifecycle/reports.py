"""The errors and log messages of one source: its plugin fails, is slow or contradicts itself."""

import logging
from collections.abc import Hashable

from plugincreds._errors import NonRecoverableError, PluginError
from plugincreds._lifecycle.causes import traceback_text, without_frames
from plugincreds._lifecycle.policy import HARD_BACKOFF, Failure, State
from plugincreds._redaction import hint_of
from plugincreds._reentrancy import (
    InProgress,
    may_wait_for_us,
    own_call_error,
    refuse,
    was_started_in,
)
from plugincreds._settings import OFF, VARIABLE

logger = logging.getLogger("plugincreds")


class Reporter:
    """Words failures and warnings about one plugin.

    Args:
        label: The plugin's name in messages, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.

    Attributes:
        is_asked_for: Whether the plugin is selected, so that switching plugins off would only
            lead to another error.
        was_slow: Whether the last answer of `is_expired()` that was timed has taken long.
    """

    def __init__(
        self, label: str, plugin: str | None = None, distribution: str | None = None
    ) -> None:
        self.label = label
        self.plugin = plugin
        self.distribution = distribution
        self.is_asked_for = False
        self.was_slow = False
        self._warned: dict[str, object] = {}  # a dict, because setdefault() is one atomic step

    def failure(
        self,
        found: str,
        *,
        cause: BaseException | None = None,
        hint: str | None = None,
        advice: str = "Fix this and try again.",
    ) -> Failure:
        """Return a failure, and log the traceback of its cause at DEBUG.

        Args:
            found: What went wrong, as a part of a sentence.
            cause: What the plugin raised. Its hint replaces the advice.
            hint: The hint, where another process has it from its plugin.
            advice: What the reader can do, as a sentence.
        """
        if cause is not None and logger.isEnabledFor(logging.DEBUG):
            # As text: a log handler may keep the record, and so all frames.
            logger.debug("%s: %s\n%s", self.label, found, traceback_text(cause))
        hint = hint or hint_of(cause) or None
        if hint:
            advice = _what_to_do(hint)
        elif cause is not None and not issubclass(type(cause), NonRecoverableError):
            # Its text often says nothing to the reader, as "HTTP Error 500" does.
            seconds = HARD_BACKOFF[1]
            advice = f"Fix this, or wait: the next request after {seconds:.0f} s calls it again."
        message = f"{self.label} gave no credentials: {found}. {advice}"
        if self.plugin is not None:
            message = f"{message} No other credentials are used instead."
            if not self.is_asked_for:
                message = f"{message} To do without plugins, set {VARIABLE}={OFF}."
        return Failure(
            message,
            None if cause is None else without_frames(cause),
            raised=cause,
            plugin=self.plugin,
            distribution=self.distribution,
            found=found,
            hint=hint,
        )

    def decline(self, reason: str, *, is_first: bool) -> Failure:
        """Return the failure for a plugin that declined; the reason may be empty.

        Args:
            reason: Why, in the plugin's words.
            is_first: Whether there are no credentials yet. Else this is a failed refresh: the chain
                does not go on to another identity.
        """
        failure = self.failure(f"it declined: {reason}" if reason else "it declined")
        failure.declined, failure.reason = is_first, reason or None
        return failure

    def timed_out(self, limit: float) -> Failure:
        """Return the failure of a retrieval that goes on, but is not waited for any longer."""
        found = f"its retrieve() has taken longer than {limit:g} s"
        return self.failure(found, advice="It still runs, and what it returns later is used.")

    def not_called(self, found: str) -> PluginError:
        """Return the error for a plugin that is not even called."""
        message = f"{self.label} is not called: {found}."
        return PluginError(message, plugin=self.plugin, distribution=self.distribution)

    def own_call(self) -> PluginError:
        """Return the error for a plugin that asks for its own credentials."""
        return own_call_error(self.label, self.plugin, self.distribution)

    def refused(self) -> PluginError:
        """Return that error for code in the thread of the plugin's call, and remember it."""
        refuse()
        return self.own_call()

    def circle(self) -> PluginError:
        """Return the error for a plugin that would wait for one that waits for it."""
        message = (
            f"{self.label} needs the credentials of a plugin that waits for it in turn. Plugins "
            "must not need each other's credentials in a circle: use context.session or "
            "plugincreds.base_session() there."
        )
        return PluginError(message, plugin=self.plugin, distribution=self.distribution)

    def refuse_wait(self, running: InProgress, key: Hashable) -> None:
        """Raise the error for code that has waited long, if the plugin may be waiting for it.

        Args:
            running: Returns the calls that are waited for.
            key: The source key of the plugin's call.

        Raises:
            PluginError: One of these calls has led to the running code.
        """
        if may_wait_for_us(running):
            raise self.own_call() if was_started_in(key) else self.circle()

    def warn_of_stale_credentials(self, state: State, now: float) -> None:
        """Log that a refresh failed, if the stale credentials are still used."""
        if state.failure is None or state.is_hard or state.value is None:
            return
        expiry = state.value.expiry_time
        until = f" until {expiry:%Y-%m-%d %H:%M:%S %Z}" if expiry else ""
        logger.warning(
            "%s could not refresh its credentials: %s. The current ones are used%s; "
            "the next attempt is in %.0f s.%s",
            self.label,
            state.failure.found,
            until,
            state.retry_at - now,
            f" {_what_to_do(state.failure.hint)}" if state.failure.hint else "",
        )

    def warn_of_wait(self, seconds: float) -> None:
        """Log, once, which plugin the program is waiting for."""
        self._warn_of_wait("retrieving credentials", seconds)

    def warn_of_loading(self, seconds: float) -> None:
        """Do so for its import or its getter."""
        self._warn_of_wait("loading", seconds)

    def _warn_of_wait(self, doing: str, seconds: float) -> None:
        self._warn_once(
            f"{self.label} has been {doing} for {seconds:.0f} s, and the program waits for it. "
            "Perhaps it waits for user input, or for a thread of its own that asks for these "
            "credentials: such a thread must use context.session or plugincreds.base_session()."
        )

    def warn_of_slow_answer(self, seconds: float) -> None:
        """Log, once, that is_expired() blocks."""
        self._warn_once(
            f"{self.label} slows down the program: its is_expired() has twice taken longer than "
            f"{seconds * 1000:.0f} ms. It is called before each request and must not block."
        )

    def warn_of_expired_answer(self) -> None:
        """Log, once, that new credentials are reported as expired."""
        self._warn_once(
            f"{self.label} reports its credentials as expired right after it has given new ones, "
            "so its retrieve() is called for every request. Its is_expired() is wrong, or its "
            "source gives expired credentials."
        )

    def _warn_once(self, message: str) -> None:
        mine = object()
        if self._warned.setdefault(message, mine) is mine:
            logger.warning(message)


def _what_to_do(hint: str) -> str:
    return f"What to do: {hint}."
