"""Many processes, and many threads, that want credentials from a slow source at the same time.

Run it alone as `python -m benchmarks.scale`; `make bench` has it in its table.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials

from benchmarks.credentials import OURS, Broker, long_lived, plugin_credentials
from benchmarks.endpoint import endpoint_command, serving
from benchmarks.environments import Environments
from benchmarks.first_client import KEYS
from benchmarks.rows import Figure, Row, Table, markdown, once
from tests.support.environments import checked, pinned

PROCESSES, AT_ONCE, THREADS = 200, 8, 1000
SIGNATURES = 100  # of each thread
TITLE = "Scale"
UNITS = once("retrievals"), once("time")
IN_PROCESSES = "{} processes, {} at a time, each with its first credentials; a retrieval takes {} s"
IN_THREADS = "{} threads together, {} signatures each; a retrieval takes {} s"
ALONE, SHARING = "without sharing", "with sharing"
ENDPOINT = "with the endpoint of `plugincreds serve`"
DEFERRED = "botocore's `DeferredRefreshableCredentials`"
SLOWNESS = 0.5  # seconds that a retrieval takes
PLUGIN = f"""
import os, time
from datetime import datetime, timedelta, timezone

from plugincreds import CredentialPlugin, Value

class Slow(CredentialPlugin):
    def retrieve(self):
        time.sleep({SLOWNESS})
        with open(os.environ["RETRIEVALS"], "a") as file:
            file.write("x")
        expiry = datetime.now(timezone.utc) + timedelta(hours=1)
        return Value("AKIDEXAMPLE", "secret", "token", expiry_time=expiry)

    def cache_key(self):
        return "bench"

def get_provider():
    return Slow()
"""
PROGRAM = """
import botocore.session
assert botocore.session.Session().get_credentials().get_frozen_credentials().access_key
"""

Run = tuple[int, float]  # how many retrievals, and how many seconds


def in_processes(environments: Environments, directory: Path, processes: int) -> list[Row]:
    """Compare processes that have the plugin alone, share it, use its endpoint, or have keys."""
    python = environments.python("slow", "plugincreds", *pinned("filelock"), plugin=PLUGIN)

    def run(name: str, use: Callable[[dict[str, str]], Any]) -> Run:
        home = directory / name
        home.mkdir()
        log = home / "retrievals"
        log.touch()
        variables = environments.variables(HOME=str(home), RETRIEVALS=str(log))
        started = time.perf_counter()
        with use(variables) as found, ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(partial(checked, [python, "-c", PROGRAM]), [found] * processes))
        return len(log.read_text()), time.perf_counter() - started

    @contextmanager
    def endpoint(variables: dict[str, str]) -> Iterator[dict[str, str]]:
        with serving(endpoint_command(python), variables) as served:
            yield {**variables, **served.variables}

    def more(**names: str) -> Callable[[dict[str, str]], Any]:
        return lambda variables: nullcontext({**variables, **names})

    runs = {
        ALONE: run("alone", more()),
        SHARING: run("sharing", more(AWS_CREDENTIAL_PLUGIN_CACHE="true")),
        ENDPOINT: run("endpoint", endpoint),
        "for comparison, keys in the environment": run("keys", more(**KEYS)),
    }
    return _rows(IN_PROCESSES.format(processes, min(AT_ONCE, processes), SLOWNESS), runs)


def in_threads(threads: int) -> list[Row]:
    """Compare threads of one process that sign together, from before the first retrieval."""
    makers: dict[str, Callable[[Broker], Any]] = {
        OURS: plugin_credentials,
        DEFERRED: lambda broker: DeferredRefreshableCredentials(broker.metadata, "bench"),
    }
    question = IN_THREADS.format(f"{threads:,}", SIGNATURES, SLOWNESS)
    return _rows(question, {who: _sign(make, threads) for who, make in makers.items()})


def _sign(make: Callable[[Broker], Any], threads: int) -> Run:
    broker = long_lived(SLOWNESS)
    credentials, barrier = make(broker), threading.Barrier(threads + 1)

    def sign() -> None:
        barrier.wait()
        for _ in range(SIGNATURES):
            credentials.get_frozen_credentials()

    with ThreadPoolExecutor(threads) as pool:
        signing = [pool.submit(sign) for _ in range(threads)]
        barrier.wait()
        started = time.perf_counter()
        for each in signing:
            each.result()
        return broker.calls, time.perf_counter() - started


def _rows(question: str, runs: dict[str, Run]) -> list[Row]:
    (calls, seconds), *_ = runs.values()
    return [
        Row(question, who, (Figure(str(of), of / calls), Figure(f"{took:.1f} s", took / seconds)))
        for who, (of, took) in runs.items()
    ]


def rows(environments: Environments, directory: Path, processes: int, threads: int) -> list[Row]:
    """Compare both."""
    return [*in_processes(environments, directory, processes), *in_threads(threads)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = rows(Environments(folder / "environments"), folder, PROCESSES, THREADS)
        print(markdown(Table(TITLE, UNITS, found)))
