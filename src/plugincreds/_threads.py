"""Our threads: for calls with a time limit, for event loops, and for a plugin's coroutine.

They are daemons: a plugin that waits for user input must not keep the program from ending. They
inherit the context variables and the active calls of the thread that starts them, whose work they
do. No thread of a plugin inherits active calls, and only on some Pythons one inherits the context.

asyncio is imported only for a plugin whose `retrieve()` is a coroutine function. Most programs do
not need it, and importing it takes as long as everything else that the first signature needs.
"""

import _signal  # type: ignore[import-not-found]
import contextvars
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import inf
from operator import methodcaller
from typing import Any

_LONGEST_SLEEP = 0.5  # seconds that a waiting thread sleeps at a time
_LONGEST_START = 5.0  # seconds that a new thread may take until its loop runs
_FORKED = "a signal handler has forked the process while a coroutine ran in another thread"


class Gate:
    """Makes threads wait until it is opened.

    Each waiting thread has a lock of its own, in contrast to `threading.Event`, where they share
    one. So a signal handler may use it at any time, even in a thread that is just using it.

    Attributes:
        open: Lets all threads pass, those that wait and those that come later. It is one call into
            C, within which Python runs no signal handler: it wakes all threads or none.
    """

    def __init__(self) -> None:
        # The first is locked until the gate is opened; each waiting thread adds one.
        self._locks = [_locked()]
        self._process = os.getpid()
        self.open: Callable[[], object] = partial(
            deque(maxlen=0).extend, map(_release, self._locks)
        )

    @property
    def is_open(self) -> bool:
        """Whether it has been opened."""
        return not self._locks[0].locked()

    def wait(self, seconds: float = inf) -> bool:
        """Return whether it is open, within so many seconds.

        If a signal handler has forked, it is opened in the child, where the thread that would open
        it does not run.
        """
        mine, until = _locked(), time.monotonic() + seconds
        self._locks.append(mine)
        # It may have been opened before this thread was in the list. And a signal that comes just
        # before a thread sleeps does not wake it: Ctrl-C would be noticed only at the end.
        while not self.is_open and (left := until - time.monotonic()) > 0:
            if os.getpid() == self._process:
                mine.acquire(timeout=min(left, _LONGEST_SLEEP))
            else:
                self.open()
        return self.is_open


def _locked() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


_release = methodcaller("release")  # of any class: gevent may replace that of threading at any time
OPEN = Gate()  # one that has been opened
OPEN.open()


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
    if sys.is_finalizing():  # before Python 3.12, one can be started then, but never runs
        raise RuntimeError
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


def handlers() -> frozenset[Any]:
    """Return the code of the signal handlers that the program has now."""
    # The C module: `signal` makes an enum of each answer, which takes thirty times as long.
    found = filter(callable, map(_signal.getsignal, range(1, _signal.NSIG)))
    return frozenset(map(_code_of, found)) - {None}


def as_failure(error: BaseException, of_program: frozenset[Any] | None = None) -> BaseException:
    """Return what a plugin raised as its failure; raise it again if it interrupts the program.

    Everything that the plugin's code raises is a failure, as `sys.exit()`, and classes that derive
    from `BaseException`: a plugin must not end a program that may not even use it. A cancellation,
    too: nothing of ours awaits, so the plugin raised it itself.

    The program is interrupted by Ctrl-C, by what its signal handlers raise, as a server's handler
    for SIGTERM, and by the packages that replace threads or run tests.

    No code of the exception's class runs here.

    Args:
        error: What was raised.
        of_program: What `handlers()` returned before the plugin was called; None: what it returns
            now. A handler may remove itself before it raises, and a plugin may leave one behind.
    """
    if is_interruption(error, of_program):
        raise error
    return _cancelled(error) if issubclass(type(error), _cancellations()) else error


def is_interruption(error: BaseException, of_program: frozenset[Any] | None = None) -> bool:
    """Tell whether an exception interrupts the program: see `as_failure`."""
    return (
        issubclass(type(error), KeyboardInterrupt)
        or _is_of_package(type(error))
        or _is_of_handler(error, handlers() if of_program is None else of_program)
    )


