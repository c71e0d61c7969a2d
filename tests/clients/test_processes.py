"""Programs of several processes, which are started or forked while a plugin is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.conftest import With
from tests.support.moto_process import Identity, MotoServer, allow

PROGRAMS = Path(__file__).with_name("programs")


def retrievals(trace: Path) -> int:
    """Return how often the plugin alpha has retrieved, in all processes."""
    return trace.read_text().splitlines().count("alpha retrieved")


@pytest.mark.parametrize(("method", "retrieved"), [("fork", 1), ("spawn", 5)])
def test_multiprocessing(
    environment: With,
    server: MotoServer,
    alpha: dict[str, str],
    alice: Identity,
    trace: Path,
    method: str,
    retrieved: int,
) -> None:
    """Guards children: a forked one uses its parent's value, a spawned one gets its own."""
    made = environment("alpha", "boto3")
    report = made.run(PROGRAMS / "processes.py", method, variables=alpha).report
    assert {arn for each in report for arn in each["arns"]} == {alice.arn}
    assert len({each["pid"] for each in report}) == 5
    assert retrievals(trace) == retrieved
    assert server.seen() == [(alice.access_key, "sts")] * 10


def test_dask_workers_read_files(
    environment: With,
    server: MotoServer,
    alpha: dict[str, str],
    alice: Identity,
    bucket: str,
    trace: Path,
) -> None:
    """Guards file systems that travel to other processes: each process asks its own plugin once."""
    made = environment("alpha", "dask", "distributed", "s3fs")
    report = made.run(PROGRAMS / "dask_cluster.py", bucket, variables=alpha).report
    assert report["lines"] == [f"line {number}\n" for number in range(6)]
    assert {text for _, text in report["workers"]} == {"line 0\n"}
    assert len({report["pid"], *(pid for pid, _ in report["workers"])}) == 4
    assert retrievals(trace) == 4
    assert set(server.seen()) == {(alice.access_key, "s3")}


def test_celery_worker_with_sqs(
    environment: With,
    server: MotoServer,
    alpha: dict[str, str],
    bucket: str,
    tmp_path: Path,
    trace: Path,
) -> None:
    """Guards kombu, which signs some requests itself, and a worker's processes behind it."""
    erin = server.create_identity("erin", allow("sqs:*", "sts:*"))
    results = tmp_path / "results"
    results.mkdir()
    report = (
        environment("alpha", "boto3", "celery[sqs]")
        .run(
            PROGRAMS / "celery_sqs.py",
            variables={
                **alpha,
                **erin.for_plugin("alpha"),
                "QUEUE": bucket,
                "RESULTS": str(results),
            },
        )
        .report
    )
    assert {arn for _, arn in report["answers"]} == {erin.arn}
    assert not {pid for pid, _ in report["answers"]} & set(report["pids"])
    assert set(server.seen()) == {(erin.access_key, "sqs"), (erin.access_key, "sts")}
    assert 2 <= retrievals(trace) <= 4


def test_gunicorn_with_preload(
    environment: With, server: MotoServer, alpha: dict[str, str], alice: Identity, trace: Path
) -> None:
    """Guards workers that sign after a fork with the client, and the value, of their parent."""
    made = environment("alpha", "boto3", "gunicorn")
    report = made.run(PROGRAMS / "gunicorn_server.py", variables=alpha).report
    assert {each["arn"] for each in report["answers"]} == {alice.arn}
    (start,) = {tuple(each["start"].items()) for each in report["answers"]}
    assert start == (("pid", report["pid"]), ("arn", alice.arn))
    workers = {each["pid"] for each in report["answers"]}
    assert len(workers) >= 2
    assert report["pid"] not in workers
    assert retrievals(trace) == 1
    assert set(server.seen()) == {(alice.access_key, "sts")}
