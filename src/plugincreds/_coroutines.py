"""A plugin's coroutine, awaited in an event loop of its own in a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from plugincreds._worker import cancelled, start

_LONGEST_START = 5.0  # seconds that a new thread may take until its loop runs


def awaited(answer: Awaitable[Any]) -> Any:
    """Await it in an event loop of its own in a thread, and return or raise what comes of it.

    Whatever interrupts the caller cancels it and waits until it has ended, as `asyncio.run`
    does: else another call of the plugin could start beside it. Being interrupted once more
    ends that, too.
    """
    outcome: Future[Any] = Future()
    cancels: list[Callable[[], object]] = []
    interrupted = threading.Event()

    async def wait() -> Any:
        # No variable here holds the task: shown in a traceback, it tells what it raised.
        loop, cancel = asyncio.get_running_loop(), _cancel_of_current_task()
        cancels.append(partial(loop.call_soon_threadsafe, cancel))
        if interrupted.is_set():
            cancel()
        return await answer

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(wait()))
        except asyncio.CancelledError as error:
            # Not the caller's own: there it would look as if the program had been cancelled.
            outcome.set_exception(error if interrupted.is_set() else cancelled(error))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            outcome.set_exception(error)

    try:
        start(work)
        return outcome.result()
    except Exception:
        if isinstance(answer, Coroutine):
            answer.close()  # if no thread could be had, nobody will await it
        raise
    except BaseException:
        interrupted.set()
        with suppress(RuntimeError):  # its loop has just been closed
            for cancel in cancels:
                cancel()
        # Interrupted in start(), one does not know whether there is a thread at all.
        with suppress(Exception):
            outcome.exception(None if cancels else _LONGEST_START)
        raise


def _cancel_of_current_task() -> Callable[[], object]:
    task = asyncio.current_task()
    return bool if task is None else task.cancel
