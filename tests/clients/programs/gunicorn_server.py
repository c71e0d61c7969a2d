"""Start gunicorn with preload on a free port, ask it until two workers have answered, stop it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.request import ProxyHandler, build_opener

LONGEST = 30  # seconds, for each of: to start, to answer, to stop
open_url = build_opener(ProxyHandler({})).open
server = subprocess.Popen(
    [
        *(sys.executable, "-m", "gunicorn", "--preload", "--workers", "3"),
        *("--bind", "127.0.0.1:0", "--pythonpath", Path(__file__).parent),
        "gunicorn_app:application",
    ],
    stderr=subprocess.PIPE,
    text=True,
    start_new_session=True,
)


def started() -> str:
    """Return the address that the server tells in its log."""
    assert server.stderr is not None
    for line in server.stderr:
        sys.stderr.write(line)
        if found := re.search(r"http://127[\d.]+:\d+", line):
            return found[0]
    raise RuntimeError("it did not start")


def stop() -> None:
    """End the server and its workers."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


watchdog = Timer(LONGEST, stop)
watchdog.start()
answers: list[dict[str, Any]] = []
try:
    address = started()
    watchdog.cancel()
    end = time.monotonic() + LONGEST
    while len({each["pid"] for each in answers}) < 2 and time.monotonic() < end:
        with open_url(address, timeout=LONGEST) as answer:
            answers.append(json.load(answer))
finally:
    watchdog.cancel()
    server.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.communicate(timeout=LONGEST)
    stop()
print(json.dumps({"answers": answers, "pid": server.pid}))
