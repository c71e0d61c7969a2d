"""The variables that give fixture plugins their keys, and the names that identities have."""

from __future__ import annotations

from tests.support.moto_process import Identity

SESSION = "tests"  # the role_session_name of the profiles that the tests write


def alpha(identity: Identity) -> dict[str, str]:
    """Return the variables that give the plugin alpha these keys."""
    return identity.for_plugin("alpha")


def beta(identity: Identity) -> dict[str, str]:
    """Return the variables that give the plugin beta these keys."""
    return identity.for_plugin("beta")


def gamma(identity: Identity) -> dict[str, str]:
    """Return the variables that give the plugin gamma these keys."""
    return identity.for_plugin("gamma")


def assumed(role_arn: str, session_name: str = SESSION) -> str:
    """Return the ARN that STS gives to a session of a role."""
    name = role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    return f"{name}/{session_name}"
