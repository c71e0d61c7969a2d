"""The matrices that are too long for `make test`: run `nox`, or `nox -s NAME`."""

import os

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
# Each with what was made for it. aiobotocore wants one botocore, which is never the newest.
UPSTREAM = {
    "lowest": ["boto3==1.28.0", "botocore==1.31.0"],
    "lowest aiobotocore": ["aiobotocore==2.6.0", "boto3==1.28.17", "trio"],
    "newest": ["boto3"],
    "newest aiobotocore": ["aiobotocore", "boto3", "httpx2", "trio"],
}


@nox.session(python=PYTHONS)
@nox.parametrize("upstream", sorted(UPSTREAM))
def tests(session: nox.Session, upstream: str) -> None:
    """Run all tests; the environments that the functional tests make have the same botocore."""
    session.install(*nox.project.dependency_groups(_pyproject(), "dev"), *UPSTREAM[upstream])
    session.install("--no-deps", "--editable", ".")
    with_aiobotocore = "aiobotocore" in upstream
    chosen = ["plugins/keyring/tests", "sample_plugin/tests"]
    chosen += ["tests/functional", "tests/hook", "tests/unit"]
    # Environments with s3fs in them need aiobotocore's botocore, too.
    others = ["--ignore=tests/functional/test_clients.py"]
    if with_aiobotocore:
        chosen, others = ["tests/asynchronous", *chosen], []
    processes = ["--numprocesses=auto", "--dist=worksteal"]
    session.run("python", "-m", "pytest", *processes, *chosen, *others, *session.posargs)


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


def _pyproject() -> dict[str, object]:
    return nox.project.load_toml("pyproject.toml")
