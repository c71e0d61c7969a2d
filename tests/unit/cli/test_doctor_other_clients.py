"""`plugincreds doctor` and the installed clients that do not use botocore."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plugincreds._cli.doctor.other_clients import installed_version
from tests.support.commands import main
from tests.unit.conftest import Install

BOMB = "raise RuntimeError('imported')"
WAYS = {
    "pyarrow": (["profile", "exec", "serve"], "two-line profile, exec or serve"),
    "obstore": (["exec", "serve"], "exec or serve"),
    "rasterio": (["exec", "serve"], "exec or serve; from GDAL 3.12 on also the profile"),
    "s3cmd": (["exec --env"], "exec --env"),
    "minio": ([], "nothing; takes keys in code"),
    "smithy-aws-core": (["itself"], "by itself; aws-sdk-..., from 0.8 on"),
    "ray": (["profile", "exec", "serve"], "two-line profile, exec or serve; ray.data"),
}
Printed = Callable[..., str]


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str]) -> Printed:
    """Return a function that runs the doctor and returns what it prints."""

    def printed(*options: str) -> str:
        main(["doctor", *options])
        return capfd.readouterr().out

    return printed


@pytest.mark.parametrize("package", WAYS)
def test_what_reaches_a_client(install: Install, printed: Printed, package: str) -> None:
    """Guards the document and the one line for each, and that no client is imported."""
    install(BOMB, module=package.replace("-", "_"), distribution=package, entry_points="")
    ways, line = WAYS[package]
    (found,) = json.loads(printed("--json"))["other_clients"]
    assert (found["package"], found["version"], found["reached_by"]) == (package, "1.2", ways)
    assert f"\nClients without botocore\n  {package} 1.2  {line}\n\n" in printed()


def test_without_such_clients_nothing_is_said(printed: Printed) -> None:
    """Guards most environments from a section that has no use there."""
    assert json.loads(printed("--json"))["other_clients"] == []
    assert "Clients without botocore" not in printed()


def test_the_name_of_a_package_in_another_spelling(install: Install, printed: Printed) -> None:
    """Guards packages whose folder has capitals or underscores, such as those of conda."""
    install(BOMB, module="osgeo", distribution="GDAL", entry_points="")
    install(BOMB, module="smithy", distribution="Smithy_AWS.Core", entry_points="")
    names = [each["package"] for each in json.loads(printed("--json"))["other_clients"]]
    assert names == ["gdal", "smithy-aws-core"]


@pytest.mark.parametrize("package", ["pyarrow", "boto3", "botocore"])
def test_what_an_interruption_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: Printed, package: str
) -> None:
    """Guards the doctor itself, which is called when an environment is damaged."""
    whole = installed_version(package)
    (tmp_path / "site" / f"{package}-9.9.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    document = json.loads(printed("--json"))
    assert installed_version(package) == whole
    assert document["versions"].get(package) == whole
