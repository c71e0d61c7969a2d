"""Our threads: for calls with a time limit, for event loops, and for a plugin's coroutine.

They are daemons: a plugin that waits for user input must not keep the program from ending. They
inherit the context variables and the active calls of the thread that starts them, whose work they
do. No thread of a plugin inherits active calls, and only on some Pythons one inherits the context.

asyncio is imported only for a plugin whose `retrieve()` is a coroutine function. Most programs do
not need it, and importing it takes as long as everything else that the first signature needs.
"""

import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

_LONGEST_START = 5.0  # seconds that a new thread may take until its loop runs


class Gate:
    """Makes threads wait until it is opened.

    In contrast to `threading.Event` it has no lock. So a signal handler may use it at any time,
    even in a thread that is just using it.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._waiting: list[threading.Lock] = []

    def open(self) -> None:
        """Let all threads pass, those that wait and those that come later."""
        self.is_open = True
        while True:
            try:
                waiting = self._waiting.pop()
            except IndexError:
                return
            waiting.release()

    def wait(self, seconds: float = -1) -> bool:
        """Return whether it is open, within so many seconds; with -1, when it is open."""
        mine = threading.Lock()
        mine.acquire()
        self._waiting.append(mine)
        # It may have been opened before this thread was in the list.
        return self.is_open or mine.acquire(timeout=seconds)


class _Here(threading.local):
    """What `_reentrancy` knows of the running thread.

    Attributes:
        calls: The active calls that this thread is inside of, the innermost last.
    """

    calls: tuple[Any, ...] = ()


here = _Here()


def start(call: Callable[[], object]) -> None:
    """Run a call in a thread.

    Raises:
        RuntimeError: No thread can be started.
    """
    context, calls = contextvars.copy_context(), here.calls

    def run() -> None:
        here.calls = calls
        call()

    name = "plugincreds-retrieve"
    threading.Thread(target=context.run, args=(run,), name=name, daemon=True).start()


def is_in_loop() -> bool:
    """Tell whether an asyncio event loop runs in this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except (AttributeError, RuntimeError):  # asyncio is being imported, or no loop runs
        return False
    return True


def as_failure(error: BaseException) -> Exception:
    """Return what a plugin raised as an `Exception`; raise it again if it is an interruption."""
    if isinstance(error, Exception):
        return error
    if isinstance(error, _cancellations()):
        return _cancelled(error)
    raise error


def faults() -> tuple[type[BaseException], ...]:
    """Return the exceptions that count as a plugin's faults while it is loaded.

    An import or a getter may try to exit the interpreter, which must not end a program that
    only has the plugin installed. A cancellation that the plugin itself raises must not look
    like a cancellation of the program's task.
    """
    return (Exception, SystemExit, *_cancellations())


def awaited(answer: Awaitable[Any]) -> Any:
    """Await the answer in a new thread with its own event loop; return or raise the outcome.

    An interruption of the caller cancels the task and waits for its end, as `asyncio.run` does.
    Otherwise another call of the plugin could start while this one still runs. A second
    interruption ends that wait, too.
    """
    import asyncio  # noqa: PLC0415 - see the module's docstring
    from concurrent.futures import Future  # noqa: PLC0415 - the same

    outcome: Future[Any] = Future()
    cancels: list[Callable[[], object]] = []
    interrupted = threading.Event()

    async def wait() -> Any:
        # No variable holds the task: tracebacks may be shown with their variables, and the
        # task's repr shows what it raised.
        loop, cancel = asyncio.get_running_loop(), _cancel_of(asyncio.current_task())
        cancels.append(lambda: loop.call_soon_threadsafe(cancel))
        if interrupted.is_set():
            cancel()
        return await answer

    def work() -> None:
        try:
            outcome.set_result(asyncio.run(wait()))
        except asyncio.CancelledError as error:
            # A cancellation by the plugin must not look like a cancellation of the program.
            outcome.set_exception(error if interrupted.is_set() else _cancelled(error))
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            outcome.set_exception(error)

    try:
        start(work)
        return outcome.result()
    except Exception:
        if isinstance(answer, Coroutine):
            answer.close()  # if no thread could be started, it is never awaited
        raise
    except BaseException:
        interrupted.set()
        _try(*cancels)
        # After an interruption in start(), there may be no thread at all.
        _try(lambda: outcome.exception(None if cancels else _LONGEST_START))
        raise


def _cancel_of(task: Any) -> Callable[[], object]:
    return bool if task is None else task.cancel


def _try(*calls: Callable[[], object]) -> None:
    """Make calls that may fail: the loop may have been closed, or the wait may time out."""
    for call in calls:
        with suppress(Exception):
            call()


def _cancellations() -> tuple[type[BaseException], ...]:
    kind = getattr(sys.modules.get("asyncio.exceptions"), "CancelledError", None)
    return () if kind is None else (kind,)


def _cancelled(error: BaseException) -> RuntimeError:
    """Return a cancellation that a plugin raised itself as a failure."""
    failure = RuntimeError("it cancelled itself (CancelledError)")
    failure.__cause__ = error
    return failure