# As Python itself reads these, whatever the class of an exception makes of them.
_module_of: Callable[[type], Any] = vars(type)["__module__"].__get__
_traceback_of: Callable[[BaseException], Any] = vars(BaseException)["__traceback__"].__get__
_PROGRAMS = {"_pytest", "eventlet", "gevent", "greenlet", "trio"}  # they raise what ends a task


def _is_of_package(kind: type[BaseException]) -> bool:
    if issubclass(kind, Exception):
        return False
    modules = [_module_of(each) for each in type.mro(kind)]
    return any(isinstance(each, str) and each.partition(".")[0] in _PROGRAMS for each in modules)


def _is_of_handler(error: BaseException, of_program: frozenset[Any]) -> bool:
    """Tell whether a signal handler raised it: then that handler is in its traceback."""
    trace = _traceback_of(error)
    while of_program and trace is not None:
        if trace.tb_frame.f_code in of_program:
            return True
        trace = trace.tb_next
    return False


def _code_of(handler: Any) -> Any:
    while isinstance(handler, partial):
        handler = handler.func
    method = getattr(handler, "__call__", None)  # noqa: B004 - that of an object
    functions = handler, getattr(handler, "__func__", None), getattr(method, "__func__", None)
    found = (getattr(function, "__code__", None) for function in functions)
    return next(filter(None, found), None)


def awaited(answer: Awaitable[Any]) -> Any:
    """Await the answer in a new thread with its own event loop; return or raise the outcome.

    An interruption of the caller cancels the task and waits for its end, as `asyncio.run` does.
    Otherwise another call of the plugin could start while this one still runs. A second
    interruption ends that wait, too.

    Where no thread can be started, as at the end of the interpreter, the loop runs here.
    """
    import asyncio  # noqa: PLC0415 - see the module's docstring

    # Lists, which are emptied: a frame in a traceback must not show the answer, nor the exception.
    answers: list[Any] = []
    errors: list[BaseException] = []
    cancels: list[Callable[[], object]] = []
    interrupted, done = Gate(), Gate()

    async def wait() -> None:
        # No variable holds the task: its repr shows what it raised.
        loop, cancel = asyncio.get_running_loop(), _cancel_of(asyncio.current_task())
        cancels.append(lambda: loop.call_soon_threadsafe(cancel))
        if interrupted.is_open:
            cancel()
        answers.append(await answer)

    def work() -> None:
        try:
            asyncio.run(wait())
        except asyncio.CancelledError as error:
            # A cancellation by the plugin must not look like a cancellation of the program.
            errors.append(error if interrupted.is_open else _cancelled(error))
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            errors.append(error)
        finally:
            done.open()

    try:
        try:
            start(work)
        except RuntimeError:
            _outside_of_loops(work)
        done.wait()
    except BaseException:
        interrupted.open()
        _try(*cancels)
        # After an interruption in start(), there may be no thread at all.
        done.wait(inf if cancels else _LONGEST_START)
        raise
    if errors:
        raise errors.pop()
    if not answers:
        raise RuntimeError(_FORKED)
    return answers.pop()


def _outside_of_loops(call: Callable[[], object]) -> None:
    """Make a call that runs an event loop of its own, also inside another loop."""
    import asyncio  # noqa: PLC0415 - see the module's docstring

    # These functions are documented for those who write loops and tasks.
    loop = asyncio._get_running_loop()  # noqa: SLF001 - see above
    task = asyncio.current_task() if loop else None
    if task is not None:
        asyncio._leave_task(loop, task)  # type: ignore # noqa: PGH003, SLF001 - see above
    asyncio._set_running_loop(None)  # noqa: SLF001 - see above
    try:
        call()
    finally:
        asyncio._set_running_loop(loop)  # noqa: SLF001 - see above
        if task is not None:
            asyncio._enter_task(loop, task)  # type: ignore # noqa: PGH003, SLF001 - see above


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
