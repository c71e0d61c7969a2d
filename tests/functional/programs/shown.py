"""Runs a block of a how-to page; a plugin in it takes the place of `acme` and signs one request.

The keys in SHOWN_KEY and SHOWN_SECRET are the ones that a plugin may exchange.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from types import ModuleType
from typing import Any

import boto3

GETTERS = ("get_aws_sdk_credential_provider", "get_provider")


def getter_in(names: dict[str, Any]) -> Any:
    """Return the getter that a block defines, or None."""
    return next((names[name] for name in GETTERS if name in names), None)


def signer(getter: Any, profile: str) -> str:
    """Return who signs a request where `acme` is selected and has this getter."""
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["SHOWN_KEY"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = os.environ["SHOWN_SECRET"]
    os.environ["AWS_CREDENTIAL_PLUGIN"] = "acme"
    os.environ |= {"AWS_PROFILE": profile} if profile else {}
    plugin = ModuleType("acme_creds")
    plugin.get_provider = getter  # type: ignore[attr-defined]
    sys.modules["acme_creds"] = plugin
    return str(boto3.client("sts").get_caller_identity()["Arn"])


def main(block: str, profile: str = "") -> None:
    """Run the block; print who signs with the plugin in it, or null where it is none."""
    getter = getter_in(runpy.run_path(block, run_name="__main__"))
    print(json.dumps(None if getter is None else signer(getter, profile)))


if __name__ == "__main__":
    main(*sys.argv[1:])
