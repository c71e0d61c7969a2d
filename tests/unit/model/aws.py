"""Replaces AWS: what STS and a container's endpoint answer tells with whose keys they were asked.

The access key that a role gets is the role and its source's key: `role-one<plugin:alpha`.
"""

import importlib
from typing import Any

import pytest

AIOBOTOCORE = importlib.util.find_spec("aiobotocore") is not None


def replace_aws(patch: pytest.MonkeyPatch) -> None:
    """Replace AWS for botocore, and for aiobotocore if it is there."""
    credentials: Any = importlib.import_module("botocore.credentials")
    utils: Any = importlib.import_module("botocore.utils")
    web = "AssumeRoleWithWebIdentityCredentialFetcher"
    patch.setattr(credentials.AssumeRoleCredentialFetcher, "_get_credentials", _role)
    patch.setattr(getattr(credentials, web), "_get_credentials", _web)
    patch.setattr(utils.ContainerMetadataFetcher, "retrieve_full_uri", _container)
    if AIOBOTOCORE:
        credentials = importlib.import_module("aiobotocore.credentials")
        utils = importlib.import_module("aiobotocore.utils")
        patch.setattr(credentials.AioAssumeRoleCredentialFetcher, "_get_credentials", _role_awaited)
        patch.setattr(getattr(credentials, f"Aio{web}"), "_get_credentials", _web_awaited)
        patch.setattr(utils.AioContainerMetadataFetcher, "retrieve_full_uri", _container_awaited)


def _role(fetcher: Any) -> dict[str, Any]:
    return _role_of(fetcher, fetcher._source_credentials.get_frozen_credentials())


async def _role_awaited(fetcher: Any) -> dict[str, Any]:
    return _role_of(fetcher, await fetcher._source_credentials.get_frozen_credentials())


def _role_of(fetcher: Any, source: Any) -> dict[str, Any]:
    return {"Credentials": _answer(f"{fetcher._role_arn}<{source.access_key}")}


def _web(fetcher: Any) -> dict[str, Any]:
    return {"Credentials": _answer(f"web:{fetcher._role_arn}")}


async def _web_awaited(fetcher: Any) -> dict[str, Any]:
    return _web(fetcher)


def _container(*_: object, **__: object) -> dict[str, Any]:
    return _answer("container")


async def _container_awaited(*_: object, **__: object) -> dict[str, Any]:
    return _container()


def _answer(access_key: str) -> dict[str, Any]:
    rest = {"SecretAccessKey": "secret", "SessionToken": "token", "Token": "token"}
    return {"AccessKeyId": access_key, **rest, "Expiration": "2099-01-01T00:00:00Z"}
