"""The errors and log messages of one source: its plugin fails, is slow or contradicts itself."""

import logging
from collections.abc import Hashable

from plugincreds._errors import NonRecoverableError, PluginError
from plugincreds._lifecycle.policy import Failure, State
from plugincreds._redaction import shown
from plugincreds._reentrancy import is_in_another_call, own_call_error, refused, was_started_in
from plugincreds._settings import OFF, VARIABLE

logger = logging.getLogger("plugincreds")

_RETRIEVING = "retrieving credentials"


class Reporter:
    """Words failures and warnings about one plugin.

    Args:
        label: The plugin's name in messages, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.

    Attributes:
        is_asked_for: Whether the plugin is selected, so that switching plugins off would only
            lead to another error.
    """

    def __init__(
        self, label: str, plugin: str | None = None, distribution: str | None = None
    ) -> None:
        self.label = label
        self.plugin = plugin
        self.distribution = distribution
        self.is_asked_for = False
        self._warned: dict[str, object] = {}  # a dict, because setdefault() is one atomic step

    def failure(
        self, found: str, *, cause: Exception | None = None, declined: bool = False
    ) -> Failure:
        """Return a failure; `found` is what went wrong, as a part of a sentence."""
        hint = _hint_of(cause)
        advice = f"What to do: {hint}." if hint else "Fix this and try again."
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

    def no_thread(self, error: Exception) -> Failure:
        """Return the failure where no thread could be started for a call."""
        return self.failure(f"no thread could be started for it: {error}", cause=error)

    def refused(self) -> PluginError:
        """Return the error for code in the thread of the plugin's call, and remember it."""
        return refused(self.label, self.plugin, self.distribution)

    def refuse_wait(self, key: Hashable, seconds: float, doing: str = _RETRIEVING) -> None:
        """Refuse to wait any longer if the plugin may be waiting for the running code.

        Args:
            key: The source key of the call that is waited for.
            seconds: How long that has been going on.
            doing: What the plugin does.

        Raises:
            PluginError: That call has led to the running code, or another plugin has.
        """
        if was_started_in(key):
            raise own_call_error(self.label, self.plugin, self.distribution)
        if is_in_another_call(key):
            message = (
                f"{self.label} has been {doing} for {seconds:.0f} s, and another plugin "
                "waits for it, perhaps in a circle. Plugins must not need each other's "
                "credentials: use context.session or plugincreds.base_session() there."
            )
            raise PluginError(message, plugin=self.plugin, distribution=self.distribution)

    def warn_of_stale_credentials(self, state: State, now: float) -> None:
        """Log that a refresh failed, if the stale credentials are still used."""
        if state.failure is None or state.is_hard or state.value is None:
            return
        expiry = state.value.expiry_time
        until = f" until {expiry:%Y-%m-%d %H:%M:%S %Z}" if expiry else ""
        logger.warning(
            "%s could not refresh its credentials: %s. The current ones are used%s; "
            "the next attempt is in %.0f s.",
            self.label,
            state.failure.found,
            until,
            state.retry_at - now,
        )

    def warn_of_wait(self, seconds: float) -> None:
        """Log, once, which plugin the program is waiting for."""
        self._warn_once(wait_warning(self.label, seconds, _RETRIEVING))

    def warn_of_slow_answer(self, seconds: float) -> None:
        """Log, once, that is_expired() blocks."""
        self._warn_once(
            f"{self.label} slows down the program: its is_expired() has taken longer than "
            f"{seconds * 1000:.0f} ms. It is called before each request and must not block."
        )

    def warn_of_exit(self) -> None:
        """Log which plugin ends the program."""
        logger.warning("%s ends the program: its retrieve() raised SystemExit.", self.label)

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


def wait_warning(label: str, seconds: float, doing: str) -> str:
    """Return the warning about a plugin that the program is waiting for."""
    return (
        f"{label} has been {doing} for {seconds:.0f} s, and the program waits for it. Perhaps it "
        "waits for user input, or for a thread of its own that asks for these credentials: such a "
        "thread must use context.session or plugincreds.base_session()."
    )


def _hint_of(cause: Exception | None) -> str | None:
    if not isinstance(cause, NonRecoverableError):
        return None
    try:
        return shown(str(cause.hint)) if cause.hint else None
    except Exception:  # noqa: BLE001 - str() of a plugin's object may raise anything
        return None
