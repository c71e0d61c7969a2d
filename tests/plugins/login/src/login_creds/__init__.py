"""A plugin whose login only a person can renew: it says so, or waits until that person gives up.

It has credentials never. With LOGIN=fail it fails, with LOGIN=wait it waits, and sends this
process what Ctrl-C would send.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from plugincreds import NonRecoverableError

LONGER_THAN_ANY_TEST = 600


def retrieve() -> None:
    """Return never."""
    if os.environ["LOGIN"] == "wait":
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(LONGER_THAN_ANY_TEST)
    raise NonRecoverableError("The login has expired", hint="run acme login")


def is_expired() -> bool:
    """Leave that to the service."""
    return False


def get_provider() -> tuple[Callable[[], None], Callable[[], bool]] | None:
    """Return the pair, or decline where nobody wants a login."""
    return (retrieve, is_expired) if "LOGIN" in os.environ else None
