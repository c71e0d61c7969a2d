"""The installed clients that do not use botocore, and how a plugin's credentials reach them.

Nothing is imported: the metadata of the installed packages has the names and the versions.
"""

from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata

# The words are those of the JSON document.
_ITSELF = ("itself",)
_PROFILE_OR_ENDPOINT = ("profile", "exec", "serve")
_ENDPOINT = ("exec", "serve")
_KEYS = ("exec --env",)
_NOTHING = ()
_GDAL = "from GDAL 3.12 on also the profile"
# Tried with the versions in docs/reference/command-line.md; those of `_NOTHING` take keys in code.
_CLIENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "awscrt": (_PROFILE_OR_ENDPOINT, ""),
    "daft": (_PROFILE_OR_ENDPOINT, ""),
    "datafusion": (_ENDPOINT, ""),
    "deltalake": (_ENDPOINT, ""),
    "duckdb": (_PROFILE_OR_ENDPOINT, "needs a secret of credential_chain"),
    "fiona": (_ENDPOINT, _GDAL),
    "gdal": (_ENDPOINT, _GDAL),
    "icechunk": (_PROFILE_OR_ENDPOINT, "needs from_env=True"),
    "lancedb": (_PROFILE_OR_ENDPOINT, ""),
    "minio": (_NOTHING, "takes keys in code"),
    "obstore": (_ENDPOINT, ""),
    "polars": (_ENDPOINT, ""),
    "pyarrow": (_PROFILE_OR_ENDPOINT, ""),
    "pyiceberg": (_PROFILE_OR_ENDPOINT, ""),
    "pylance": (_PROFILE_OR_ENDPOINT, ""),
    "pyogrio": (_ENDPOINT, _GDAL),
    "rasterio": (_ENDPOINT, _GDAL),
    "ray": (_PROFILE_OR_ENDPOINT, "ray.data"),
    "s3cmd": (_KEYS, ""),
    "s3torchconnector": (_PROFILE_OR_ENDPOINT, ""),
    "smithy-aws-core": (_ITSELF, "aws-sdk-..., from 0.8 on"),
    "tensorstore": (_ENDPOINT, ""),
}


@dataclass(frozen=True, slots=True)
class OtherClient:
    """An installed client that does not use botocore.

    Attributes:
        package: The name of its distribution.
        version: Its version.
        reached_by: Each way in which it gets a plugin's credentials: "itself", "profile" (with
            both credential_plugin and credential_process), "exec", "serve" or "exec --env".
        note: What else that depends on, or empty.
    """

    package: str
    version: str
    reached_by: tuple[str, ...]
    note: str


def other_clients() -> list[OtherClient]:
    """Return those that are installed, in order of name."""
    return [
        OtherClient(package, version, reached_by, note)
        for package, (reached_by, note) in _CLIENTS.items()
        if (version := installed_version(package)) is not None
    ]


def installed_version(package: str) -> str | None:
    """Return the version of an installed package; None without one."""
    for found in metadata.distributions(name=package):
        with suppress(Exception):  # what an interrupted installation has left has no version
            if found.version:
                return found.version
    return None
