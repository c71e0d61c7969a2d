"""Everything that a plugin lets people see: log records, warnings, what it prints, errors.

What nobody may see of a plugin's values.
"""

import logging
import sys
import traceback
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from plugincreds._contract import Value

Texts = list[tuple[str, str]]  # where something stands, and what


class Secrets:
    """The keys and tokens that a test has come to know. Shown, they tell nothing."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}

    def add(self, value: Value) -> None:
        """Note the parts of a value."""
        self._kinds[value.access_key] = "access key"
        self._kinds[value.secret_key] = "secret key"
        if value.token:
            self._kinds[value.token] = "token"

    def add_given(self, given: object) -> None:
        """Note what the fixture failing returned: nothing, a str, or several."""
        texts = [given] if isinstance(given, str) else given if isinstance(given, Iterable) else ()
        self._kinds |= {str(text): "secret of the fixture failing" for text in texts}

    @property
    def are_too_short(self) -> bool:
        """Whether one of them cannot be told from other text."""
        return any(len(secret) < _SHORTEST for secret in self._kinds)

    def kind_in(self, text: str) -> str:
        """Return what a text shows, such as "token", or nothing."""
        return next((kind for secret, kind in self._long() if secret in text), "")

    def hidden_in(self, text: str) -> str:
        """Return a text with their names in their place."""
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


class Witness:
    """What has been shown while a test ran, kept until the secrets are known.

    What holds none of them is shown at the end; the rest never is, so that pytest's report of
    a failing test is as clean as the plugin should be.
    """

    def __init__(self, patch: pytest.MonkeyPatch, capture: Any) -> None:
        self._capture = capture
        self._printed = {"stdout": "", "stderr": ""}
        self._records: list[tuple[logging.Logger, logging.LogRecord]] = []
        self._warnings: list[tuple[Any, ...]] = []
        self._log, self._warn = logging.Logger.callHandlers, warnings.showwarning
        # Behind the level and the filters of a logger, before all handlers.
        patch.setattr(logging.Logger, "callHandlers", lambda *call: self._records.append(call))
        patch.setattr(warnings, "showwarning", lambda *call, **_: self._warnings.append(call))

    def logged(self, foreign: Collection[str]) -> Texts:
        """Return all that was logged, but for the loggers of others."""
        return [
            (f"a {record.levelname} record of the logger {record.name!r}", _of_record(record))
            for _, record in self._records
            if not any(f"{record.name}.".startswith(f"{name}.") for name in foreign)
        ]

    def warned(self) -> Texts:
        """Return all warnings."""
        return [(f"a {kind.__name__}", str(text)) for text, kind, *_ in self._warnings]

    def printed(self) -> Texts:
        """Return what stands on stdout and stderr.

        To be asked after each call of the plugin: pytest shows, at the end of each phase of a
        test, what nobody has read.
        """
        if self._capture is not None:
            found = self._capture.readouterr()
            self._printed["stdout"] += found.out
            self._printed["stderr"] += found.err
        return list(self._printed.items())

    def pass_on(self, secrets: Secrets) -> None:
        """Show what holds no secret, to whom it was meant for."""
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
    """Switch all loggers to DEBUG, and all warnings on."""
    disabled = logging.root.manager.disable
    before = [(each, each.level, each.disabled) for each in (logging.root, *_loggers())]
    try:
        logging.disable(logging.NOTSET)
        for logger, _, _ in before:
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


def _loggers() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [each for each in known if isinstance(each, logging.Logger)]


def _of_record(record: logging.LogRecord) -> str:
    shown = [_text(record.getMessage), _text(lambda: str(vars(record)))]
    if record.exc_info and record.exc_info[1]:
        shown += traceback.format_exception(record.exc_info[1])
    return "\n".join(shown)


def of_error(error: BaseException | None) -> Texts:
    """Return what an exception shows, and those behind it and in it."""
    texts: Texts = []
    seen, waiting = set[int](), [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        notes = "\n".join(map(str, getattr(each, "__notes__", ())))
        texts.append((f"a {type(each).__name__}", f"{of_thing(each)}\n{notes}"))
        waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return texts


def of_thing(thing: object) -> str:
    """Return all that an object says of itself."""
    return f"{_text(lambda: repr(thing))}\n{_text(lambda: str(thing))}"


def _text(call: Any) -> str:
    try:
        return str(call())
    except Exception as error:  # noqa: BLE001 - one that cannot be shown shows no secret
        return f"<{type(error).__name__}>"


_SHORTEST = 8  # letters; what is shorter is found in any text
