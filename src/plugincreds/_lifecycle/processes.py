"""Ends a chain of processes: a plugin starts a program that calls the same plugin, and so on.

While a process is inside a call of a plugin, the processes below it can see that, and in which
thread: it has a file of /proc open, under a number where hardly any process has files. A variable
in the environment could not do that. To set one is unsafe while other threads read the environment,
and it would also reach the programs that other threads start, and stay with all that are started
below.

This works on Linux. A process is not counted if it has that many open files, if it may have no more
than 200, or if it is of another user.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

# The thread of a call has started the process below it, or another thread has: perhaps one of the
# plugin, perhaps one that has nothing to do with the call.
_SURE, _PERHAPS, _MOST = 2, 1, 6
_MARK = "/proc/{}/task/{}/limits"
_LOWEST = 900, 200  # numbers for the open file; the second where the first is over the limit
_NUMBERS = [first + each for first in _LOWEST for each in range(16)]  # threads; files of parents

_passed = 0  # the process that has been checked; a forked child is another one


class CallMark:
    """Shows to the processes that are started below this one that it is inside a plugin's call.

    Who makes the call ends it in a `finally` clause.

    Attributes:
        end: Ends it. It is one call into C, within which Python runs no signal handler.
    """

    def __init__(self) -> None:
        self._files: list[int] = []
        # In contrast to os.close(), this accepts that the plugin has closed the file.
        ends = map((1).__add__, self._files)
        self.end: Callable[[], object] = partial(any, map(os.closerange, self._files, ends))

    def begin(self) -> None:
        """Open the file, if possible."""
        if sys.platform != "linux":
            return
        import fcntl  # noqa: PLC0415 - not on all systems

        path = _MARK.format("self", threading.get_native_id())
        with suppress(OSError):
            # A number is in the list as soon as its file is open, again by one call into C.
            self._files.extend(map(os.open, [path], [os.O_RDONLY]))
            for lowest in _LOWEST:
                with suppress(OSError):
                    arguments = self._files[:1], [fcntl.F_DUPFD_CLOEXEC], [lowest]
                    self._files.extend(map(fcntl.fcntl, *arguments))
                    return


def chain_fault() -> str:
    """Return why no plugin may be called in this process, as a part of a sentence, or nothing.

    A process that was below few calls once is not checked again.
    """
    global _passed  # noqa: PLW0603 - a number
    process = os.getpid()
    if process == _passed:
        return ""
    calls = _calls_above()
    if not calls:
        _passed = process
        return ""
    # The remedy comes first: each process may quote the error of the next, and texts are cut.
    return (
        "a plugin must pass env=plugincreds.base_environ() to programs that it starts; "
        f"{calls} processes above this one are inside a call of a plugin, and seem to be a "
        "chain without end"
    )


def _calls_above() -> int:
    """Return how many processes above this one are inside a call, if these are too many."""
    calls = weight = 0
    if sys.platform == "linux":
        with suppress(OSError):  # of another user, or just ended
            process, below = os.getppid(), os.getpid()
            while process and weight < _MOST:
                found = max((_weight(mark, below) for mark in _marks(process)), default=0)
                calls += found > 0
                weight += found
                process, below = _parent(process), process
    return calls if weight >= _MOST else 0


def _marks(process: int) -> Iterator[str]:
    """Yield the folders in /proc of the threads that are inside a call."""
    beginning, end = _MARK.format(process, "@").split("@")
    for number in _NUMBERS:
        link = f"/proc/{process}/fd/{number}"
        if not os.access(link, os.F_OK):  # nearly always; an exception takes five times as long
            continue
        with suppress(OSError):
            file = os.readlink(link)  # noqa: PTH115 - faster
            if file.startswith(beginning) and file.endswith(end):
                yield file[: -len(end)]


def _weight(thread: str, process: int) -> int:
    with suppress(OSError):  # not every kernel has this file
        return _SURE if str(process).encode() in _read(f"{thread}/children").split() else _PERHAPS
    return _PERHAPS


def _parent(process: int) -> int:
    # The process's name, in parentheses, may have spaces and parentheses itself.
    return int(_read(f"/proc/{process}/stat").rpartition(b")")[2].split()[1])


def _read(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 65536)
    finally:
        os.close(file)
