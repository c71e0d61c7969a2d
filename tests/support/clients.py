"""What the tests of other people's programs share: their profiles, and whom they must not be."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeAlias

from tests.support.environments import Environment
from tests.support.moto_process import Identity, MotoServer, allow

Reach: TypeAlias = Callable[[str], dict[str, str]]  # the fixture of that name


def others_in_reach(server: MotoServer, bob: Identity) -> dict[str, dict[str, str]]:
    """Return variables by the way in which a plugin is chosen, with whom it wins against.

    An installed plugin comes before the container; a selected one also before keys in the
    environment.
    """
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}
    return {"automatic": container, "selected": {**container, **bob.variables()}}


def new_bucket(server: MotoServer) -> str:
    """Return the name of a new bucket, which the administrator has made."""
    name = f"bucket-{secrets.token_hex(4)}"
    server.client("s3").create_bucket(Bucket=name)
    return name


def write_role_over_beta(environment: Environment, server: MotoServer) -> Identity:
    """Write the profile `role`, whose source is the plugin beta; return who may assume it."""
    role = server.create_role("outer", allow("s3:*"))
    base = server.create_identity("base", allow("sts:AssumeRole", resource=role))
    environment.write_config(
        "[profile base]\ncredential_plugin = beta\n"
        f"[profile role]\nrole_arn = {role}\nsource_profile = base\n"
    )
    return base


def assert_role_did_the_rest(server: MotoServer, base: Identity) -> None:
    """Check that `base` signed one AssumeRole, and the role's one key all else, which was S3."""
    first, *rest = server.seen()
    assert first == (base.access_key, "sts")
    ((key, service),) = set(rest)
    assert service == "s3"
    assert key != base.access_key
