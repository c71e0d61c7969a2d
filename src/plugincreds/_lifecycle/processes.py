"""Ends a chain of processes: a plugin starts a program that calls the same plugin, and so on.

While a process is inside a call of a plugin, the processes below it can see that: it has a file of
/proc open, under a number where hardly any process has files. A variable in the environment could
not do that. To set one is unsafe while other threads read the environment, and it would also reach
the programs that other threads start, and stay with all that are started below.

This works on Linux. A process is not counted if it has that many open files, if it may have no more
than 200, or if it is of another user.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_MOST_CALLS = 3  # so many processes above this one may be inside a call of a plugin
_MARK = "/proc/{}/limits"
_LOWEST = 900, 200  # numbers for the open file; the second where the first is over the limit
_NUMBERS = [first + each for first in _LOWEST for each in range(4)]  # for several threads

_passed = 0  # the process that has been checked; a forked child is another one


@contextmanager
def marked_call() -> Iterator[None]:
    """Show to the processes that are started in the body that it is a call of a plugin.

    It is a generator, whose end runs also where an interruption comes before `__exit__` does.
    """
    number = _mark()
    try:
        yield
    finally:
        if number >= 0:
            with suppress(OSError):  # the plugin may have closed all files
                os.close(number)


def _mark() -> int:
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415 - not on all systems

        with suppress(OSError):
            file = os.open(_MARK.format("self"), os.O_RDONLY)
            try:
                for lowest in _LOWEST:
                    with suppress(OSError):
                        return fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, lowest)
            finally:
                os.close(file)
    return -1


def chain_fault() -> str:
    """Return why no plugin may be called in this process, as a part of a sentence, or nothing.

    A process that was below few calls once is not checked again.
    """
    global _passed  # noqa: PLW0603 - a number
    process = os.getpid()
    if process == _passed:
        return ""
    if _calls_above() < _MOST_CALLS:
        _passed = process
        return ""
    # The remedy comes first: each process may quote the error of the next, and texts are cut.
    return (
        "a plugin must pass env=plugincreds.base_environ() to programs that it starts; "
        f"{_MOST_CALLS} processes above this one are inside a call of a plugin, and seem to be a "
        "chain without end"
    )


def _calls_above() -> int:
    calls = 0
    if sys.platform == "linux":
        with suppress(OSError):  # of another user, or just ended
            process = os.getppid()
            while process and calls < _MOST_CALLS:
                calls += _is_marked(process)
                process = _parent(process)
    return calls


def _is_marked(process: int) -> bool:
    mark = _MARK.format(process)
    for number in _NUMBERS:
        with suppress(OSError):
            if os.readlink(f"/proc/{process}/fd/{number}") == mark:  # noqa: PTH115 - faster
                return True
    return False


def _parent(process: int) -> int:
    file = os.open(f"/proc/{process}/stat", os.O_RDONLY)
    try:
        # The process's name, in parentheses, may have spaces and parentheses itself.
        return int(os.read(file, 4096).rpartition(b")")[2].split()[1])
    finally:
        os.close(file)
