"""Runs the endpoint beside a command, in a process of its own.

The process of `plugincreds exec` becomes the command. So its exit status, its signals, its
streams and its place among the jobs of a shell are the command's own, and the command cannot
outlive it. The companion is no child of the command, which may wait for all its children.
"""

import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

Work = Callable[[Callable[[Any], None]], None]

_FIRST_FREE = 3  # descriptors below are the three streams
_LOOK = 0.5  # seconds between two looks at the command's process
_INTERRUPTED = 130


def start(work: Work, explain: Callable[[BaseException], None]) -> Any:
    """Run work in a companion process; return what it publishes, or None if that is nothing.

    Args:
        work: It is given a function that publishes a document. Before that call it has the streams
            and the terminal of this process; afterwards it has none.
        explain: Prints an error that ends the companion.
    """
    command = os.getpid()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        # The first child ends at once, so that the companion is no child of the command.
        if os.fork():
            os._exit(0)
        _run(work, explain, command, write)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as pipe:
        document = pipe.read()
    return json.loads(document) if document else None


def _run(work: Work, explain: Callable[[BaseException], None], command: int, pipe: int) -> NoReturn:
    status = 1
    try:
        stream = os.fdopen(_only_descriptor(pipe), "wb", buffering=0)
        # The command would wait for a process that the plugin forks and leaves running.
        os.register_at_fork(after_in_child=stream.close)
        threading.Thread(target=_end_with, args=(command,), daemon=True).start()

        def publish(document: Any) -> None:
            _detach()
            with stream:
                stream.write(json.dumps(document).encode())

        work(publish)
        status = 0
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - it must not go on as the command
        explain(error)
    finally:
        os._exit(status)


def _only_descriptor(kept: int) -> int:
    """Close what the command's process had open, apart from the streams; return the kept one.

    A lock or the end of a pipe that stays open here would outlast the command.
    """
    while kept < _FIRST_FREE:  # a stream was closed
        kept = os.dup(kept)
    for number in [int(entry.name) for entry in Path("/dev/fd").iterdir()]:
        if number >= _FIRST_FREE and number != kept:
            try:
                os.close(number)
            except OSError:  # the listing's own
                continue
    for number in range(_FIRST_FREE):
        try:
            os.fstat(number)
        except OSError:  # it was closed, and must not become a socket
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
    # What plugins print must not get into the output of the command.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return kept


def _detach() -> None:
    """Leave the terminal and the streams to the command."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(_FIRST_FREE):
        os.dup2(null, number)


def _end_with(command: int) -> None:
    """End this process when the command's has ended."""
    try:
        process = os.pidfd_open(command)
    except (AttributeError, OSError):  # macOS, or an older Linux
        while _exists(command):
            time.sleep(_LOOK)
    else:
        select.select([process], [], [])
    os.kill(os.getpid(), signal.SIGTERM)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it has become another user's
        return True
    return True
