"""What people are told when a plugin fails, is slow or contradicts itself."""

import logging

from plugincreds._errors import NonRecoverableError
from plugincreds._lifecycle.policy import Failure, State
from plugincreds._redaction import shown
from plugincreds._settings import OFF, VARIABLE

logger = logging.getLogger("plugincreds")


class Reporter:
    """Words failures and warnings about one plugin.

    Args:
        label: What messages call the plugin, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.

    Attributes:
        is_asked_for: Whether somebody asks for the plugin, so that switching plugins off would
            be an error in its turn.
    """

    def __init__(
        self, label: str, plugin: str | None = None, distribution: str | None = None
    ) -> None:
        self.label = label
        self.plugin = plugin
        self.distribution = distribution
        self.is_asked_for = False
        self._said: dict[str, object] = {}

    def failure(
        self, found: str, *, cause: Exception | None = None, declined: bool = False
    ) -> Failure:
        """Return a failure; `found` is what went wrong, as a part of a sentence."""
        hint = _hint_of(cause)
        advice = f"What to do: {hint}." if hint else "Mend the cause."
        message = f"{self.label} gave no credentials: {found}. {advice}"
        if self.plugin is not None:
            message = f"{message} No other credentials are used instead."
            if not self.is_asked_for:
                message = f"{message} To do without plugins, set {VARIABLE}={OFF}."
        return Failure(
            message,
            cause,
            plugin=self.plugin,
            distribution=self.distribution,
            declined=declined,
            found=found,
            hint=hint,
        )

    def warn_if_served_on(self, state: State, now: float) -> None:
        """Tell that a refresh failed, if nobody is told by an error."""
        if state.failure is None or state.is_hard or state.value is None:
            return
        expiry = state.value.expiry_time
        until = f" until {expiry:%Y-%m-%d %H:%M:%S %Z}" if expiry else ""
        logger.warning(
            "%s could not renew its credentials: %s. Those at hand are used%s; "
            "the next attempt is in %.0f s.",
            self.label,
            state.failure.found,
            until,
            state.retry_at - now,
        )

    def warn_of_wait(self, seconds: float) -> None:
        """Tell, once, whom the program is waiting for."""
        self._warn_once(
            f"{self.label} has been retrieving credentials for {seconds:.0f} s, and the program "
            "waits for it. Perhaps it waits for a person, or for a thread of its own that asks "
            "for these credentials: such a thread must use context.session or "
            "plugincreds.base_session()."
        )

    def warn_of_slow_answer(self, seconds: float) -> None:
        """Tell, once, that is_expired() blocks."""
        self._warn_once(
            f"{self.label} slows the program: its is_expired() has taken longer than "
            f"{seconds * 1000:.0f} ms. It is asked before each request and must not block."
        )

    def warn_of_exit(self) -> None:
        """Tell who ends the program."""
        logger.warning("%s ends the program: its retrieve() raised SystemExit.", self.label)

    def warn_of_expired_answer(self) -> None:
        """Tell, once, that a value is given up as soon as it is there."""
        self._warn_once(
            f"{self.label} says that its credentials are expired right after it has given new "
            "ones, so it is asked for every request. Its is_expired() is wrong, or its source "
            "gives credentials that are expired."
        )

    def _warn_once(self, message: str) -> None:
        mine = object()
        if self._said.setdefault(message, mine) is mine:
            logger.warning(message)


def _hint_of(cause: Exception | None) -> str | None:
    if not isinstance(cause, NonRecoverableError):
        return None
    try:
        return shown(str(cause.hint)) if cause.hint else None
    except Exception:  # noqa: BLE001 - the text of somebody else's exception, just for a message
        return None
