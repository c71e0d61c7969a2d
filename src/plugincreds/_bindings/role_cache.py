"""Tells plugins apart in the caches of roles that are assumed with their credentials.

The AWS CLI, and programs that use botocore's `JSONFileCache`, keep the session of a role in a
file. botocore names it after the role alone, so another plugin would get that session, too.
"""

from typing import Any

from plugincreds._bindings.credentials import Adapter


def tell_plugins_apart(credentials: Any) -> None:
    """Let the cache of an assumed role depend on the plugin, if its credentials come from one.

    Nothing has been read from the cache yet: botocore does that at the first use.
    """
    fetchers = []
    # There is no public way from a role's credentials to the cache; a test pins these names.
    while (fetcher := _fetcher(credentials)) is not None:
        fetchers.append(fetcher)
        credentials = fetcher._source_credentials  # noqa: SLF001 - see above
    if not isinstance(credentials, Adapter):
        return
    fingerprint = credentials.source.fingerprint()
    for fetcher in fetchers:
        if fingerprint is None:
            fetcher._cache = {}  # noqa: SLF001 - see above
        else:
            fetcher._cache_key += f"-{fingerprint}"  # noqa: SLF001 - see above


def _fetcher(credentials: Any) -> Any:
    """Return what assumes the role of these credentials; None if they are not of a role."""
    refresh = getattr(credentials, "_refresh_using", None)
    owner = getattr(refresh, "__self__", refresh)  # a method of it, or an object with __call__
    # With MFA, that is an object between the two.
    owner = getattr(getattr(owner, "_refresh", None), "__self__", owner)
    return owner if hasattr(owner, "_source_credentials") else None
