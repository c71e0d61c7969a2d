"""Threads of our own: for a plugin's coroutine, and for calls that have a time limit.

They are daemons: a plugin that waits for a person must not keep the program from ending. They
have the context variables of who starts them, so that they are known to belong to a flight.

asyncio is not imported here: most programs do without it, and importing it takes as long as
everything else that a first value needs of this package.
"""

import contextvars
import sys
import threading
from collections.abc import Callable


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
