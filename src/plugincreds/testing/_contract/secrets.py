"""The search for secrets in what a plugin shows: logs, warnings, prints, errors, reprs."""

import logging
import sys
import traceback
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from plugincreds import Value

Texts = list[tuple[str, str]]  # what shows a text, and the text

_SHORTEST = 8  # characters; a shorter secret may be part of any text


class Secrets:
    """The keys and tokens that a test knows. The repr shows none of them."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def add(self, value: Value) -> None:
        """Add the keys and the token of some credentials."""
        self._kinds[value.access_key] = "access key"
        self._kinds[value.secret_key] = "secret key"
        if value.token:
            self._kinds[value.token] = "token"

    def add_from_failing(self, given: object) -> None:
        """Add what the fixture failing returned: nothing, a str, or several."""
        texts = [given] if isinstance(given, str) else given if isinstance(given, Iterable) else ()
        self._kinds |= {str(text): "secret of the fixture failing" for text in texts}

    @property
    def are_too_short(self) -> bool:
        """Whether one of them cannot be told from other text."""
        return any(len(secret) < _SHORTEST for secret in self._kinds)

    def kind_in(self, text: str) -> str:
        """Return the kind of secret that a text shows, such as "token", or an empty string."""
        return next((kind for secret, kind in self._long() if secret in text), "")

    def hidden_in(self, text: str) -> str:
        """Return a text with the kind of each secret in its place."""
        for secret, kind in self._long():
            text = text.replace(secret, f"[{kind}]")
        return text

    def _long(self) -> list[tuple[str, str]]:
        # The longest first: one may be a part of another one.
        long = [item for item in self._kinds.items() if len(item[0]) >= _SHORTEST]
        return sorted(long, key=lambda item: -len(item[0]))

    def __repr__(self) -> str:
        """Show how many there are."""
        return f"Secrets(<{len(self._kinds)} not shown>)"


class CapturedOutput:
    """The log records, warnings and prints of a test, held back until its secrets are known.

    `replay()` shows what holds no secret. The rest is never shown, so pytest's report of a
    failing test leaks nothing, even if the plugin does.

    Args:
        patch: Undoes the capture of log records and warnings.
        capture: The fixture `capfd`, or None if the test itself uses such a fixture.
    """

    def __init__(self, patch: pytest.MonkeyPatch, capture: Any) -> None:
        self._capture = capture
        self._printed = {"stdout": "", "stderr": ""}
        self._records: list[tuple[logging.Logger, logging.LogRecord]] = []
        self._warnings: list[tuple[Any, ...]] = []
        self._log, self._warn = logging.Logger.callHandlers, warnings.showwarning
        # After the level and the filters of a logger, before all handlers.
        patch.setattr(logging.Logger, "callHandlers", lambda *call: self._records.append(call))
        patch.setattr(warnings, "showwarning", lambda *call, **_: self._warnings.append(call))

    def logged(self, foreign: Collection[str]) -> Texts:
        """Return all log records, except those of foreign loggers."""
        return [
            (f"a {record.levelname} record of the logger {record.name!r}", _of_record(record))
            for _, record in self._records
            if not any(f"{record.name}.".startswith(f"{name}.") for name in foreign)
        ]

    def warned(self) -> Texts:
        """Return all warnings."""
        return [(f"a {kind.__name__}", str(text)) for text, kind, *_ in self._warnings]

    def printed(self) -> Texts:
        """Return what was written to stdout and stderr.

        Call it after each call of the plugin: at the end of each phase of a test, pytest shows
        all output that has not been read.
        """
        if self._capture is not None:
            found = self._capture.readouterr()
            self._printed["stdout"] += found.out
            self._printed["stderr"] += found.err
        return list(self._printed.items())

    def replay(self, secrets: Secrets) -> None:
        """Show what holds no secret where the plugin would have shown it."""
        printed = self.printed()
        for (_, text), stream in zip(printed, (sys.stdout, sys.stderr), strict=True):
            stream.write(secrets.hidden_in(text))
        for logger, record in self._records:
            if logger.isEnabledFor(record.levelno) and not secrets.kind_in(_of_record(record)):
                self._log(logger, record)
        for call in self._warnings:
            if not secrets.kind_in(str(call[0])):
                self._warn(*call)


@contextmanager
def everything_shown() -> Iterator[None]:
    """Set all loggers to DEBUG, and enable all warnings."""
    disabled = logging.root.manager.disable
    known = logging.root.manager.loggerDict.values()
    loggers = [logging.root, *(each for each in known if isinstance(each, logging.Logger))]
    before = [(logger, logger.level, logger.disabled) for logger in loggers]
    try:
        logging.disable(logging.NOTSET)
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
            logger.disabled = False
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            yield
    finally:
        logging.disable(disabled)
        for logger, level, was_disabled in before:
            logger.setLevel(level)
            logger.disabled = was_disabled


def shown_by_error(error: BaseException | None) -> Texts:
    """Return the texts of an exception, of its causes and contexts, and of those in a group."""
    texts: Texts = []
    seen, waiting = set[int](), [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        notes = "\n".join(map(str, getattr(each, "__notes__", ())))
        texts.append((f"a {type(each).__name__}", f"{shown_by(each)}\n{notes}"))
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return texts


def shown_by(thing: object) -> str:
    """Return the repr and the str of an object."""
    return f"{_text(lambda: repr(thing))}\n{_text(lambda: str(thing))}"


def _of_record(record: logging.LogRecord) -> str:
    shown = [_text(record.getMessage), _text(lambda: str(vars(record)))]
    if record.exc_info and record.exc_info[1]:
        shown += traceback.format_exception(record.exc_info[1])
    return "\n".join(shown)


def _text(call: Any) -> str:
    try:
        return str(call())
    except Exception as error:  # noqa: BLE001 - one that cannot be shown shows no secret
        return f"<{type(error).__name__}>"
