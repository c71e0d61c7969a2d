"""Runs a plugin's coroutine where no event loop of the program is disturbed."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any


def awaited(answer: Awaitable[Any]) -> Any:
    """Await it in an event loop of its own in a daemon thread, and return the outcome.

    The thread has the caller's context variables, so that it is known to belong to a flight.
    It is a daemon: a plugin that waits for a person must not keep the program from ending.
    """
    outcome: Future[Any] = Future()

    async def wait() -> Any:
        return await answer

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(wait()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            outcome.set_exception(error)

    context = contextvars.copy_context()
    threading.Thread(
        target=context.run, args=(work,), name="plugincreds-retrieve", daemon=True
    ).start()
    return outcome.result()
