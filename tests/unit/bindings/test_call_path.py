"""How many frames of ours stand between a chain and a plugin: a newcomer must follow them."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import botocore.session
import pytest

import plugincreds
from tests.unit.conftest import Install

PACKAGE = str(Path(plugincreds.__file__).parent) + os.sep
PLUGIN = """
    from datetime import datetime, timedelta, timezone
    from plugincreds import Value
    from tests.unit.bindings.test_call_path import frames_of_ours
    seen, expired = [], [False]
    def retrieve():
        seen.append(frames_of_ours())
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        return Value(f"KEY{len(seen)}", "secret", expiry_time=expiry)
    def get_provider(): return retrieve, lambda: expired[0] and len(seen) < 2
"""


def frames_of_ours() -> list[str]:
    """Return the functions of the package that lead to the caller, the outermost first."""
    found: list[str] = []
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            found.insert(0, frame.f_code.co_name)
        frame = frame.f_back
    return found


def plugin_module() -> Any:
    """Return the module of the plugin that was installed last."""
    return [module for name, module in sys.modules.items() if name.startswith("acme_")][-1]


@pytest.mark.parametrize("selected", ["", "vault"])
def test_the_call_path_is_short(
    install: Install, monkeypatch: pytest.MonkeyPatch, selected: str
) -> None:
    """Guards the bounds: at most 10 frames to a first retrieval, and 6 to a refresh."""
    install(PLUGIN)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", selected)
    credentials = botocore.session.Session().get_credentials()
    module = plugin_module()
    module.expired[0] = True
    assert credentials.get_frozen_credentials().access_key == "KEY2"
    first, refresh = module.seen
    assert (first[0], first[-1]) == ("load_credentials", "__call__")
    assert len(first) <= 10
    assert refresh[0] == "get_frozen_credentials"
    assert len(refresh) <= 6


class Answer(dict[str, Any]):
    """A mapping that counts how often its secret is read."""

    reads = 0

    def __getitem__(self, name: str) -> Any:
        if name == "SecretAccessKey":
            type(self).reads += 1
        return super().__getitem__(name)


def test_an_answer_is_checked_once_also_when_it_is_shared(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Guards against work done twice: one check of the answer, one question for the identity."""
    install("""
        from tests.unit.bindings.test_call_path import Answer
        questions = []
        class get_provider:
            def retrieve(self):
                return Answer(AccessKeyId="AKIA", SecretAccessKey="secret", SessionToken="token",
                              Expiration="2100-01-01T00:00:00Z")
            def is_expired(self): return False
            def cache_key(self):
                questions.append(1)
                return "me"
    """)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", "true")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(Answer, "reads", 0)
    credentials = botocore.session.Session().get_credentials()
    assert credentials.get_frozen_credentials().secret_key == "secret"
    assert len(list((tmp_path / "cache").glob("*.json"))) == 1
    assert Answer.reads == 1
    assert len(plugin_module().questions) == 2  # when it was loaded, and after it had retrieved
