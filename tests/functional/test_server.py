"""The server that all other scenarios trust: it must refuse what AWS refuses."""

from __future__ import annotations

import dataclasses

import pytest
from botocore.exceptions import ClientError

from tests.support.moto_process import Identity, MotoServer, allow


def code(server: MotoServer, service: str, operation: str, identity: Identity) -> str:
    """Return the error code of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        getattr(server.client(service, identity), operation)()
    return str(caught.value.response["Error"]["Code"])


def test_server_refuses_wrong_secrets_and_unknown_keys(server: MotoServer, alice: Identity) -> None:
    """Guards the ground of the functional tests: without the right secret nothing is answered."""
    wrong = dataclasses.replace(alice, secret_key="wrong")
    assert code(server, "sts", "get_caller_identity", wrong) == "SignatureDoesNotMatch"
    assert code(server, "s3", "list_buckets", wrong) == "SignatureDoesNotMatch"
    gone = server.create_identity("gone")
    server.delete_key(gone)
    assert code(server, "sts", "get_caller_identity", gone) == "InvalidClientTokenId"
    assert code(server, "s3", "list_buckets", gone) == "InvalidAccessKeyId"


def test_server_enforces_policies_and_tells_who_signed(server: MotoServer) -> None:
    """Guards the two views that scenarios assert by: rights, and the keys that signed."""
    carol = server.create_identity("carol", allow("s3:ListAllMyBuckets"))
    server.client("s3", carol).list_buckets()
    assert code(server, "iam", "list_users", carol) == "AccessDenied"
    assert server.seen() == [(carol.access_key, "s3"), (carol.access_key, "iam")]
