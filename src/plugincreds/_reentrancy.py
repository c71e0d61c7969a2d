"""Which plugins the code that runs now was called by.

A flight is one call into a plugin that may take long and use AWS: the getter, or
`retrieve()`. While it runs, a context variable names it, so that a session that needs the
very same credentials inside it is refused at once. Without that it would call itself for
ever, wait for itself, or take another identity than the one it was asked for.
"""

import os
import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from plugincreds._errors import PluginError
from plugincreds._plugins.references import InstalledPlugin

OWN_FLIGHT_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class _Call:
    def __init__(self, mark: Hashable) -> None:
        self.mark = mark
        self.refused = False
        self.ended = False  # a copy of the context may outlive the call, as in a task


_flights: ContextVar[tuple[_Call, ...]] = ContextVar("plugincreds_flights", default=())


@contextmanager
def flight(
    mark: Hashable, label: str, plugin: str | None = None, distribution: str | None = None
) -> Iterator[None]:
    """Run the body as the flight `mark`; the others say in an error what flies.

    Raises:
        PluginError: That flight is under way already and led here. It names the remedy.
    """
    flights = _under_way()
    if any(call.mark == mark for call in flights):
        for call in flights:
            call.refused = True
        raise own_flight_error(label, plugin, distribution)
    mine, token = _Call(mark), None
    try:
        token = _flights.set((*flights, mine))
        yield
    finally:
        mine.ended = True
        if token is not None:
            _flights.reset(token)


@contextmanager
def waiting_for(
    mark: Hashable, label: str, plugin: str | None = None, distribution: str | None = None
) -> Iterator[None]:
    """Run the body, which waits for the flight `mark` that runs in another thread.

    Raises:
        PluginError: That one waits for a flight that the running code belongs to, perhaps
            through others. Both would wait for ever.
    """
    flights = _under_way()
    mine = frozenset(call.mark for call in flights if call.mark != mark)
    if not mine:  # nobody can wait for what runs here
        yield
        return
    with _waits.lock:
        is_circle = not mine.isdisjoint(_waits.reached_from(mark))
        if not is_circle:
            _waits.edges.append((mine, mark))
    if is_circle:
        for call in flights:
            call.refused = True
        raise PluginError(
            f"{label} retrieves credentials with the help of a plugin that waits for this one in "
            "turn. Plugins must not need each other's credentials in a circle.",
            plugin=plugin,
            distribution=distribution,
        )
    try:
        yield
    finally:
        with _waits.lock:
            _waits.edges.remove((mine, mark))


class _Waits:
    """Which flights wait for which others, in all threads of this process."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forget all, in a child of a fork: the threads that wait are not there."""
        self.lock = threading.Lock()
        self.edges: list[tuple[frozenset[Hashable], Hashable]] = []

    def reached_from(self, mark: Hashable) -> set[Hashable]:
        """Return the flights that must end before this one does, and it itself."""
        reached: set[Hashable] = set()
        added = {mark}
        while added:
            reached |= added
            added = {end for starts, end in self.edges if starts & reached} - reached
        return reached


_waits = _Waits()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_waits.renew)


def plugins_in_flight() -> frozenset[str]:
    """Return the names of the installed plugins that the running code was called by."""
    subjects = [
        call.mark[0] if isinstance(call.mark, tuple) else call.mark for call in _under_way()
    ]
    return frozenset(each.name for each in subjects if isinstance(each, InstalledPlugin))


def was_refused() -> bool:
    """Tell whether a flight has been refused on the way from the innermost one.

    A plugin may have swallowed that error. If it then declines, it does not mean it.
    """
    flights = _flights.get()
    return bool(flights) and flights[-1].refused


def _under_way() -> tuple[_Call, ...]:
    return tuple(call for call in _flights.get() if not call.ended)


def own_flight_error(label: str, plugin: str | None, distribution: str | None) -> PluginError:
    """Return the error for a flight that asks for itself."""
    return PluginError(
        f"{label} asks for its own credentials while it is loaded or retrieves them; "
        f"{OWN_FLIGHT_ADVICE}.",
        plugin=plugin,
        distribution=distribution,
    )
