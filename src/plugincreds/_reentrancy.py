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

PATIENCE = 10.0  # seconds of waiting after which a warning is logged
OWN_CALL_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class ActiveCall:
    """One call into a plugin, as the code that it runs sees it.

    Who makes the call opens its gate in a `finally` clause, before anything else there:

        call = ActiveCall(key)
        try:
            call.begin()
            ...
        finally:
            call.done.open()
            call.leave()

    Attributes:
        key: The source key of the call: the plugin, and the identity that it is asked for.
        calls: The calls that its thread is inside of, itself as the last.
        done: What other threads wait at. The call has ended when it is open: nothing, not even a
            signal handler, sees one without the other.
        refused: Whether its code has asked for what it must not ask for.
        waits_for: What its thread waits for; each is a function that returns the calls which are
            in progress there.
        may_wait_for: What other threads wait for that it has led to. It waits for that as well if
            it waits for these threads.
    """

    __slots__ = (
        "_context",
        "_outer",
        "calls",
        "done",
        "key",
        "may_wait_for",
        "refused",
        "waits_for",
    )

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.done = Gate()
        self.refused = False
        self.waits_for: list[InProgress] = []
        self.may_wait_for: list[InProgress] = []
        self._outer = here.calls, _calls.get()
        self.calls: tuple[ActiveCall, ...] = (*_running(self._outer[0]), self)
        self._context: tuple[ActiveCall, ...] = (*_running(self._outer[1]), self)

    @property
    def ended(self) -> bool:
        """Whether it has ended. A copy of the context may outlive the call, as in a task."""
        return self.done.is_open

    def begin(self) -> None:
        """Make it known."""
        here.calls = self.calls
        _calls.set(self._context)

    def leave(self) -> None:
        """Forget it, which only saves time: calls that have ended do not count."""
        if here.calls is self.calls:
            here.calls = self._outer[0]
        if _calls.get() is self._context:
            _calls.set(self._outer[1])
        self.calls = self._context = ()  # else it would refer to itself

    def in_progress(self) -> "tuple[ActiveCall, ...]":
        """Return the calls that must end before this one does, itself included."""
        return () if self.ended else self.calls


InProgress = Callable[[], tuple[ActiveCall, ...]]
_calls: ContextVar[tuple[ActiveCall, ...]] = ContextVar("plugincreds_active_calls", default=())


def is_inside(key: Hashable) -> bool:
    """Tell whether this thread is inside an active call with this source key."""
    return any(call.key == key for call in _running(here.calls))


def was_started_in(key: Hashable) -> bool:
    """Tell whether an active call with this source key has led to the running code.

    That includes code in threads that have inherited the context of the call.
    """
    return any(call.key == key for call in _running(_calls.get()))


def active_plugins() -> frozenset[str]:
    """Return the names of the installed plugins that have called the running code."""
    subjects: list[Any] = [
        call.key[0] if isinstance(call.key, tuple) else call.key for call in _running(_calls.get())
    ]
    # A module that a program has passed has no distribution, and is not what a profile selects.
    return frozenset(each.name for each in subjects if hasattr(each, "distribution"))


@contextmanager
def waiting_for(running: InProgress, circle: Callable[[], Exception]) -> Iterator[None]:
    """Run the body, in which this thread waits for active calls of other threads.

    Args:
        running: Returns these calls.
        circle: Returns the error to raise if they wait for this thread in turn, so that both
            would wait forever.
    """
    calls, led_by = _running(here.calls), _running(_calls.get())
    notes = [call.waits_for for call in calls] + [call.may_wait_for for call in led_by]
    try:
        # First it is said, and then looked at: of two threads, at least one sees the circle.
        for note in notes:
            note.append(running)
        if _waits_for_one_of(calls, running):
            refuse()
            raise circle()
        yield
    finally:
        for note in notes:
            if running in note:  # an interruption may have come before
                note.remove(running)


def may_wait_for_us(running: InProgress) -> bool:
    """Tell whether active calls may wait for the running code: they have led to it.

    Perhaps they do not, because the plugin does not wait for this thread.
    """
    return _waits_for_one_of(_running(_calls.get()), running, perhaps=True)


def refuse() -> None:
    """Note that the code of this thread's active calls has asked for what it must not ask for."""
    for call in here.calls:
        call.refused = True


def was_refused() -> bool:
    """Tell whether the innermost active call of this thread has led to a refused one.

    A plugin may have caught that error. If it then declines, it may be configured nevertheless.
    """
    return bool(here.calls) and bool(here.calls[-1].refused)


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


def _running(calls: tuple[ActiveCall, ...]) -> tuple[ActiveCall, ...]:
    return tuple(call for call in calls if not call.ended)


def _waits_for_one_of(
    calls: tuple[ActiveCall, ...], running: InProgress, *, perhaps: bool = False
) -> bool:
    """Tell whether what is in progress waits for these calls, also through others.

    `perhaps`: Threads that calls have led to count as well.
    """
    seen: list[InProgress] = []
    following = [running] if calls else []
    while following:
        each = following.pop()
        if each in seen:
            continue
        seen.append(each)
        blocking = each()
        if any(call in calls for call in blocking):
            return True
        for call in blocking:
            following += call.waits_for
            following += call.may_wait_for if perhaps else []
    return False
