"""A cache's value behind `await`: the loop goes on while a thread retrieves.

What threads do, awaited in an event loop: asyncio's, or trio's.

A future of `concurrent.futures` stands between the two worlds. Whoever awaits it may be
cancelled, which cancels neither the thread nor anybody else.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from plugincreds._contract import Value
from plugincreds._lifecycle.cache import CredentialsCache
from plugincreds._lifecycle.flights import Waiting
from plugincreds._reentrancy import waiting_for
from plugincreds._threads import start


async def value_of(cache: CredentialsCache, found: Value | Waiting | None = None) -> Value:
    """Return a value that may be used now, as `CredentialsCache.get()` does, without blocking.

    `found` is what `begin` has returned, where somebody has already looked.

    Raises:
        PluginProviderRetrieveError: The plugin gave none, and none is left to serve.
        PluginError: The plugin itself asks, while it retrieves this value.
    """
    while True:
        waiting = cache.look(cache.begin) if found is None else found
        if isinstance(waiting, Value):
            return waiting
        who = cache.reporter
        with waiting_for(cache.mark, who.label, who.plugin, who.distribution):
            outcome = await settled(waiting.errand.future, who.warn_of_wait)
        if outcome is None:
            if waiting.is_mine and waiting.errand.interrupted_by is not None:
                raise waiting.errand.interrupted_by
        elif not (waiting.given_up and outcome.value and outcome.failure):
            return outcome.result()
        found = None  # interrupted for somebody else, or served on though given up by now


_T = TypeVar("_T")
_PATIENCE = 10.0  # seconds of waiting after which a person is told


def in_thread(call: Callable[[], _T]) -> "Future[_T]":
    """Run a call in a thread, and return what will have its result.

    Raises:
        RuntimeError: No thread can be had.
    """
    future: Future[_T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            future.set_exception(error)
        else:
            future.set_result(result)

    start(run)
    return future


async def settled(future: "Future[_T]", warn: Callable[[float], object] | None = None) -> _T:
    """Return a future's result, or raise its exception, when a thread has set it.

    Args:
        future: One that is running, so that it cannot be cancelled.
        warn: Called with the seconds waited so far, if that is long.
    """
    if _is_in_trio():
        return await _settled_in_trio(future, warn)
    loop = asyncio.get_running_loop()
    timer = warn and loop.call_later(_PATIENCE, warn, _PATIENCE)
    waiter = asyncio.wrap_future(future)
    try:
        return await waiter
    finally:
        with suppress(RuntimeError):  # the loop is closed already
            waiter.cancel()  # so that nothing reaches for a loop which may be closed then
        if timer:
            timer.cancel()


def _is_in_trio() -> bool:
    # trio may run as a guest in a loop of asyncio, so it is asked first.
    trio = sys.modules.get("trio")
    return trio is not None and trio.lowlevel.in_trio_task()


async def _settled_in_trio(future: "Future[_T]", warn: Callable[[float], object] | None) -> _T:
    import trio  # noqa: PLC0415 - it runs already

    event, token = trio.Event(), trio.lowlevel.current_trio_token()

    def wake(_: object) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(event.set)

    future.add_done_callback(wake)
    if warn is not None:
        with trio.move_on_after(_PATIENCE):
            await event.wait()
        if not event.is_set():
            warn(_PATIENCE)
    await event.wait()
    return future.result()
