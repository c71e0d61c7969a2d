"""The tests for plugin authors: a good plugin passes all, a broken one fails the one it should."""

import gc
import re
import time
import warnings
from contextlib import suppress
from pathlib import Path

import botocore.session  # noqa: F401 - see below
import pytest

from plugincreds._lifecycle import retrieval as _retrieval
from plugincreds.testing import PluginContract
from plugincreds.testing._contract import probes

# pytester forgets what a run imports. Both are slow, so no run should be the first to import them.
with suppress(ImportError):
    import aiobotocore.session  # noqa: F401

pytest_plugins = ["pytester"]

HEAD = """
import asyncio, functools, logging, os, signal, socket, sys, threading, time, warnings
from datetime import datetime, timedelta, timezone
import botocore.session
import plugincreds
KEY, SECRET, LOGIN = "AKIAEXAMPLE000000000", "kAnArY7kAnArY7kAnArY7", "kAnArY8kAnArY8kAnArY8"
def busy():
    until = time.perf_counter() + 0.051
    while time.perf_counter() < until: pass
class Good:
    n = 0
    def __init__(self): self.thread = threading.get_ident()
    def retrieve(self):
        if os.environ["ACME"] == "failing": self.fail()
        return self.give()
    def fail(self): raise RuntimeError("no")
    def give(self): return KEY, SECRET
    def is_expired(self): return False
    def cache_key(self): return "acme"
"""
TAIL = """
def get_provider():
    return None if os.environ["ACME"] == "" else Plugin()
"""
USER = """
import os
import pytest
from plugincreds.testing import PluginContract
class TestIt(PluginContract):
    getter = "acme_kit:get_provider"
    time_limit = 5.0
    @pytest.fixture
    def configured(self, monkeypatch): monkeypatch.setenv("ACME", "good")
    @pytest.fixture
    def unconfigured(self, monkeypatch): monkeypatch.setenv("ACME", "")
    @pytest.fixture
    def failing(self, monkeypatch):
        monkeypatch.setenv("ACME", "failing")
        return "kAnArY8kAnArY8kAnArY8"
def test_what_comes_after():
    assert not {"ACME", "AWS_CREDENTIAL_PLUGIN"} & set(os.environ)
"""
TESTS = 26
RETRIEVE = "def give(self):\n        {}\n        return KEY, SECRET"
IS_EXPIRED = "def is_expired(self):\n        {}\n        return False"
ASYNCHRONOUS = """
async def retrieve():
    await asyncio.sleep(0)
    if os.environ["ACME"] == "failing": raise RuntimeError("no")
    return plugincreds.Value(KEY, SECRET, "token" * 10)
"""
GETTER = "def get_provider():\n    return None if os.environ['ACME'] == '' else {}\n"
ASKS_ITSELF = "botocore.session.Session().get_credentials()"
GOOD = {
    "an object": ("", TAIL),
    "the pair": ("", GETTER.format("(Plugin().retrieve, Plugin().is_expired)")),
    "the pair, asynchronous": ("", ASYNCHRONOUS + GETTER.format("(retrieve, lambda: False)")),
    "an object, asynchronous": (
        "async def retrieve(self):\n        await asyncio.sleep(0)\n        "
        "return super().retrieve()",
        TAIL,
    ),
    "a class with an expiry in its values": (
        "def give(self):\n        expiry = datetime.now(timezone.utc) + timedelta(hours=1)\n"
        "        return {'AccessKeyId': KEY, 'SecretAccessKey': SECRET, 'Expiration': expiry}",
        TAIL,
    ),
    "a getter that is a class": (
        "",
        "class get_provider(Plugin):\n"
        "    def __new__(cls): return super().__new__(cls) if os.environ['ACME'] else None\n",
    ),
    "a getter that is a partial": (
        "",
        "def get(kind): return kind() if os.environ['ACME'] else None\n"
        "get_provider = functools.partial(get, Plugin)",
    ),
    "a getter that is an object": (
        "",
        "class Getter:\n"
        "    def __call__(self, context): return Plugin() if os.environ['ACME'] else None\n"
        "get_provider = Getter()",
    ),
    "one decorator above the getter and retrieve": (
        "",
        "def told(function):\n    @functools.wraps(function)\n"
        "    def wrapper(*arguments): return function(*arguments)\n    return wrapper\n"
        f"Plugin.retrieve = told(Plugin.retrieve)\n{TAIL}get_provider = told(get_provider)",
    ),
    "prints at import": ("", f"print('Welcome to acme'){TAIL}"),
    "declines with a reason": (
        "def fail(self): raise plugincreds.RecoverableError('no', hint='run acme login')",
        "def get_provider():\n"
        "    return Plugin() if os.environ['ACME'] else plugincreds.Declined('ACME is not set')\n",
    ),
    "declines with a reason in retrieve": (
        "def retrieve(self):\n        if os.environ['ACME']: return super().retrieve()\n"
        "        return plugincreds.Declined('ACME is not set')",
        "def get_provider(): return Plugin()",
    ),
    "is slow at its first call": (
        "",
        f"seen = []\ndef import_things(): seen or busy() or busy() or seen.append(1)\n{TAIL}"
        "get, get_provider = get_provider, lambda: import_things() or get()",
    ),
    "changes the environment": (
        "",
        f"{TAIL}get = get_provider\ndef get_provider():\n"
        "    os.environ['AWS_CREDENTIAL_PLUGIN'] = os.environ.get('AWS_CREDENTIAL_PLUGIN', '')\n"
        "    return get()\n",
    ),
    "replaces the clock": (
        RETRIEVE.format("time.monotonic = time.perf_counter = lambda: 0.0"),
        TAIL,
    ),
    "keeps threads": (
        RETRIEVE.format("threading.Thread(target=time.sleep, args=(2,), daemon=True).start()"),
        TAIL,
    ),
    "starts one thread when it is first asked": (
        IS_EXPIRED.format(
            "self.n or threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
            "        self.n = 1"
        ),
        TAIL,
    ),
    "looks at the clock": (
        "until = 0\n    def give(self):\n        self.until = time.time() + 60\n"
        "        return KEY, SECRET\n    def is_expired(self): return time.time() > self.until",
        TAIL,
    ),
    "has a huge token": ("def give(self): return KEY, SECRET, 'x7' * 500_000", TAIL),
    "cannot be shown": ("def __repr__(self): raise RuntimeError(SECRET)", TAIL),
    "logs what it does": (RETRIEVE.format("logging.getLogger('acme').debug('asked')"), TAIL),
}
# What is broken, by the one test that fails: how, and the words that its author reads.
BROKEN = {
    "getter_returns_a_plugin": ("", "def get_provider(): return 'no'", "type str"),
    "getter_returns_a_plugin, exits": ("", "sys.exit('no')", "SystemExit: no"),
    "getter_returns_a_plugin, interrupts": (
        "",
        "def get_provider(): raise KeyboardInterrupt",
        "The getter raised KeyboardInterrupt",
    ),
    "getter_returns_a_plugin, declines": ("", "def get_provider(): pass", "is not configured here"),
    "getter_returns_a_plugin, declines with a reason": (
        "",
        "def get_provider(): return plugincreds.Declined('ACME is not set')",
        "The getter declined: ACME is not set",
    ),
    "getter_only_looks_at_the_configuration": (
        "def __init__(self):\n        os.environ['ACME'] == 'good' and self.retrieve()",
        TAIL,
        "The getter called retrieve()",
    ),
    "getter_only_looks_at_the_configuration, slow": (
        "def __init__(self): busy()",
        TAIL,
        r"takes \d+ ms at best, more than 50",
    ),
    "getter_only_looks_at_the_configuration, network": (
        "def __init__(self):\n        with socket.socket() as s: s.connect_ex(('127.0.0.1', 9))",
        TAIL,
        r"The getter used socket.connect_ex\(\)",
    ),
    "declines_where_it_is_not_configured": (
        "",
        "def get_provider(): return Plugin()",
        "Without its configuration, the plugin gave credentials",
    ),
    "declines_where_it_is_not_configured, fails": (
        "",
        "def get_provider():\n    if not os.environ['ACME']: raise KeyError('ACME')\n"
        "    return Plugin()",
        "KeyError: 'ACME'",
    ),
    "works_in_botocores_chain": (
        RETRIEVE.format(ASKS_ITSELF),
        TAIL,
        "In botocore's chain it fails",
    ),
    "works_in_aiobotocores_chain": (
        # botocore's chain, which is tried first, asks in the thread of the test.
        RETRIEVE.format(
            "where = threading.current_thread().name, os.environ['PYTEST_CURRENT_TEST']\n"
            "        if where[0] != 'plugin-under-test' and 'aiobotocores_chain' in where[1]:"
            " raise RuntimeError('not here')"
        ),
        TAIL,
        "In aiobotocore's chain it fails",
    ),
    "cache_key_is_stable": ("def cache_key(self): return str(id(self))", TAIL, "Two plugins"),
    "cache_key_is_stable, changes": (
        "def give(self):\n        self.n = 1\n        return KEY, SECRET\n"
        "    def cache_key(self): return str(self.n)",
        TAIL,
        "has changed with retrieve",
    ),
    "cache_key_holds_no_secret": ("def cache_key(self): return KEY", TAIL, "holds the access key"),
    "retrieve_returns_credentials": (
        "def give(self): return KEY, SECRET + ' '",
        TAIL,
        "ends with a space",
    ),
    "retrieve_returns_credentials, exits": (
        RETRIEVE.format("sys.exit(3)"),
        TAIL,
        r"raised SystemExit: 3 \(acme_kit.py, line \d+\)",
    ),
    "expiry_is_in_the_future": (
        "def give(self): return plugincreds.Value(KEY, SECRET,"
        " expiry_time=datetime(2020, 1, 1, tzinfo=timezone.utc))",
        TAIL,
        "expired at 2020-01-01",
    ),
    "retrieve_works_in_threads_as_one_flight": (
        RETRIEVE.format(
            "if threading.get_ident() != self.thread: raise RuntimeError('my thread: ' + SECRET)"
        ),
        TAIL,
        r"my thread: \[secret key\] \(acme_kit.py, line \d+\)",
    ),
    "retrieve_works_in_a_running_loop": (
        RETRIEVE.format("asyncio.run(asyncio.sleep(0))"),
        TAIL,
        "asyncio.run",
    ),
    "failure_is_an_exception": ("def fail(self): sys.exit(1)", TAIL, "raised SystemExit"),
    "failure_is_an_exception, declines": (
        "def retrieve(self): return None if os.environ['ACME'] == 'failing' else self.give()",
        TAIL,
        "by returning None",
    ),
    "failure_is_an_exception, declines with a reason": (
        "def retrieve(self): return plugincreds.Declined('x') if os.environ['ACME'] == 'failing'"
        " else self.give()",
        TAIL,
        "by returning a Declined",
    ),
    "failure_is_an_exception, the getter declines": (
        "",
        "def get_provider():\n    if os.environ['ACME'] == 'good': return Plugin()\n"
        "    return plugincreds.Declined('ACME is odd')",
        "declines when the source fails: ACME is odd",
    ),
    "failure_is_an_exception, works": ("def fail(self): pass", TAIL, "gave credentials"),
    "is_expired_returns_a_bool": ("def is_expired(self): return 0", TAIL, "type int"),
    "is_expired_returns_a_bool, awaits": (
        "async def is_expired(self): return False",
        TAIL,
        "type coroutine",
    ),
    "is_expired_returns_a_bool, exits": (IS_EXPIRED.format("sys.exit(3)"), TAIL, "SystemExit: 3"),
    "new_value_is_not_expired": ("def is_expired(self): return True", TAIL, "is True right after"),
    "is_expired_is_quick": ("def is_expired(self): return bool(busy())", TAIL, r"\d+ ms at best"),
    "is_expired_changes_nothing": (
        "def give(self):\n        self.n = 0\n        return KEY, SECRET\n"
        "    def is_expired(self):\n        self.n += 1\n        return self.n > 100",
        TAIL,
        "another answer at call 102",
    ),
    "is_expired_changes_nothing, retrieve": (
        "def give(self): return KEY, SECRET + str(self.n // 100)\n"
        "    def is_expired(self):\n        self.n += 1\n        return False",
        TAIL,
        "returns something else",
    ),
    "is_expired_uses_no_network": (
        IS_EXPIRED.format("with socket.socket() as s: s.connect_ex(('127.0.0.1', 9))"),
        TAIL,
        r"used socket.connect_ex\(\)",
    ),
    "is_expired_leaves_no_threads": (
        IS_EXPIRED.format("threading.Thread(target=time.sleep, args=(2,), daemon=True).start()"),
        TAIL,
        "leaves a thread running",
    ),
    "is_expired_answers_all_threads": (
        IS_EXPIRED.format("assert threading.get_ident() == self.thread, 'not mine'"),
        TAIL,
        "AssertionError: not mine",
    ),
    "no_secret_in_repr": ("def __repr__(self): return SECRET", TAIL, "The repr of the plugin"),
    "no_secret_is_logged": (
        RETRIEVE.format("logging.getLogger('acme').debug(SECRET)"),
        TAIL,
        "A DEBUG record of the logger 'acme' shows the secret key",
    ),
    "no_secret_is_warned_of": (RETRIEVE.format("warnings.warn(KEY)"), TAIL, "the access key"),
    "no_secret_is_printed": (RETRIEVE.format("print(SECRET)"), TAIL, "Stdout shows"),
    "no_secret_is_printed, by a program": (
        RETRIEVE.format("os.write(2, SECRET.encode())"),
        TAIL,
        "Stderr shows",
    ),
    "no_secret_in_a_reason": (
        "",
        "def get_provider():\n    if os.environ['ACME']: return Plugin()\n"
        "    return plugincreds.Declined('there is only ' + SECRET)",
        "The reason for declining shows the secret key",
    ),
    "no_secret_in_a_reason, of retrieve": (
        "def retrieve(self):\n        if os.environ['ACME']: return super().retrieve()\n"
        "        return plugincreds.Declined(KEY)",
        "def get_provider(): return Plugin()",
        "The reason for declining shows the access key",
    ),
    "no_secret_in_an_error, hint": (
        "def fail(self): raise plugincreds.RecoverableError('no', hint=SECRET)",
        TAIL,
        "A RecoverableError shows the secret key",
    ),
    "no_secret_in_an_error, printed": (
        "def fail(self):\n        print(LOGIN)\n        raise ValueError('no')",
        TAIL,
        "Stdout shows the secret of the fixture failing",
    ),
    "no_secret_in_an_error, logged": (
        "def fail(self):\n        logging.getLogger('acme').debug(LOGIN)\n"
        "        raise ValueError('no')",
        TAIL,
        "A DEBUG record of the logger 'acme' shows the secret of the fixture failing",
    ),
    "no_secret_in_an_error": (
        "def fail(self):\n        try: raise RuntimeError(SECRET)\n"
        "        except RuntimeError: raise ValueError('no')",
        TAIL,
        "A RuntimeError shows the secret key",
    ),
}


