"""Plugins that need AWS to get credentials: one in the wrong way, two in the right ways.

`asker` gives the keys ASKER_KEY and ASKER_SECRET, if there are any, as long as the file
ASKER_EXPIRED does not exist; else it asks STS through the program's own default session, which
would need its credentials first. The others assume the role ASKER_ROLE as whoever the base
session is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

import plugincreds


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"asker {event}\n")


_trace("imported")


class Asker:
    """Assumes a role with whatever session it is given."""

    def __init__(self, client: Callable[..., Any]) -> None:
        """Remember how to make a client."""
        self._client = client

    def retrieve(self) -> Any:
        """Return temporary credentials for the role."""
        _trace("retrieved")
        sts = self._client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        answer = sts.assume_role(RoleArn=os.environ["ASKER_ROLE"], RoleSessionName="asker")
        return answer["Credentials"]

    def is_expired(self) -> bool:
        """Leave that to the expiry."""
        return False


class AskerOfItself(Asker):
    """Works with given keys until they expire, then asks the very session that waits for it."""

    def retrieve(self) -> Any:
        """Return the given keys, or ask STS in the wrong way."""
        if "ASKER_KEY" in os.environ and not self.is_expired():
            _trace("retrieved")
            return os.environ["ASKER_KEY"], os.environ["ASKER_SECRET"]
        return super().retrieve()

    def is_expired(self) -> bool:
        """Tell whether the test has said so."""
        return Path(os.environ["ASKER_EXPIRED"]).exists()


def from_default_session() -> Asker:
    """Return the plugin that asks for itself."""
    return AskerOfItself(boto3.client)


def from_base_session() -> Asker:
    """Return a plugin that uses the base session."""
    return Asker(plugincreds.base_session().create_client)


def from_context(context: plugincreds.PluginContext) -> Asker:
    """Return a plugin that uses the session in its context."""
    return Asker(context.session.create_client)
