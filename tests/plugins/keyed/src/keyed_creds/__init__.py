"""Gives the keys of `KEYED_KEY` and `KEYED_SECRET` for an hour, and traces each retrieval.

With `KEYED_PROFILE` it first asks for the credentials of that profile, as a plugin would that
exchanges them.
"""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from plugincreds import Value, base_session


class Keyed:
    """Declines without keys."""

    def __new__(cls) -> "Keyed | None":
        """Return a plugin where there are keys."""
        return super().__new__(cls) if "KEYED_KEY" in os.environ else None

    def __init__(self) -> None:
        """Take the keys."""
        self._keys = os.environ["KEYED_KEY"], os.environ["KEYED_SECRET"]

    def retrieve(self) -> Value:
        """Return them, and leave a line."""
        print("this must not be in a document")
        with Path(os.environ["PLUGIN_TRACE"]).open("a") as file:
            file.write(f"{os.getpid()}\n")
        if "KEYED_PROFILE" in os.environ:
            session = base_session()
            session.set_config_variable("profile", os.environ["KEYED_PROFILE"])
            session.get_credentials().get_frozen_credentials()
        return Value(*self._keys, expiry_time=datetime.now(timezone.utc) + timedelta(hours=1))

    def is_expired(self) -> bool:
        """Tell that they are good."""
        return False

    def cache_key(self) -> str:
        """Return whose they are."""
        return self._keys[0]
