"""Threads of our own: for a plugin's coroutine, and for calls that have a time limit.

They are daemons: a plugin that waits for a person must not keep the program from ending. They
have the context variables of who starts them, so that they are known to belong to a flight.

asyncio is not imported here: most programs do without it, and importing it takes as long as
everything else that a first value needs of this package.

A plugin's coroutine, awaited in an event loop of its own in a thread of its own.
"""

import asyncio
import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any


def start(call: Callable[[], object]) -> None:
    """Run a call in a thread.

    Raises:
        RuntimeError: No thread can be had.
    """
    context = contextvars.copy_context()
    name = "plugincreds-retrieve"
    threading.Thread(target=context.run, args=(call,), name=name, daemon=True).start()


def is_in_loop() -> bool:
    """Tell whether an event loop of asyncio runs in this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except (AttributeError, RuntimeError):  # it is being imported, or runs none
        return False
    return True


def as_failure(error: BaseException) -> Exception:
    """Return what a plugin raised as an exception; raise it again if it is an interruption."""
    if isinstance(error, Exception):
        return error
    if isinstance(error, _cancellations()):
        return cancelled(error)
    raise error


def faults() -> tuple[type[BaseException], ...]:
    """Return what counts as a fault of a plugin while it is loaded.

    An import or a getter may end the interpreter; in somebody's program it must not. Nor must a
    cancellation of its own look as if the program's task had been cancelled.
    """
    return (Exception, SystemExit, *_cancellations())


def _cancellations() -> tuple[type[BaseException], ...]:
    kind = getattr(sys.modules.get("asyncio.exceptions"), "CancelledError", None)
    return () if kind is None else (kind,)


def cancelled(error: BaseException) -> RuntimeError:
    """Return a plugin's own cancellation as what it is to its caller: a failure."""
    failure = RuntimeError("it was cancelled by itself (CancelledError)")
    failure.__cause__ = error
    return failure


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
