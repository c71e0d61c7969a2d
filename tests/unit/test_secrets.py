"""Canary secrets on every path that ends in an error, searched for in all that people see."""

import gc
import logging
import pkgutil
import traceback
from datetime import datetime, timezone
from pathlib import Path

import botocore.session
import pytest

import plugincreds
from plugincreds import CredentialsCache
from tests.support.interruptions import Stopped
from tests.unit.conftest import Install

OURS = Path(plugincreds.__file__).parent
CANARY = "kAnArY7"
LONG = "kAnArY7" * 6  # as long as a secret key, so that it is one even in an exception's text
SETUP = f"KEY, SECRET, LONG = 'AKIA{CANARY}', '{CANARY}', '{LONG}'\n"

PATHS = {
    "wrong arity": "return KEY, SECRET, SECRET, SECRET",
    "a list": "return [KEY, SECRET]",
    "a string": "return SECRET",
    "bytes": "return KEY.encode(), SECRET.encode()",
    "a space": "return KEY, SECRET + ' '",
    "a newline in the token": "return KEY, SECRET, SECRET + chr(10)",
    "a key in capitals": "return KEY + chr(0), SECRET",
    "a nested mapping": "return {'Credentials': {'SecretAccessKey': SECRET}}",
    "half a mapping": "return {'SecretAccessKey': SECRET}",
    "an expiration": "return {'AccessKeyId': KEY, 'SecretAccessKey': SECRET, 'Expiration': SECRET}",
    "an account": "return plugincreds.Value(KEY, SECRET, account_id=SECRET)",
    "no timezone": "return plugincreds.Value(KEY, SECRET, expiry_time=datetime.max)",
    "expired": (
        "return plugincreds.Value(KEY, SECRET, expiry_time=datetime.min.replace("
        "tzinfo=timezone.utc))"
    ),
    "raised": "raise ValueError('bad answer: ' + LONG)",
    "raised with a URL": "raise ValueError('404: https://vault.example.com/v1/aws/creds/' + LONG)",
    "raised with a header": "raise ValueError('Authorization: Bearer ' + SECRET)",
    "raised with JSON": "raise ValueError('{\"SecretAccessKey\": \"' + SECRET + '\"}')",
    "raised with its bytes": "b'{\"' + LONG.encode() + b'\\xff\"}'.decode()",
    "a hint": "raise plugincreds.RecoverableError('Logged out.', hint=LONG)",
    "a final hint": "raise plugincreds.NonRecoverableError('Logged out.', hint=LONG)",
    "declined": "return plugincreds.Declined('no answer to ' + LONG)",
    "not awaited": "return (x for x in (KEY, SECRET))",
}
GETTERS = {
    "credentials from the getter": "def get_provider(): return KEY, SECRET",
    "three of them": "def get_provider(): return KEY, SECRET, SECRET",
    "a mapping from the getter": "def get_provider(): return {'SecretAccessKey': SECRET}",
    "getter raises": "def get_provider(): raise ValueError(LONG)",
    "cache key": (
        "class get_provider:\n    def retrieve(self): ...\n    is_expired = retrieve\n"
        "    def cache_key(self): return SECRET.encode()"
    ),
    "is_expired": ("def get_provider(): return (lambda: (KEY, SECRET)), (lambda: SECRET)\n"),
    "declined by the getter": "def get_provider(): return plugincreds.Declined(LONG)",
    "import": "raise ImportError(LONG)",
}
SOURCES = {
    **{
        name: f"def retrieve():\n    {body}\ndef get_provider(): return retrieve, lambda: False"
        for name, body in PATHS.items()
    },
    **{
        f"{name}, async": (
            f"async def retrieve():\n    {body}\ndef get_provider(): return retrieve, lambda: False"
        )
        for name, body in PATHS.items()
    },
    **GETTERS,
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("selected", [True, False], ids=["selected", "automatic"])
def test_no_error_path_shows_a_secret(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    source: str,
    *,
    selected: bool,
) -> None:
    """Not in a message, a repr, a log record at any level, or a variable of a frame of ours."""
    header = "import plugincreds\nfrom datetime import datetime, timezone\n"
    install(header + SETUP + source)
    if selected:
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    caplog.set_level(logging.DEBUG)
    error: Exception | None = None
    try:
        credentials = botocore.session.Session().get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except Exception as caught:  # noqa: BLE001 - which error it is, is tested elsewhere
        error = caught
    told = "DEBUG" if "Declined" in source else "WARNING"
    assert error is not None or told in [record.levelname for record in caplog.records]
    shown = [record.getMessage() for record in caplog.records]
    shown += [str(vars(record)) for record in caplog.records if record.name == "plugincreds"]
    if error is not None:
        shown += [str(error), repr(error), str(vars(error)), *_frames_of_ours(error)]
    assert shown
    assert not [text for text in shown if CANARY in text]


def _frames_of_ours(error: BaseException | None) -> list[str]:
    """Render tracebacks with the variables of each frame, as error reporters do."""
    rendered: list[str] = []
    while error is not None:
        summary = traceback.TracebackException.from_exception(error, capture_locals=True)
        rendered += [
            f"{frame.name}: {frame.locals}"
            for frame in summary.stack
            if Path(frame.filename).is_relative_to(OURS)
        ]
        error = error.__cause__ or error.__context__
    return rendered


def test_a_good_value_is_never_logged(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does anything of ours that holds it show it when it is printed."""
    install(SETUP + "def get_provider(): return (lambda: (KEY, SECRET, SECRET)), (lambda: False)")
    caplog.set_level(logging.DEBUG)
    credentials = botocore.session.Session().get_credentials()
    assert CANARY in credentials.secret_key
    ours = [
        thing for thing in gc.get_objects() if str(type(thing).__module__).startswith("plugincreds")
    ]
    assert any(type(thing).__name__ == "Value" for thing in ours)
    assert not [thing for thing in ours if CANARY in repr(thing)]
    assert CANARY not in caplog.text
    assert CANARY not in repr(credentials)


def test_what_is_expired_answers_of_an_expired_value_is_not_shown() -> None:
    """The one path on which it is raised, and not only warned of."""
    now = [0.0]
    expiry = datetime.fromtimestamp(60, tz=timezone.utc)
    value = plugincreds.Value(CANARY, CANARY, expiry_time=expiry)
    answers = [CANARY]
    cache = CredentialsCache(lambda: value, lambda: answers[0], clock=lambda: now[0])  # type: ignore[arg-type, return-value]
    cache.get()
    now[0] = 61.0
    with pytest.raises(plugincreds.PluginProviderRetrieveError, match="of type str") as caught:
        cache.get()
    assert not [text for text in _frames_of_ours(caught.value) if CANARY in text]


MAPPING = """
def retrieve():
    return {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "SessionToken": SECRET,
            "Expiration": "2100-01-01T00:00:00Z"}
class get_provider:
    calls = 0
    retrieve = staticmethod(retrieve)
    def is_expired(self): return False
    def cache_key(self):
        self.calls += 1
        return "me" if self.calls == 1 or not STOP else STOP()
"""
# The calls in a retrieval that may take long, and so are where a signal handler interrupts it.
LONG_CALLS = [
    "dateutil.parser.parse",
    "os.fsync",
    "os.replace",
    "os.stat",
    "os.close",  # of files, and of the lock
    "cache_key",
]
WHEN_RETRIEVED = {"os.fsync", "os.replace", "cache_key"}


@pytest.mark.parametrize("call", LONG_CALLS)
@pytest.mark.parametrize("shared", ["true", "false"])
@pytest.mark.parametrize("written", [False, True], ids=["retrieved", "read"])
def test_no_interruption_shows_a_secret(
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    shared: str,
    *,
    written: bool,
) -> None:
    """Guards crash reporters, which show variables, from raw answers and contents of files."""
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE", shared)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(tmp_path / "cache"))
    install(f"STOP = None\n{SETUP}{MAPPING}", module="canary_mapping")
    if written:
        botocore.session.Session().get_credentials()
        plugincreds.reset()
    found: list[str] = []
    for number in range(100):  # interrupt the first of these calls, then the second, and so on
        plugincreds.reset()
        if not written:
            _forget(tmp_path / "cache")
        try:
            with monkeypatch.context() as patch:
                _interrupt(patch, call, number)
                botocore.session.Session().get_credentials()
        except Stopped as error:
            found += _frames_of_ours(error)
        else:
            break
    assert number < 99
    assert not [text for text in found if CANARY in text]
    assert found or shared == "false" or (written and call in WHEN_RETRIEVED)


def _interrupt(patch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """Let a call be interrupted at its end, after it has been made a number of times."""
    calls = iter(range(number))

    def stop() -> str:
        if next(calls, None) is None:
            raise Stopped
        return "me"

    if call == "cache_key":
        patch.setattr("canary_mapping.STOP", stop)
        return
    owner, _, name = call.rpartition(".")
    target = pkgutil.resolve_name(owner)
    original = getattr(target, name)

    def stopping(*arguments: object, **options: object) -> object:
        result = original(*arguments, **options)
        stop()
        return result

    patch.setattr(target, name, stopping)


def _forget(folder: Path) -> None:
    for file in folder.glob("*.json"):
        file.unlink()
