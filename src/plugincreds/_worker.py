"""Threads of our own: for a plugin's coroutine, and for calls that have a time limit.

They are daemons: a plugin that waits for a person must not keep the program from ending. They
have the context variables of who starts them, so that they are known to belong to a flight.
"""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any


def start(call: Callable[[], object]) -> None:
    """Run a call in a thread.

    Raises:
        RuntimeError: No thread can be had.
    """
    context = contextvars.copy_context()
    name = "plugincreds-retrieve"
    threading.Thread(target=context.run, args=(call,), name=name, daemon=True).start()


def awaited(answer: Awaitable[Any]) -> Any:
    """Await it in an event loop of its own in a thread, and return or raise what comes of it."""
    outcome: Future[Any] = Future()

    async def wait() -> Any:
        return await answer

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(wait()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            outcome.set_exception(error)

    start(work)
    return outcome.result()
