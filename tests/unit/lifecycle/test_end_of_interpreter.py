"""Credentials are retrieved while the interpreter ends, in processes of their own."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, concurrent.futures, gc, sys, threading, time
from plugincreds._lifecycle.engine import RefreshEngine
from plugincreds._lifecycle.reports import Reporter
from plugincreds._lifecycle.retrieval import Retrieval

async def coroutine():
    return "AKIA", "secret"

def function():
    return "AKIA", "secret"

def use():
    reporter = Reporter("plugin")
    retrieval = Retrieval(globals()[kind], reporter, time.time)
    print(RefreshEngine(retrieval, None, reporter, timeout=limit).get().access_key, flush=True)

class Circle:
    def __init__(self):
        self.itself = self
    def __del__(self):
        use()

def late():
    threading.main_thread().join()
    use()

def drained():
    while not concurrent.futures.thread._shutdown:  # set when no thread can be started any more
        pass
    use()

kind, limit = sys.argv[2], float(sys.argv[3]) or None
if sys.argv[1] == "atexit":
    atexit.register(use)
elif sys.argv[1] == "thread":
    threading.Thread(target=late).start()
elif sys.argv[1] == "executor":
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.submit(drained)
else:
    use()
    gc.disable()
    atexit.register(gc.enable)  # the last collection comes later
    Circle()
"""


@pytest.mark.parametrize("where", ["atexit", "thread", "executor", "finalizer"])
@pytest.mark.parametrize("kind", ["function", "coroutine"])
@pytest.mark.parametrize("limit", ["0", "30"])
def test_a_retrieval(where: str, kind: str, limit: str) -> None:
    """Guards programs that use AWS as they end: they neither fail nor hang."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, where, kind, limit],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, set(done.stdout.split())) == ("", {"AKIA"})
