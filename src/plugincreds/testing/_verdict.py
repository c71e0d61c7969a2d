"""How a test of the contract speaks to a plugin's author."""

import traceback
from pathlib import Path
from typing import NoReturn

import pytest

from plugincreds._errors import PluginError, described


def broken(found: str, wanted: str, advice: str) -> NoReturn:
    """Fail the test, without a traceback: one could show credentials."""
    message = f"{found}.\nThe contract: {wanted}.\nTo do: {advice}."
    raise pytest.fail.Exception(message, pytrace=False) from None  # nor that of the plugin's error


def not_asked(test: str) -> NoReturn:
    """Skip a test that needs what another one has found broken."""
    pytest.skip(f"{test} says what is wrong first")


def raised(error: BaseException) -> str:
    """Return what was raised, and where, without what looks like a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{described(error)}{where}"


def sentence(error: PluginError) -> str:
    """Return what an error of the package says, as the beginning of a message."""
    return str(error).rstrip(".")
