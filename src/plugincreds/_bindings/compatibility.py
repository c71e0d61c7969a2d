"""Whether a botocore is as we know it: the few callables and attributes that we rely on."""

import inspect
from typing import Any

_RESOLVER_PARAMETERS = ["session", "cache", "region_name"]
_FIELDS = ("access_key", "secret_key", "token")
_AIO_BUILDERS = ("AioProfileProviderBuilder", "AnyioProfileProviderBuilder")


def misfits(module: Any) -> tuple[str, ...]:
    """Return what differs in a botocore's `credentials` module from what we rely on."""
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
    return tuple(name for name, fits in checks.items() if not fits)


def aio_misfits(module: Any, botocore: Any) -> tuple[str, ...]:
    """Return the same for aiobotocore's module, beside botocore's own."""
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
    return tuple(name for name, fits in checks.items() if not fits)


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)  # past our own wrapper
    except (TypeError, ValueError):
        return []


def _begins_with(function: Any, names: list[str]) -> bool:
    return _parameters(function)[: len(names)] == names


def _keeps_session(builder: Any) -> bool:
    session = object()
    try:
        return builder(session)._session is session  # noqa: SLF001 - this is what is looked at
    except Exception:  # noqa: BLE001 - whatever it raises, it is not as we know it
        return False
