"""Checks whether a botocore has the few callables and attributes that the bindings use."""

import inspect
from typing import Any

_RESOLVER_PARAMETERS = ["session", "cache", "region_name"]
_FIELDS = ("access_key", "secret_key", "token")
_AIO_BUILDERS = ("AioProfileProviderBuilder", "AnyioProfileProviderBuilder")


def unexpected_api(module: Any) -> tuple[str, ...]:
    """Return the names in a botocore's `credentials` module that the bindings cannot use.

    The result is empty for a compatible version.
    """
    builder = getattr(module, "ProfileProviderBuilder", None)
    fields = getattr(getattr(module, "ReadOnlyCredentials", None), "_fields", ())
    checks = {
        "create_credential_resolver": _begins_with(
            getattr(module, "create_credential_resolver", None), _RESOLVER_PARAMETERS
        ),
        "CredentialResolver": _parameters(getattr(module, "CredentialResolver", None))
        == ["providers"],
        "ReadOnlyCredentials": fields[:3] == _FIELDS and set(fields) <= {*_FIELDS, "account_id"},
        "RefreshableCredentials.refresh_needed": _parameters(
            getattr(getattr(module, "RefreshableCredentials", None), "refresh_needed", None)
        )
        == ["self", "refresh_in"],
        "ProfileProviderBuilder.providers": _begins_with(
            getattr(builder, "providers", None), ["self", "profile_name", "disable_env_vars"]
        ),
        "ProfileProviderBuilder._session": builder is not None and _keeps_session(builder),
    }
    return tuple(name for name, is_expected in checks.items() if not is_expected)


def aio_unexpected_api(module: Any, botocore: Any) -> tuple[str, ...]:
    """Return the same for aiobotocore's module, which is compared with botocore's."""
    providers = getattr(getattr(botocore, "ProfileProviderBuilder", None), "providers", None)
    builders = [getattr(module, name) for name in _AIO_BUILDERS if hasattr(module, name)]
    resolver = getattr(module, "AioCredentialResolver", None)
    credentials = getattr(module, "AioRefreshableCredentials", None)
    checks = {
        "create_credential_resolver": _begins_with(
            getattr(module, "create_credential_resolver", None), _RESOLVER_PARAMETERS
        ),
        _AIO_BUILDERS[0]: bool(builders)
        and all(each.providers is providers and _keeps_session(each) for each in builders),
        "AioCredentialResolver.load_credentials": inspect.iscoroutinefunction(
            getattr(resolver, "load_credentials", None)
        ),
        "AioRefreshableCredentials.get_frozen_credentials": inspect.iscoroutinefunction(
            getattr(credentials, "get_frozen_credentials", None)
        ),
        "ReadOnlyCredentials": getattr(module, "ReadOnlyCredentials", None)
        is getattr(botocore, "ReadOnlyCredentials", None),
    }
    return tuple(name for name, is_expected in checks.items() if not is_expected)


def _parameters(function: Any) -> list[str]:
    # signature() follows __wrapped__, so it sees botocore's function under our wrapper.
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _begins_with(function: Any, names: list[str]) -> bool:
    return _parameters(function)[: len(names)] == names


def _keeps_session(builder: Any) -> bool:
    session = object()
    try:
        return builder(session)._session is session  # noqa: SLF001 - the bindings use it
    except Exception:  # noqa: BLE001 - any exception means that the constructor has changed
        return False