@pytest.fixture(autouse=True)
def without_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run pytest as an author who has no other plugins: some are slow to import, too."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(
    pytester: pytest.Pytester, body: str, tail: str, *options: str, user: str = USER
) -> pytest.RunResult:
    """Run the contract for one plugin, in this process but with modules of its own."""
    plugin = f"{HEAD}\nclass Plugin(Good):\n    {body or 'pass'}\n{tail}"
    Path(pytester.path, "acme_kit.py").write_text(plugin, encoding="utf-8")
    pytester.syspathinsert()
    pytester.makepyfile(user)
    settings = "-p", "no:cacheprovider", "--color=no", "-ra", "-W", "default"
    result = pytester.runpytest_inprocess(*settings, *options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()  # what a broken plugin has not awaited must not fail a test after this one
    return result


@pytest.mark.parametrize("name", GOOD)
def test_a_good_plugin_passes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Guards authors against tests that fail without a reason."""
    for clock in ("monotonic", "perf_counter"):  # one of the plugins replaces them
        monkeypatch.setattr(time, clock, getattr(time, clock))
    result = run(pytester, *GOOD[name])
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed", "skipped"}, result.stdout.str()
    assert sum(outcomes.values()) == TESTS + 1
    reasons = ["has no name", "has no cache_key()", "aiobotocore is not installed"]
    skipped = re.findall(r"SKIPPED.*", run_summary(result))
    assert all(any(reason in line for reason in reasons) for line in skipped)


def run_summary(result: pytest.RunResult) -> str:
    """Return what stands in the summary."""
    return result.stdout.str().partition("short test summary")[2]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_fails_its_test(pytester: pytest.Pytester, name: str) -> None:
    """Guards that each test can fail, alone, with advice, and without showing a secret."""
    if "aiobotocore" in name:
        pytest.importorskip("aiobotocore")
    body, tail, words = BROKEN[name]
    result = run(pytester, body, tail, "--showlocals", "--junitxml=report.xml")
    test = name.partition(",")[0]
    failed = re.findall(r"^FAILED .*::test_(\w+)", run_summary(result), re.MULTILINE)
    assert failed == [test], result.stdout.str()
    assert result.parseoutcomes().get("errors") is None
    result.stdout.fnmatch_lines(["The contract: *", "To do: *"])
    assert re.search(words, result.stdout.str())
    report = Path(pytester.path, "report.xml").read_text(encoding="utf-8")
    assert "The contract: " in report
    for shown in (result.stdout.str(), result.stderr.str(), report):
        assert "kAnArY" not in shown


def test_every_test_has_a_broken_plugin(pytester: pytest.Pytester) -> None:
    """Guards against a test of the contract that has never been seen to fail."""
    listed = run(pytester, *GOOD["an object"], "--collect-only").stdout.str()
    found = set(re.findall(r"<Function test_(\w+)>", listed))
    tried = {name.partition(",")[0] for name in BROKEN}
    # The declaration needs a distribution, and has a test below.
    assert found - {"what_comes_after"} == tried | {"entry_point_names_the_getter"}
    assert len(found) == TESTS + 1


def test_a_skip_refers_to_a_test_that_exists() -> None:
    """Guards against a reference that a renamed test leaves behind."""
    modules = Path(probes.__file__).parent.glob("*.py")
    names = [re.findall(r'"(test_\w+)"', module.read_text("utf-8")) for module in modules]
    assert all(hasattr(PluginContract, name) for each in names for name in each)
    assert len(set().union(*names)) > 5


def test_is_expired_has_the_bound_of_the_package() -> None:
    """Guards against two bounds."""
    assert probes.SLOW == _retrieval._SLOW_ANSWER


DECLARED = USER.replace("getter =", 'name = "acme"\n    getter =')


@pytest.mark.parametrize(
    ("entry_points", "words"),
    [
        ("acme = acme_kit : get_provider [fast]", ""),
        ("acme = acme_kit:get_provide", "are 'acme_kit:get_provide'"),
        ("vault = acme_kit:get_provider", "'acme' in the group aws_sdk.credential_plugins do not"),
    ],
)
def test_the_declaration(pytester: pytest.Pytester, entry_points: str, words: str) -> None:
    """Guards an author whose plugin works, and is not found once it is installed."""
    info = pytester.mkdir("acme_creds-1.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-creds\nVersion: 1.0\n")
    text = f"[aws_sdk.credential_plugins]\n{entry_points}\n"
    (info / "entry_points.txt").write_text(text, encoding="utf-8")
    result = run(pytester, "", TAIL, "-k", "entry_point", user=DECLARED)
    assert result.parseoutcomes().get("failed", 0) == bool(words)
    assert result.parseoutcomes().get("skipped") is None
    assert words in result.stdout.str()


OPTIONS = """
def get_provider(context):
    return Plugin() if context.options.get("role") else None
"""
WITH_OPTIONS = USER.replace("time_limit", 'options = {"role": "build"}\n    time_limit')
REPLACED = 'unconfigured(self, monkeypatch): monkeypatch.setenv("ACME", "")'


@pytest.mark.parametrize("returned", ["{}", '{"rolle": "build"}', "types.MappingProxyType({})"])
def test_options_that_configure_nothing(pytester: pytest.Pytester, returned: str) -> None:
    """Guards an author whose plugin is configured by options alone: 1.0.0 could not express it."""
    user = WITH_OPTIONS.replace(REPLACED, f"unconfigured(self): return {returned}")
    result = run(pytester, "", OPTIONS, user=f"import types\n{user}")
    assert set(result.parseoutcomes()) == {"passed", "skipped"}, result.stdout.str()
    assert "no fixture named" not in run_summary(result)


@pytest.mark.parametrize("returned", ["None", '{"role": "other"}', '["role"]'])
def test_options_that_still_configure(pytester: pytest.Pytester, returned: str) -> None:
    """Guards that it can fail: without options to use instead, those of the class stay."""
    user = WITH_OPTIONS.replace(REPLACED, f"unconfigured(self): return {returned}")
    result = run(pytester, "", OPTIONS, user=user)
    failed = re.findall(r"^FAILED .*::test_(\w+)", run_summary(result), re.MULTILINE)
    assert failed == ["declines_where_it_is_not_configured"]
    assert "or return the options with which it declines" in result.stdout.str()


HANGS = RETRIEVE.format("os.environ['ACME'] == 'good' and threading.Event().wait()")
HASTY = USER.replace("time_limit = 5.0", "time_limit = 2.0")


def test_a_plugin_that_hangs_ends_the_tests(pytester: pytest.Pytester) -> None:
    """Guards that a test run ends, and says where the plugin is; later tests do not wait."""
    result = run(pytester, HANGS, TAIL, user=HASTY)
    text = result.stdout.str()
    failed = re.findall(r"^FAILED .*::test_(\w+)", run_summary(result), re.MULTILINE)
    assert len(failed) == 1
    assert result.parseoutcomes().get("errors") is None
    assert re.search(r"has not returned after 2 s; it is at acme_kit.py, line \d+", text)
    assert "retrieve() does not return, as an earlier test shows" in run_summary(result)


def test_a_plugin_that_hangs_in_threads(pytester: pytest.Pytester) -> None:
    """Guards against a lock that is held in the thread that made the plugin."""
    body = IS_EXPIRED.format(
        "threading.current_thread().name.startswith('Thread-') and threading.Event().wait(9)"
    )
    result = run(pytester, body, TAIL, user=HASTY)
    failed = re.findall(r"^FAILED .*::test_(\w+)", run_summary(result), re.MULTILINE)
    assert failed == ["is_expired_answers_all_threads"]
    assert "32 of 32 threads got no answer" in result.stdout.str()


@pytest.mark.parametrize(
    ("written", "instead", "words"),
    [
        ('getter = "acme_kit:get_provider"', "pass", "TestIt has no getter that is a str. Write"),
        ('"acme_kit:get_provider"', "len", "TestIt has no getter that is a str. Write"),
        ('"acme_kit:get_provider"', '"acme_kit:get"', "has no attribute 'get'"),
        ('"acme_kit:get_provider"', '"acme:get"', "its module 'acme' does not exist"),
    ],
)
def test_a_getter_that_is_not_there(
    pytester: pytest.Pytester, written: str, instead: str, words: str
) -> None:
    """Guards an author who has not said, or misspelt, where the plugin is: one test tells."""
    result = run(pytester, "", TAIL, user=USER.replace(written, instead))
    assert result.parseoutcomes()["failed"] == 1
    assert result.parseoutcomes().get("errors") is None
    assert words in result.stdout.str()


@pytest.mark.parametrize("name", ["configured", "unconfigured", "failing"])
def test_a_fixture_without_its_mark(pytester: pytest.Pytester, name: str) -> None:
    """Guards an author who overrides a fixture and forgets that it must be one."""
    user = USER.replace(f"@pytest.fixture\n    def {name}(", f"def {name}(")
    result = run(pytester, "", TAIL, user=user)
    text = f"TestIt.{name} is not a fixture. Write @pytest.fixture above it."
    assert text in result.stdout.str()


def test_fixtures_that_are_not_provided(pytester: pytest.Pytester) -> None:
    """Guards that a test without its fixture is skipped, and says which one it needs."""
    user = USER.partition("    @pytest.fixture\n    def unconfigured")[0]
    result = run(pytester, "", TAIL, user=user)
    assert set(result.parseoutcomes()) == {"passed", "skipped"}
    for name in ("unconfigured", "failing"):
        assert f"TestIt has no fixture named {name}. Define one that" in run_summary(result)


def test_an_error_in_failing_does_not_show_what_it_returned(pytester: pytest.Pytester) -> None:
    """Guards a secret that only the author's fixture knows, such as one in a damaged file."""
    user = USER.replace('setenv("ACME", "failing")', 'setenv("ACME", "failing"); return "hIdDeN77"')
    body = "def fail(self): raise RuntimeError('hIdDeN77')"
    result = run(pytester, body, TAIL, "--showlocals", user=user)
    assert "A RuntimeError shows the secret of the fixture failing" in result.stdout.str()
    assert "hIdDeN77" not in result.stdout.str()


def test_keys_that_are_too_short(pytester: pytest.Pytester) -> None:
    """Guards against a finding of letters that stand in any text."""
    result = run(pytester, "def give(self): return 'a', 'b'", TAIL)
    assert "failed" not in result.parseoutcomes()
    assert "keys are too short to be found in a text" in run_summary(result)


def test_what_holds_no_secret_is_shown(pytester: pytest.Pytester) -> None:
    """Guards an author who looks for a fault: prints, logs and warnings of the plugin are there."""
    body = RETRIEVE.format(
        "print('I ask', KEY); logging.getLogger('acme').warning('I log')\n"
        "        logging.getLogger('acme').debug('I stay quiet')\n        warnings.warn('I warn')"
    )
    text = run(pytester, body, TAIL, "-k", "printed").stdout.str()
    assert "I ask [access key]" in text
    assert "I log" in text
    assert "UserWarning: I warn" in text
    assert "I stay quiet" not in text
