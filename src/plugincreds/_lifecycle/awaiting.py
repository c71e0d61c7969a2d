"""The refresh engine for event loops: a thread retrieves while tasks await its outcome.

The loop is asyncio's or trio's. A future of `concurrent.futures` connects the thread with the
loop. Cancelling a task that awaits it cancels neither the thread nor other tasks.

Programs without an event loop never import this module.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from functools import partial
from typing import TypeVar

from plugincreds._contract import Value
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.flights import FlightOutcome, Sync
from plugincreds._lifecycle.policy import Failure, RefreshStep, State
from plugincreds._threads import start

_T = TypeVar("_T")


class BackgroundRefresh:
    """A thread that refreshes an engine's credentials, for all tasks that await them.

    Attributes:
        future: Has the outcome when the thread is done; None if it was interrupted, and a task
            must try again. A task that awaits it cannot cancel it.
        interrupted_by: The exception that interrupted it, or None.
        callers: As in `Flight`.
    """

    def __init__(self) -> None:
        self.future: Future[FlightOutcome | None] = Future()
        self.future.set_running_or_notify_cancel()
        self.interrupted_by: BaseException | None = None
        self.callers: list[list[BaseException]] = []

    def end(
        self,
        sync: Sync,
        outcome: FlightOutcome | None = None,
        interrupted_by: BaseException | None = None,
    ) -> None:
        """Wake the waiting tasks, and allow the next refresh to begin."""
        with sync.lock:
            if sync.background is self:
                sync.background = None
        if outcome is not None and (cause := outcome.take_raised()) is not None:
            for raised in self.callers:
                raised.append(cause)
        self.interrupted_by = interrupted_by
        self.future.set_result(outcome)


async def refreshed(engine: RefreshEngine, state: State, reported: bool | Failure) -> Value:  # noqa: FBT001 - what ask() returns
    """Do what `engine.outcome(...).result()` does, without blocking the event loop.

    Args:
        engine: The engine.
        state: The state that the caller has seen.
        reported: Whether the plugin has reported that state's credentials as expired.

    Raises:
        PluginProviderRetrieveError: The plugin gave none, and none are left to use.
        PluginError: The plugin itself asks, while it retrieves these credentials.
    """
    while True:
        state, reported = engine.counted(state, reported)
        raised: list[BaseException] = []
        begun = _begun(engine, state, raised, reported=reported)
        if isinstance(begun, FlightOutcome):
            return begun.result()
        if begun is None:
            state, reported = engine.published(state, reported=reported)
            continue
        background, leads = begun
        end_patience = partial(engine.end_patience, leads=leads)
        with nullcontext() if leads else engine.waiting():
            outcome = await settled(background.future, engine.patience, end_patience)
        if outcome is None:
            if leads and background.interrupted_by is not None:
                raise background.interrupted_by
        elif not (reported and outcome.is_stale):
            return FlightOutcome(outcome.value, outcome.failure, raised).result()
        # The thread was interrupted, or it has kept credentials that are reported as expired.
        state = engine.state
        reported = engine.ask(state)


def _begun(
    engine: RefreshEngine, state: State, raised: list[BaseException], *, reported: bool
) -> FlightOutcome | tuple[BackgroundRefresh, bool] | None:
    """Return an outcome, or the refresh and whether it was begun here; None: decide again."""
    step = engine.decision(state, reported=reported)
    if isinstance(step, FlightOutcome):
        return step
    sync, mine = engine.sync(), BackgroundRefresh()
    with sync.lock:
        if engine.state is not state:
            return None
        if step is RefreshStep.ADVISORY and (sync.background or sync.flight):
            return FlightOutcome(state.value)
        running: BackgroundRefresh = sync.background or mine
        running.callers.append(raised)
        sync.background = running
    if running is mine:
        _run(engine, sync, mine)
    return running, running is mine


def _run(engine: RefreshEngine, sync: Sync, mine: BackgroundRefresh) -> None:
    """Refresh in a thread, for all tasks that await it."""

    def run() -> None:
        try:
            state = engine.state
            mine.end(sync, engine.outcome(state, engine.ask(state)))
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            mine.end(sync, interrupted_by=error)

    try:
        start(run)
    except RuntimeError:  # no thread can be started, as at the end of the interpreter
        run()
    except BaseException:
        mine.end(sync)
        raise


def in_thread(call: Callable[[], _T]) -> "Future[_T]":
    """Run a call in a thread, or here if none can be started; return the future of its result."""
    future: Future[_T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            future.set_exception(error)
        else:
            future.set_result(result)

    try:
        start(run)
    except RuntimeError:
        run()
    return future


async def settled(
    future: "Future[_T]",
    patience: float = 0.0,
    warn: Callable[[], object] | None = None,
) -> _T:
    """Return a future's result, or raise its exception, when a thread has set it.

    Args:
        future: One that is running, so that it cannot be cancelled.
        patience: Seconds after which `warn` is called.
        warn: Called once if it takes so long; what it raises is raised here.
    """
    if _is_in_trio():
        return await _settled_in_trio(future, patience, warn)
    waiter = asyncio.wrap_future(future)
    try:
        if warn is not None:
            done, _ = await asyncio.wait([waiter], timeout=patience)
            if not done:
                warn()
        return await waiter
    finally:
        with suppress(RuntimeError):  # the loop is already closed
            waiter.cancel()  # else the thread would call into a loop that may be closed by then


def _is_in_trio() -> bool:
    # trio may run as a guest in an asyncio loop, so it is checked first.
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_task()


async def _settled_in_trio(
    future: "Future[_T]", patience: float, warn: Callable[[], object] | None
) -> _T:
    import trio  # noqa: PLC0415 - already imported if this is called

    event, token = trio.Event(), trio.lowlevel.current_trio_token()

    def wake(_: object) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(event.set)

    future.add_done_callback(wake)
    if warn is not None:
        with trio.move_on_after(patience):
            await event.wait()
        if not event.is_set():
            warn()
    await event.wait()
    return future.result()
