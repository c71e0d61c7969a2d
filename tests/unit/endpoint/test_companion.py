"""How the companion of `exec` notices the end of the command where there is no pidfd."""

import os
import signal
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("there is no fork", allow_module_level=True)

from plugincreds._endpoint import companion


def test_the_command_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards macOS and older Linux, also if the command has become another user's."""
    answers = [None, PermissionError, ProcessLookupError]
    sent = []

    def kill(process: int, number: int) -> None:
        if number:
            sent.append((process, number))
        elif answer := answers.pop(0):
            raise answer

    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    companion._end_with(4711)
    assert answers == []
    assert sent == [(os.getpid(), signal.SIGTERM)]
