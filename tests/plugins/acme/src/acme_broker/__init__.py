"""What the how-to pages have for an identity provider: it gives the keys in two variables."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

CODE = "123456"  # of the MFA device, where one is asked for


@dataclass
class Keys:
    id: str
    secret: str = field(repr=False)
    expiry: datetime
    token: str | None = None


class Broker:
    def __init__(self, server: str, role: str) -> None:
        self._identity = f"{server} {role}"

    def retrieve(self) -> dict[str, object]:
        keys = log_in()
        return {
            "AccessKeyId": keys.id,
            "SecretAccessKey": keys.secret,
            "Expiration": keys.expiry,
        }

    def is_expired(self) -> bool:
        return False

    def cache_key(self) -> str:
        return self._identity


class _Connection:
    async def log_in(self) -> Keys:
        return log_in()


@asynccontextmanager
async def connect() -> AsyncIterator[_Connection]:
    yield _Connection()


def log_in(code: str | None = None) -> Keys:
    if code not in {None, CODE}:
        raise PermissionError("That is not the code")
    expiry = datetime.now(timezone.utc) + timedelta(hours=1)
    return Keys(os.environ["ACME_KEY"], os.environ["ACME_SECRET"], expiry)


def log_in_as_tuple() -> tuple[str, str]:
    keys = log_in()
    return keys.id, keys.secret


def has_logged_out() -> bool:
    return False
