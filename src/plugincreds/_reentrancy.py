"""Guards against plugins that ask for their own credentials.

An active call is one call into a plugin that may take long and use AWS: the getter, or
`retrieve()`. While it runs, a context variable names it, so that a session inside it that needs
the same credentials gets an error at once. Without that, the plugin would call itself without
end, wait for itself, or receive another identity than the one that it was asked for.
"""

from collections.abc import Hashable
from contextvars import ContextVar
from typing import Any

from plugincreds._errors import PluginError

OWN_CALL_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class ActiveCall:
    """Runs the body of a `with` statement as an active call.

    Args:
        key: The source key: the plugin, and the identity that it is asked for.
        label: The plugin's name in messages, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.

    Raises:
        PluginError: A call with the same key is active and has led here. It names the remedy.
    """

    def __init__(
        self,
        key: Hashable,
        label: str,
        plugin: str | None = None,
        distribution: str | None = None,
    ) -> None:
        self.key = key
        self.refused = False
        self.ended = False  # a copy of the context may live longer than the call, as in a task
        self._about = label, plugin, distribution

    def __enter__(self) -> None:
        calls = _active()
        if any(call.key == self.key for call in calls):
            for call in calls:
                call.refused = True
            raise own_call_error(*self._about)
        try:
            self._token = _calls.set((*calls, self))
        except BaseException:
            self.ended = True  # it may have been set before the interruption
            raise

    def __exit__(self, *_: object) -> None:
        self.ended = True
        _calls.reset(self._token)


_calls: ContextVar[tuple[ActiveCall, ...]] = ContextVar("plugincreds_active_calls", default=())


def _active() -> tuple[ActiveCall, ...]:
    return tuple(call for call in _calls.get() if not call.ended)


def is_in_another_call(key: Hashable) -> bool:
    """Tell whether the running code was called by a plugin with another source key."""
    return any(call.key != key for call in _active())


def active_plugins() -> frozenset[str]:
    """Return the names of the installed plugins that have called the running code."""
    subjects: list[Any] = [
        call.key[0] if isinstance(call.key, tuple) else call.key for call in _active()
    ]
    # A module that a program has passed has no distribution, and is not what a profile selects.
    return frozenset(each.name for each in subjects if hasattr(each, "distribution"))


def was_refused() -> bool:
    """Tell whether the innermost active call has led to a refused one.

    A plugin may have caught that error. If it then declines, it may be configured nevertheless.
    """
    calls = _calls.get()
    return bool(calls) and calls[-1].refused


def own_call_error(label: str, plugin: str | None, distribution: str | None) -> PluginError:
    """Return the error for a plugin that asks for its own credentials."""
    return PluginError(
        f"{label} asks for its own credentials while it is loaded or retrieves them; "
        f"{OWN_CALL_ADVICE}.",
        plugin=plugin,
        distribution=distribution,
    )
