"""Guards against plugins that ask for their own credentials.

An active call is one call into a plugin that may take long and use AWS: its import, its getter, or
`retrieve()`. Code that it leads to may need the same credentials. Without a guard, the plugin would
call itself without end, wait for itself, or receive another identity than the one that it was asked
for. So an active call is known in two ways:

- By its thread. That thread can neither wait for the call nor make it again, so such a request is
  refused at once. Threads of plugincreds that do a part of the call count as its thread.
- By a context variable, which a thread may have that the plugin has started. Such a thread waits as
  any other does. It is refused only after a while, because the plugin may be waiting for it.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from plugincreds._errors import PluginError
from plugincreds._threads import Gate, here

PATIENCE = 10.0  # seconds of waiting after which a warning is logged, or the plugin is refused
OWN_CALL_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class ActiveCall:
    """Runs the body of a `with` statement as an active call.

    Args:
        key: The source key: the plugin, and the identity that it is asked for.
    """

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.refused = False
        self.ended = False  # a copy of the context may live longer than the call, as in a task
        self._outer = here.calls

    def __enter__(self) -> "ActiveCall":  # noqa: PYI034 - Self is not in Python 3.10
        try:
            here.calls = (*_running(here.calls), self)
            self._token = _calls.set((*_running(_calls.get()), self))
        except BaseException:
            self.ended = True  # it may have been set before the interruption
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
        here.calls = self._outer
        _calls.reset(self._token)


_calls: ContextVar[tuple[ActiveCall, ...]] = ContextVar("plugincreds_active_calls", default=())


def _running(calls: tuple[ActiveCall, ...]) -> tuple[ActiveCall, ...]:
    return tuple(call for call in calls if not call.ended)


def is_inside(key: Hashable) -> bool:
    """Tell whether this thread is inside an active call with this source key."""
    return any(call.key == key for call in _running(here.calls))


def was_started_in(key: Hashable) -> bool:
    """Tell whether an active call with this source key has led to the running code.

    That includes code in threads that have inherited the context of the call.
    """
    return any(call.key == key for call in _running(_calls.get()))


def is_in_another_call(key: Hashable) -> bool:
    """Tell whether the running code was called by a plugin with another source key."""
    return any(call.key != key for call in _running(_calls.get()))


def active_plugins() -> frozenset[str]:
    """Return the names of the installed plugins that have called the running code."""
    subjects: list[Any] = [
        call.key[0] if isinstance(call.key, tuple) else call.key for call in _running(_calls.get())
    ]
    # A module that a program has passed has no distribution, and is not what a profile selects.
    return frozenset(each.name for each in subjects if hasattr(each, "distribution"))


def was_refused() -> bool:
    """Tell whether the innermost active call of this thread has led to a refused one.

    A plugin may have caught that error. If it then declines, it may be configured nevertheless.
    """
    return bool(here.calls) and bool(here.calls[-1].refused)


def refused(label: str, plugin: str | None, distribution: str | None) -> PluginError:
    """Return the error for code in the thread of an active call, and remember the refusal."""
    for call in here.calls:
        call.refused = True
    return own_call_error(label, plugin, distribution)


def own_call_error(label: str, plugin: str | None, distribution: str | None) -> PluginError:
    """Return the error for a plugin that asks for its own credentials.

    Args:
        label: The plugin's name in messages, as the beginning of a sentence.
        plugin: The plugin's name, as in `PluginError.plugin`.
        distribution: The package's name and version, as in `PluginError.distribution`.
    """
    return PluginError(
        f"{label} asks for its own credentials while it is loaded or retrieves them; "
        f"{OWN_CALL_ADVICE}.",
        plugin=plugin,
        distribution=distribution,
    )


class SingleCalls:
    """Allows one active call for each key at a time; other threads wait."""

    def __init__(self) -> None:
        self._gates: dict[Hashable, Gate] = {}

    @contextmanager
    def call(
        self, key: Hashable, refused: Callable[[], Exception], end_patience: Callable[[], object]
    ) -> Iterator[None]:
        """Run the body as the active call of this key.

        Args:
            key: The source key.
            refused: Returns the error if this thread is inside such a call.
            end_patience: Called once if another thread's call takes long. What it raises is
                raised here.
        """
        while True:
            if is_inside(key):
                raise refused()
            mine = Gate()
            # The call is active before its gate is seen: this thread must not wait at that.
            with ActiveCall(key):
                try:
                    running = self._gates.setdefault(key, mine)
                    if running is mine:
                        yield
                        return
                finally:
                    if self._gates.get(key) is mine:
                        del self._gates[key]
                    mine.open()
            if not running.wait(PATIENCE):
                end_patience()
                running.wait()
