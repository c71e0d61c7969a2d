"""Libraries that keep files in S3."""

from __future__ import annotations

from pathlib import Path

from tests.clients.conftest import With
from tests.support.moto_process import Identity, MotoServer

PROGRAMS = Path(__file__).with_name("programs")


def test_smart_open(
    environment: With, server: MotoServer, alpha: dict[str, str], alice: Identity, bucket: str
) -> None:
    """Guards smart_open, which makes sessions of its own for each file."""
    made = environment("alpha", "smart_open[s3]")
    outcome = made.run(PROGRAMS / "smart_objects.py", bucket, variables=alpha)
    assert outcome.report == "hello"
    assert set(server.seen()) == {(alice.access_key, "s3")}


def test_django_storages(
    environment: With, server: MotoServer, alpha: dict[str, str], alice: Identity, bucket: str
) -> None:
    """Guards django-storages, and the addresses that it signs in advance.

    It hands the keys that it finds in the environment to its sessions, as a program does that has
    keys in its code; botocore and we obey that. So there are none.
    """
    variables = {key: value for key, value in alpha.items() if not is_key(key)}
    made = environment("alpha", "django-storages[s3]")
    report = made.run(PROGRAMS / "django_files.py", bucket, variables=variables).report
    assert report["read"] == "hello"
    assert alice.access_key in report["url"]
    assert set(server.seen()) == {(alice.access_key, "s3")}


def is_key(name: str) -> bool:
    """Tell whether a variable holds a part of an identity."""
    return name in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
