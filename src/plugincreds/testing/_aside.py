"""The developer's own AWS settings, set aside while a test runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SESSION = "DEFAULT_SESSION"


@contextmanager
def environment_kept() -> Iterator[None]:
    """Put back all environment variables: a plugin, or a program under test, may set some.

    It is for a fixture that comes before `monkeypatch`, which in the end puts back what it has
    found.
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def set_aws_aside(patch: pytest.MonkeyPatch, folder: Path, config: str = "") -> None:
    """Hide AWS's variables and files, until `patch` is undone.

    `patch` is that of the test: were it another one, two could undo the same variable in the
    wrong order.

    Args:
        patch: Undoes it.
        folder: Where files may be looked for.
        config: What stands in the configuration file instead.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    file = folder / "config"
    file.write_text(config, encoding="utf-8")
    patch.setenv("AWS_CONFIG_FILE", str(file))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    patch.setenv("BOTO_CONFIG", str(folder / "boto"))  # botocore still reads boto 2's ~/.boto
    patch.setenv("AWS_CREDENTIAL_PLUGIN_CACHE_DIR", str(folder / "cache"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@contextmanager
def default_session_set_aside() -> Iterator[None]:
    """Hide the session that boto3 keeps for `boto3.client()`: it has somebody's credentials."""
    before = getattr(sys.modules.get("boto3"), _SESSION, None)
    try:
        _set_default_session(None)
        yield
    finally:
        _set_default_session(before)


def _set_default_session(session: object) -> None:
    boto3 = sys.modules.get("boto3")  # the kit does not need it
    if boto3 is not None:
        setattr(boto3, _SESSION, session)
