"""The streams of the command: stdout has what the command itself prints, and nothing else."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plugincreds._errors import PluginError, printable

_OUT, _ERR = 1, 2  # file descriptors
_CLOSED = -1
_MOMENT = 1.0  # seconds until a person on a terminal is told what the command waits for


class Stdout:
    """What the command prints to.

    The console script takes stdout for itself: from then on, descriptor 1 is stderr until the
    process has ended. So what plugins print goes there, also from their threads, their child
    processes, their `atexit` handlers and the buffers of C. Text is written without a buffer:
    nothing is left that could be flushed to another stream after a failure.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._encoding: str | None = None

    def take(self) -> None:
        """Move stdout to a descriptor that child processes do not inherit.

        Raises:
            PluginError: stdout is closed, so nothing should be retrieved.
        """
        if sys.stdout is None:
            raise PluginError(
                "stdout is closed, so nothing can be printed. Redirect it to a file or to "
                "/dev/null in place of closing it."
            )
        self._encoding = getattr(sys.stdout, "encoding", None)
        _open_missing()
        self._descriptor = os.dup(_OUT)
        os.dup2(_ERR, _OUT)
        if sys.stderr is None:
            null = Path(os.devnull)
            sys.stderr = null.open("w", encoding="utf-8", errors="replace")
        # What is in the buffer of the old object is not ours; it is flushed to stderr.
        sys.stdout = sys.__stdout__ = sys.stderr  # type: ignore[assignment, misc]
        if hasattr(os, "register_at_fork"):
            # A forked process must not keep a pipe open that another program reads to its end,
            # and has no document to print.
            os.register_at_fork(after_in_child=self.close)

    def write(self, text: str) -> None:
        """Write a text completely.

        Raises:
            BrokenPipeError: The reader has gone.
            PluginError: It cannot be written.
        """
        encoding = self._encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
        if self._descriptor is None:  # in a process that is not the console script's
            sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
            sys.stdout.flush()
            return
        data = text.replace("\n", os.linesep).encode(encoding, "backslashreplace")
        with _reported():
            while data:
                data = data[os.write(self._descriptor, data) :]

    def close(self) -> None:
        """Tell the reader that this was all.

        Raises:
            PluginError: What was written cannot be stored.
        """
        descriptor = self._descriptor
        if descriptor not in {None, _CLOSED}:
            self._descriptor = _CLOSED
            with _reported():
                os.close(descriptor)

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        if self._descriptor is None:
            return bool(getattr(sys.stdout, "isatty", bool)())
        return os.isatty(self._descriptor)

    def columns(self) -> int:
        """Return the width of the terminal, or 0 where that is not known."""
        try:
            return os.get_terminal_size(self._descriptor or _OUT).columns
        except OSError:
            return 0


STDOUT = Stdout()


def complain(text: str) -> None:
    """Print a sentence for people to stderr, if that is possible."""
    with suppress(OSError, ValueError):  # it is full, or a plugin has closed it
        print(f"plugincreds: {printable(text)}", file=sys.stderr)


def show_debug_records() -> None:
    """Print all records of plugincreds' logger to stderr; other loggers may show secrets."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain("plugincreds: %(levelname)s: %(message)s"))
    logger = logging.getLogger("plugincreds")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


class _Plain(logging.Formatter):
    """Leaves out control characters, and the text of exceptions, which may have a secret."""

    def format(self, record: logging.LogRecord) -> str:
        # Only what is indented can come from outside.
        record.message = "\n    ".join(map(printable, record.getMessage().splitlines()))
        return self.formatMessage(record)


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """Say on a terminal what the command waits for, where the body takes longer than a moment."""
    timer = threading.Timer(_MOMENT, complain, [f"waiting for {what} ..."])
    timer.daemon = True
    try:
        if sys.stderr is not None and sys.stderr.isatty():
            with suppress(RuntimeError):  # no thread can be started: it is only a note
                timer.start()
        yield
    finally:
        timer.cancel()
        if timer.is_alive():  # a daemon that prints while Python ends would abort the process
            timer.join()


def _open_missing() -> None:
    """Open the standard descriptors that are closed, so that no other file gets their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _ERR:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it has no name
    os.close(descriptor)


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise PluginError(
            f"stdout cannot be written: {error.strerror}. What has been printed is not complete. "
            "Fix this, or redirect stdout to another file."
        ) from error
