"""A plugin that asks for itself, hides the error and declines, so that another might sign."""

import os

import boto3


def retrieve() -> object:
    """Ask the program's own session, and decline if that fails."""
    try:
        sts = boto3.client("sts", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
        return sts.assume_role(RoleArn=os.environ["ASKER_ROLE"], RoleSessionName="swallower")
    except Exception:  # noqa: BLE001 - this is the fault that it is here for
        return None


def is_expired() -> bool:
    """Leave that to the expiry."""
    return False


def get_provider() -> object:
    """Return the pair."""
    return retrieve, is_expired
