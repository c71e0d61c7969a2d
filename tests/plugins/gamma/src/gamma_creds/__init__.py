"""A plugin whose entry point names the module alone, and which speaks AWS's own names."""

from __future__ import annotations

import os
from pathlib import Path


def _trace(event: str) -> None:
    path = Path(os.environ.get("PLUGIN_TRACE", os.devnull))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"gamma {event}\n")


_trace("imported")


class Gamma:
    """The keys in the environment."""

    def retrieve(self) -> dict[str, str]:
        """Return the keys as STS would."""
        _trace("retrieved")
        return {
            "AccessKeyId": os.environ["GAMMA_KEY"],
            "SecretAccessKey": os.environ["GAMMA_SECRET"],
        }

    def is_expired(self) -> bool:
        """Keep the keys for ever."""
        return False


def get_aws_sdk_credential_provider() -> Gamma | None:
    """Return a plugin, or decline without a key."""
    return Gamma() if "GAMMA_KEY" in os.environ else None
