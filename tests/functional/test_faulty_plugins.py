"""What other people's broken packages do to a program: nothing, or an error that names them."""

from __future__ import annotations

import pytest

from tests.support.environments import Environment, NewEnvironment
from tests.support.identities import alpha, gamma
from tests.support.moto_process import Identity, MotoServer
from tests.support.programs import whoami

BROKEN = [("broken_import", "broken-import"), ("system_exit", "broken-exit")]


def add_malformed(environment: Environment) -> None:
    """Install a package with a broken entry-point file, which no build tool would make."""
    directory = environment.site_packages / "malformed-1.0.dist-info"
    directory.mkdir()
    (directory / "METADATA").write_text("Metadata-Version: 2.1\nName: malformed\nVersion: 1.0\n")
    lines = "[console_scripts\nno equals sign here\n[aws_sdk.credential_plugins]\n= nameless\nodd\n"
    (directory / "entry_points.txt").write_text(lines)


@pytest.mark.parametrize(("package", "name"), BROKEN)
def test_automatic_passes_over_a_plugin_that_cannot_be_imported(
    new_environment: NewEnvironment, alice: Identity, package: str, name: str
) -> None:
    """Guards that a broken package costs one warning per process, and not the program."""
    report = whoami(new_environment(package, "gamma"), gamma(alice))
    assert (report.arn, report.method) == (alice.arn, "plugin:gamma")
    (warning,) = report.logged("WARNING")
    assert name in warning


@pytest.mark.parametrize(("package", "name"), BROKEN)
def test_selected_plugin_that_cannot_be_imported_is_an_error(
    new_environment: NewEnvironment, server: MotoServer, bob: Identity, package: str, name: str
) -> None:
    """Guards that a broken selected plugin is an error, and that nobody else signs."""
    variables = {**gamma(bob), **bob.variables(), "AWS_CREDENTIAL_PLUGIN": name}
    error = whoami(new_environment(package, "gamma"), variables).error
    assert error["code"] == "LookupSymbolError"
    assert name in error["message"]
    assert "on purpose" in error["cause"]
    assert server.seen() == []


def test_two_packages_with_the_selected_name_are_an_error(
    new_environment: NewEnvironment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards against a package that takes another's name: neither is imported, both are named."""
    variables = {**alpha(alice), **bob.variables(), "AWS_CREDENTIAL_PLUGIN": "alpha"}
    report = whoami(new_environment("alpha", "twin"), variables)
    assert "PluginError" in report.error["kinds"]
    assert "plugincreds-test-alpha" in report.error["message"]
    assert "plugincreds-test-twin" in report.error["message"]
    assert report.imported == []
    assert server.seen() == []


def test_two_packages_with_one_name_are_passed_over_otherwise(
    new_environment: NewEnvironment, alice: Identity, bob: Identity
) -> None:
    """Guards that neither twin signs unasked: the next plugin does, after one warning."""
    report = whoami(new_environment("alpha", "twin", "gamma"), {**alpha(bob), **gamma(alice)})
    assert (report.arn, report.imported) == (alice.arn, ["gamma_creds"])
    (warning,) = report.logged("WARNING")
    assert "plugincreds-test-alpha" in warning
    assert "plugincreds-test-twin" in warning


@pytest.mark.parametrize("selected", ["", "alpha"])
def test_malformed_entry_points_of_others_do_not_matter(
    new_environment: NewEnvironment, alice: Identity, selected: str
) -> None:
    """Guards against one damaged file of somebody else's package hiding all plugins."""
    environment = new_environment("alpha", own=True)
    add_malformed(environment)
    report = whoami(environment, {**alpha(alice), "AWS_CREDENTIAL_PLUGIN": selected})
    assert (report.arn, report.method) == (alice.arn, "plugin:alpha")
