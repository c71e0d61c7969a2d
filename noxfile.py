"""The matrices that are too long for `make test`: run `nox`, or `nox -s NAME`."""

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
# The lowest botocore that pyproject.toml allows, with the boto3 that was made for it.
UPSTREAM = {"lowest": ["boto3==1.28.0", "botocore==1.31.0"], "newest": ["boto3"]}


@nox.session(python=PYTHONS)
@nox.parametrize("upstream", sorted(UPSTREAM))
def tests(session: nox.Session, upstream: str) -> None:
    """Run all tests; the environments that the functional tests make have the same botocore."""
    session.install(*nox.project.dependency_groups(_pyproject(), "dev"), *UPSTREAM[upstream])
    session.install("--no-deps", "--editable", ".")
    session.run("python", "-m", "pytest", *session.posargs)


def _pyproject() -> dict[str, object]:
    return nox.project.load_toml("pyproject.toml")
