"""A plugin's exception may be of any class: what its code does harms no program."""

import logging
import sys
from typing import Any

import pytest

from plugincreds import CredentialsCache, NonRecoverableError, PluginProviderRetrieveError
from plugincreds._lifecycle.causes import traceback_text


def leave(*_: object) -> Any:
    """End the program, if that is possible."""
    sys.exit("the plugin has ended the program")


class Meta(type):
    """A class whose name and module are no texts."""

    __name__ = property(leave)
    __module__ = property(leave)


class SecondTime:
    """Lets an exception be made once."""

    made = 0

    def __new__(cls, *_: object) -> Any:
        cls.made += 1
        return super().__new__(cls) if cls.made == 1 else leave()


HOSTILE: dict[str, dict[str, Any]] = {
    **{
        name: {name: leave}
        for name in (
            "__str__",
            "__getattribute__",
            "__getattr__",
            "__eq__",
            "__bool__",
            "__reduce__",
        )
    },
    **{
        name: {name: property(leave)}
        for name in ("args", "__dict__", "__class__", "__cause__", "__traceback__")
    },
    "__class__ of Ctrl-C": {"__class__": KeyboardInterrupt},
    "__module__ None": {"__module__": None},
    "__module__ 5": {"__module__": 5},
}
CLASSES = {name: type("OddError", (Exception,), body) for name, body in HOSTILE.items()}
CLASSES["metaclass"] = Meta("OddError", (Exception,), {})
CLASSES["hint"] = type("OddError", (NonRecoverableError,), {"hint": property(leave, leave)})
CLASSES["no Exception"] = type("OddError", (BaseException,), {"__module__": None})


@pytest.mark.parametrize("kind", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_a_hostile_class(
    caplog: pytest.LogCaptureFixture, kind: type[BaseException], level: int
) -> None:
    """Guards programs: it is a failure as any other, for the first caller and for later ones."""
    caplog.set_level(level, "plugincreds")

    def fail() -> Any:
        raise error from OSError("cause")

    error = kind.__new__(kind, "text")
    cache = CredentialsCache(fail)
    for _ in range(2):
        with pytest.raises(PluginProviderRetrieveError, match=r"its retrieve\(\) raised"):
            cache.get()


def test_a_class_that_can_be_made_once() -> None:
    """Guards the copy that is kept."""
    kind = type("OddError", (SecondTime, Exception), {})

    def fail() -> Any:
        raise error

    error = kind("text")
    with pytest.raises(PluginProviderRetrieveError, match="OddError"):
        CredentialsCache(fail).get()


def test_an_empty_exception_is_one() -> None:
    """Guards exceptions that are containers: an empty one is false, and the cause nevertheless."""
    kind = type("EmptyError", (Exception,), {"__len__": lambda _: 0})

    def fail() -> Any:
        raise error

    error, cache, causes = kind("text"), CredentialsCache(fail), []
    for _ in range(2):
        with pytest.raises(PluginProviderRetrieveError) as caught:
            cache.get()
        causes.append(caught.value.__cause__)
    assert causes[0] is error
    assert type(causes[1]) is kind


def test_a_long_chain() -> None:
    """Guards the record's time: each exception is compared with no other."""
    kind = type("OddError", (Exception,), {"__eq__": leave, "__hash__": None})
    error = last = kind("last")
    for number in range(100):
        error.__cause__ = error = kind(str(number))
    assert len(traceback_text(last).splitlines()) == 101
