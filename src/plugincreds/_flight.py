"""Which plugins the code that runs now was called by.

A flight is one call into a plugin that may take long and use AWS: the getter, or
`retrieve()`. While it runs, a context variable names it, so that a session that needs the
very same credentials inside it is refused at once. Without that it would call itself for
ever, wait for itself, or take another identity than the one it was asked for.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from plugincreds._errors import PluginError

OWN_FLIGHT_ADVICE = (
    "a plugin that needs AWS itself must use context.session or plugincreds.base_session(), not "
    "boto3.client() or a session of its own"
)


class _Call:
    def __init__(self, mark: Hashable, plugin: str | None) -> None:
        self.mark = mark
        self.plugin = plugin
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
    mine, token = _Call(mark, plugin), None
    try:
        token = _flights.set((*flights, mine))
        yield
    finally:
        mine.ended = True
        if token is not None:
            _flights.reset(token)


def plugins_in_flight() -> frozenset[str]:
    """Return the names of the plugins that the running code was called by."""
    return frozenset(call.plugin for call in _under_way() if call.plugin is not None)


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
