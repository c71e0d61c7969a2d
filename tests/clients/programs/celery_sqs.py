"""Start a Celery worker with two processes, give it tasks, and report what came of them.

The broker is SQS, the results are files. The worker imports this file, too.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import boto3
from celery import Celery

TASKS = 12
HERE = Path(__file__)

app = Celery(broker="sqs://", backend=f"file://{os.environ['RESULTS']}")
app.conf.broker_transport_options = {"wait_time_seconds": 1, "polling_interval": 0.1}
app.conf.task_default_queue = os.environ["QUEUE"]
app.conf.worker_enable_remote_control = False


@app.task(name="who")  # type: ignore[untyped-decorator] # mypy does not look at celery
def who() -> tuple[int, str]:
    """Return the process and who it is."""
    return os.getpid(), boto3.client("sts").get_caller_identity()["Arn"]


def main() -> None:
    """Run worker and tasks, and print the report."""
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "--workdir", HERE.parent, "-A", HERE.stem),
            *("worker", "--concurrency", "2", "--loglevel", "WARNING"),
        ],
        start_new_session=True,
    )
    try:
        results = [who.delay() for _ in range(TASKS)]
        answers = [each.get(timeout=60, interval=0.1) for each in results]
    finally:
        worker.terminate()
        with suppress(subprocess.TimeoutExpired):
            worker.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)  # it and its children, if they did not end
    print(json.dumps({"answers": answers, "pids": [os.getpid(), worker.pid]}))


if __name__ == "__main__":
    main()
