"""The environment in which every AWS client uses the endpoint, or a snapshot of credentials.

Clients look at keys, profiles, web identity and another container's address first. What a
variable says of those is removed; what a file says is reported, because it cannot be removed.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from plugincreds._contract import Value
from plugincreds._endpoint import HOST, URI_VARIABLE, is_meant_by
from plugincreds._errors import PluginError
from plugincreds._process_line import ExportCommand
from plugincreds._profile_selection import process_difference
from plugincreds._settings import (
    OFF,
    PROCESS_KEY,
    VARIABLE,
    Section,
    other_sources,
    own_plugin,
)

Changes = dict[str, str | None]  # None: the variable is removed

_TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 - the name of the variable
_TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105 - the same
_PRECEDING = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ACCOUNT_ID",
    "AWS_ACCESS_KEY",  # of Go and Java
    "AWS_SECRET_KEY",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CREDENTIAL_FILE",
    "BOTO_CONFIG",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    URI_VARIABLE,
    _TOKEN,
    _TOKEN_FILE,
)
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")  # most clients read the first, botocore the second
_PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_NO_PROXIES = ("NO_PROXY", "no_proxy")


def changes_for_endpoint(url: str, token: str, token_file: Path) -> Changes:
    """Return the changes that lead clients to the endpoint, and to nothing else."""
    return {
        **dict.fromkeys(_PRECEDING),
        URI_VARIABLE: url,
        _TOKEN: token,
        _TOKEN_FILE: str(token_file),  # some clients read only the file
        # Some clients go on to the machine's role where the endpoint gives an error.
        "AWS_EC2_METADATA_DISABLED": "true",
        # Without the variable, botocore reads /etc/boto.cfg and ~/.boto before the endpoint.
        "BOTO_CONFIG": os.devnull,
    }


def changes_for_keys(value: Value) -> Changes:
    """Return the changes for clients that read keys from the environment only."""
    expiry = value.expiry_time
    return {
        **dict.fromkeys(_PRECEDING),
        "AWS_ACCESS_KEY_ID": value.access_key,
        "AWS_SECRET_ACCESS_KEY": value.secret_key,
        "AWS_SESSION_TOKEN": value.token,
        "AWS_CREDENTIAL_EXPIRATION": None
        if expiry is None
        else expiry.isoformat(timespec="seconds"),
        "AWS_ACCOUNT_ID": value.account_id,
        VARIABLE: OFF,
    }


def changes_of_region(environ: Mapping[str, str], region: str | None) -> Changes:
    """Return the changes that keep the region of a profile which is not chosen any more."""
    return {name: region for name in _REGIONS if region and not environ.get(name)}


def changes_of_proxies(environ: Mapping[str, str]) -> Changes:
    """Return the changes that keep the token from a proxy, where the environment names one."""
    if not any(environ.get(name) for name in _PROXIES):
        return {}
    before = next((environ[name] for name in _NO_PROXIES if environ.get(name)), "")
    hosts = before if before == "*" else f"{before},{HOST}".lstrip(",")
    return dict.fromkeys(_NO_PROXIES, hosts)


def change_of_plugin(default: Section, plugin: str, profile: str) -> dict[str, str]:
    """Return the change that lets programs with plugincreds use this identity, too.

    Plugins are switched off for them, so that they use the endpoint. If the profile `default` has
    the same plugin beside other credentials, or in its `credential_process`, the endpoint does not
    come first: a program that loads plugins must load that one, and `plugincreds export` must not
    be forbidden.
    """
    is_same = profile == "default" and own_plugin(default) == plugin and other_sources(default)
    return {VARIABLE: plugin if is_same or _exports_same(default, plugin, profile) else OFF}


def caution(default: Section, plugin: str, profile: str) -> str:
    """Return what programs prefer to the endpoint, as sentences, or nothing.

    Args:
        default: The profile `default`, which is in use where no variable names another.
        plugin: The plugin of the endpoint.
        profile: The profile that it was asked for.
    """
    sources = other_sources(default)
    if _exports_same(default, plugin, profile):
        sources = tuple(key for key in sources if key != PROCESS_KEY)
    if not sources:
        return ""
    return (
        f"The profile 'default' has {' and '.join(sources)}, which programs use before the "
        "endpoint. Remove that, or let AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name other "
        "files."
    )


def _exports_same(default: Section, plugin: str, profile: str) -> bool:
    """Tell whether the `credential_process` of `default` gives the same credentials."""
    command = default.get(PROCESS_KEY)
    if profile != "default" or not isinstance(command, ExportCommand):
        return False
    # Without a name, `--profile default` may lead to any installed plugin.
    if not command.name and own_plugin(default) != plugin:
        return False
    return not process_difference({VARIABLE: plugin}, default, profile, plugin)


def check_not_inside(environ: Mapping[str, str], command: str) -> None:
    """Check that the environment does not lead to another endpoint of ours.

    Raises:
        PluginError: It does. What that one has removed is missing here, so the plugin might give
            another identity than it would outside.
    """
    if is_meant_by(environ):
        raise PluginError(
            f"`{command}` was started in an environment that `plugincreds exec` or `plugincreds "
            f"serve` has changed. Start it outside of that. If that one has ended: unset "
            f"{URI_VARIABLE} {_TOKEN} {_TOKEN_FILE} AWS_EC2_METADATA_DISABLED {VARIABLE}."
        )
