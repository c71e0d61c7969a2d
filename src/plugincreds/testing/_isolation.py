"""A test apart from the developer's own AWS settings."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def restored_environment() -> Iterator[None]:
    """Restore all environment variables: a plugin or a program under test may set some.

    Use it in a fixture that comes before `monkeypatch`, which restores only what it has changed
    itself, and does so first.
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def isolate_aws(patch: pytest.MonkeyPatch, folder: Path, config: str = "") -> None:
    """Hide AWS's variables and files until `patch` is undone.

    Args:
        patch: The test's own `monkeypatch`: two of them could undo the same variable in the
            wrong order.
        folder: Where AWS's files are looked for instead.
        config: The text of the configuration file there.
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
def isolated_default_session() -> Iterator[None]:
    """Hide the session that boto3 keeps for `boto3.client()`, because it has credentials."""
    before = _replace_default_session(None)
    try:
        yield
    finally:
        _replace_default_session(before)


def _replace_default_session(session: object) -> object:
    boto3: Any = sys.modules.get("boto3")  # the kit does not need it, and a test may import it
    if boto3 is None:
        return None
    before, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, session
    return before
