"""The matrices that are too long for `make test`: run `nox`, or `nox -s NAME`."""

import os

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"]
# Each with what was made for it. aiobotocore wants one botocore, which is never the newest.
UPSTREAM = {
    "debian 12": ["boto3==1.26.27", "botocore==1.29.27"],
    "lowest aiobotocore": ["aiobotocore==2.6.0", "boto3==1.28.17", "trio"],
    "newest": ["boto3"],
    "newest aiobotocore": ["aiobotocore", "boto3", "httpx2", "trio"],
}
# These run on Python 3.12 and before. Ubuntu 22.04 has the first of them, for its Python 3.10.
OLDER = {
    "ubuntu 22.04": ["boto3==1.20.34", "botocore==1.23.34"],
    "1.27": ["boto3==1.24.59", "botocore==1.27.59"],
}


@nox.session(python=PYTHONS)
@nox.parametrize("upstream", sorted(UPSTREAM))
def tests(session: nox.Session, upstream: str) -> None:
    """Run all tests; the environments that the functional tests make have the same botocore."""
    _run(session, UPSTREAM[upstream], with_aiobotocore="aiobotocore" in upstream)


@nox.session(python=["3.10"])
@nox.parametrize("upstream", sorted(OLDER))
def older(session: nox.Session, upstream: str) -> None:
    """Run all tests with the oldest versions of botocore.

    Before 1.31 botocore reads no AWS_ENDPOINT_URL: `tests/support/endpoint.py` leads its clients of
    STS to the server of the tests. Not tested: aiobotocore and s3fs, which want newer versions, and
    what these lack, such as the provider for `aws login`.
    """
    _run(session, OLDER[upstream], with_aiobotocore=False)


@nox.session(python=["3.11", "3.13"])
def clients(session: nox.Session) -> None:
    """Run other people's programs, each in an environment of its own with its newest versions."""
    session.install(*nox.project.dependency_groups(_pyproject(), "dev"))
    session.install("--no-deps", "--editable", ".")
    session.run("python", "-m", "pytest", *(session.posargs or ["tests/clients"]))


@nox.session
def model(session: nox.Session) -> None:
    """Hold thousands of situations, in each client, against the specification of who signs."""
    groups = nox.project.dependency_groups(_pyproject(), "dev", "asynchronous")
    session.install(*groups, "awscli>=1.46")
    session.install("--no-deps", "--editable", ".")
    cases = {"PLUGINCREDS_MODEL_CASES": os.environ.get("PLUGINCREDS_MODEL_CASES", "8000")}
    processes = ["--numprocesses=auto", "--dist=worksteal"]
    tests = ["tests/unit/model", *session.posargs]
    session.run("python", "-m", "pytest", *processes, *tests, env=cases)


@nox.session
def pages(session: nox.Session) -> None:
    """Look at each page of the site in chromium: wide and narrow, light and dark."""
    session.install("playwright")
    session.run("make", "docs", external=True)
    session.run("python", "docs/drawing/screenshots.py")


def _run(session: nox.Session, versions: list[str], *, with_aiobotocore: bool) -> None:
    session.install(*nox.project.dependency_groups(_pyproject(), "dev"), *versions)
    session.install("--no-deps", "--editable", ".")
    chosen = ["plugins/keyring/tests", "plugins/shared-file/tests", "sample_plugin/tests"]
    chosen += ["tests/functional", "tests/hook", "tests/unit"]
    # Environments with s3fs in them need aiobotocore's botocore, too.
    others = ["--ignore=tests/functional/test_clients.py"]
    if with_aiobotocore:
        chosen, others = ["tests/asynchronous", *chosen], []
    processes = ["--numprocesses=auto", "--dist=worksteal"]
    session.run("python", "-m", "pytest", *processes, *chosen, *others, *session.posargs)


def _pyproject() -> dict[str, object]:
    return nox.project.load_toml("pyproject.toml")
