"""Guards against plugins that ask for their own credentials.

An active call is one call into a plugin that may take long and use AWS: the getter, or
`retrieve()`. While it runs, a context variable names it, so that a session inside it that needs
the same credentials gets an error at once. Without that, the plugin would call itself without
end, wait for itself, or receive another identity than the one that it was asked for.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from plugincreds._errors import PluginError

OWN_CALL_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class ActiveCall:
    """One call into a plugin, as the code that it runs sees it.

    Attributes:
        key: The source key of the call: the plugin, and the identity that it is asked for.
        refused: Whether its code has asked for what it must not ask for.
        ended: Whether it has ended. A copy of the context may outlive the call, as in a task.
        waits_for: The retrievals of another source that its code waits for, or None.
    """

    __slots__ = ("ended", "key", "refused", "waits_for")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.refused = False
        self.ended = False
        self.waits_for: Any = None


_calls: ContextVar[tuple[ActiveCall, ...]] = ContextVar("plugincreds_active_calls", default=())


@contextmanager
def active_call(
    key: Hashable, label: str, plugin: str | None = None, distribution: str | None = None
) -> Iterator[None]:
    """Run the body as an active call.

    It is a generator, whose end runs also where an interruption comes before `__exit__` does.

    Args:
        key: The source key of the call: the plugin, and the identity that it is asked for.
        label: The plugin's name in messages, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.

    Raises:
        PluginError: A call with that key is active and has led here. It names the remedy.
    """
    calls = active_calls()
    if any(call.key == key for call in calls):
        refuse(calls)
        raise own_call_error(label, plugin, distribution)
    mine, token = ActiveCall(key), None
    try:
        token = _calls.set((*calls, mine))
        yield
    finally:
        mine.ended = True
        if token is not None:
            _calls.reset(token)


def active_calls() -> tuple[ActiveCall, ...]:
    """Return the calls that have led to the running code."""
    return tuple(call for call in _calls.get() if not call.ended)


def refuse(calls: tuple[ActiveCall, ...]) -> None:
    """Note that the code of these calls has asked for what it must not ask for."""
    for call in calls:
        call.refused = True


def active_plugins() -> frozenset[str]:
    """Return the names of the installed plugins that have called the running code."""
    subjects: list[Any] = [
        call.key[0] if isinstance(call.key, tuple) else call.key for call in active_calls()
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
