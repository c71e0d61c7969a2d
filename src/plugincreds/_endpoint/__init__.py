"""Credentials for programs that cannot load plugins: a container-credentials endpoint."""

from collections.abc import Mapping

HOST = "127.0.0.1"
PATH = "/plugincreds/credentials"
URI_VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


def is_meant_by(environ: Mapping[str, str]) -> bool:
    """Tell whether an environment leads AWS clients to an endpoint of ours."""
    uri = environ.get(URI_VARIABLE, "")
    return uri.startswith(f"http://{HOST}:") and uri.endswith(PATH)
