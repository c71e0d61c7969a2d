"""The advice of `plugincreds doctor`: exact, once, and true of what has been retrieved."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plugincreds._cli.doctor.commands import is_name, pip
from tests.support.commands import main
from tests.unit.cli.test_doctor import ENVIRONMENT, GOOD, OPTIONS, ROLE, STATIC, WITH_CONTEXT
from tests.unit.conftest import GROUP, Install

PIP = f"{shlex.quote(sys.executable)} -m pip"
TEN = ", ".join(f"p{i:02}" for i in range(10))
LOGIN = """
    from plugincreds import RecoverableError
    def retrieve(): raise RecoverableError("The login has ended", hint="run `acme login`")
    def get_provider(): return retrieve, lambda: False
"""


class Printed:
    """Runs the doctor in this process, for its text and for its document."""

    def __init__(self, capfd: pytest.CaptureFixture[str], config: Path) -> None:
        self._capfd = capfd
        self.config = config

    def text(self, *arguments: str) -> str:
        """Return what a person reads, on one line."""
        main(["doctor", *arguments])
        return " ".join(self._capfd.readouterr().out.split())

    def document(self, *arguments: str) -> dict[str, Any]:
        """Return what a program reads."""
        main(["doctor", "--json", *arguments])
        document: dict[str, Any] = json.loads(self._capfd.readouterr().out)
        return document

    def only_error(self, *arguments: str) -> str:
        """Return the only thing that is wrong."""
        document = self.document(*arguments)
        (error,) = document["errors"] + document["warnings"]
        assert document["errors"] == [error]
        return str(error)


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Printed:
    """Return what runs the doctor."""
    return Printed(capfd, tmp_path / "config")


@pytest.mark.parametrize(
    ("config", "variable", "wanted"),
    [
        ("", "valt", "Set AWS_CREDENTIAL_PLUGIN=vault (installed: vault)"),
        (
            "[default]\ncredential_plugin = valt\n",
            "",
            "Write credential_plugin = vault in {}, line 2",
        ),
        ("", "nothing-like-it", "or correct AWS_CREDENTIAL_PLUGIN."),
        (
            "[default]\n\ncredential_plugin = nothing-like-it\n",
            "",
            "or correct credential_plugin in {}, line 3.",
        ),
    ],
)
def test_a_misspelt_name(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    printed: Printed,
    config: str,
    variable: str,
    wanted: str,
) -> None:
    """Guards a remedy that can be typed as it stands."""
    install(GOOD)
    printed.config.write_text(config)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    error = printed.only_error()
    assert wanted.format(printed.config) in error
    name = variable or config.rsplit(maxsplit=1)[-1]
    assert f"install the package that supplies {name!r}" in error


def test_a_selected_plugin_that_has_not_been_asked(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards that a plugin which is logged out does not read as healthy."""
    install(LOGIN)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert printed.text().startswith(
        "Credentials would come from the plugin vault. Nothing has been retrieved. To test it, add "
        "--retrieve. Why: "
    )
    answer = printed.document()["answer"]
    assert (answer["certain"], answer["confirmed"]) == (True, False)
    text = printed.text("--retrieve")
    assert text.startswith("boto3 raises this error.")
    assert "run `acme login`" in text
    assert " error plugin: see above " in text
    assert "would be asked" not in text
    statuses = {step["status"] for step in printed.document("--retrieve")["chain"]}
    assert statuses == {"error", "not reached"}


def test_what_was_retrieved_is_not_in_doubt(install: Install, printed: Printed) -> None:
    """Guards that no doubt is left where the credentials are there."""
    install(GOOD)
    assert "it may still decline" in printed.text()
    text = printed.text("--retrieve")
    assert text.startswith("Credentials come from the plugin vault. Why: vault of acme-creds 1.2 ")
    assert "may still decline" not in text
    assert "Nothing has been retrieved" not in text
    assert "answers plugin: vault of acme-creds 1.2 is configured" in text


@pytest.mark.parametrize("url", ["http://192.0.2.1", "http://plugins.example"])  # not allowed
def test_a_provider_behind_a_plugin_that_declined_fails(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed, url: str
) -> None:
    """Guards that the error of another provider is not taken for the plugin's."""
    install("def get_provider(): return (lambda: None), (lambda: False)")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    chain = printed.document("--retrieve")["chain"]
    states = {step["provider"]: step["status"] for step in chain}
    assert (states["plugin"], states["container-role"]) == ("not configured", "error")


@pytest.mark.parametrize("options", ["", OPTIONS])
def test_a_plugin_beside_a_role(install: Install, printed: Printed, options: str) -> None:
    """Guards against another identity: the role stays, and the plugin moves."""
    install(WITH_CONTEXT)
    printed.config.write_text(
        f"[default]\n{ROLE}source_profile = x\ncredential_plugin = vault\n{options}"
        f"[profile x]\n{STATIC}"
    )
    file = printed.config
    moved = f"credential_plugin ({file}:4)"
    if options:
        moved += f" and credential_plugin_options ({file}:5)"
    error = printed.only_error()
    assert (
        f"move {moved} into the profile 'x'. If you removed role_arn, programs would sign" in error
    )
    assert "another identity" in error
    start = "Credentials would come from assume-role, not from the selected plugin vault."
    assert printed.text().startswith(f"{start} Why: ")


def test_a_plugin_beside_a_role_with_a_source(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards the remedy where there is no source profile to move the line to."""
    install(GOOD)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1")
    printed.config.write_text(
        f"[default]\n{ROLE}credential_source = EcsContainer\ncredential_plugin = vault\n"
    )
    change = f"change credential_source in {printed.config}, line 3, to credential_source = CustomP"
    assert change in printed.only_error()


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [("credential_plugin = vault\n", True), (STATIC, False)],
)
def test_options_that_stayed_in_the_profile_of_the_role(
    install: Install, printed: Printed, lines: str, is_told: bool
) -> None:
    """Guards against a plugin that gets none of the options which were meant for it."""
    install(WITH_CONTEXT)
    printed.config.write_text(f"[default]\n{ROLE}source_profile = x\n{OPTIONS}[profile x]\n{lines}")
    warnings = printed.document()["warnings"]
    wanted = (
        "The options of the profile 'default' have no effect: its role is assumed with the plugin "
        "'vault' of the profile 'x', which does not receive them. Move "
        f"credential_plugin_options in {printed.config}, line 4, into the profile 'x'."
    )
    assert warnings == [wanted] * is_told


@pytest.mark.parametrize("missing", ["hvac", "hvac.api", "_tkinter", "a b; reboot", "-r"])
def test_a_package_is_missing(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed, missing: str
) -> None:
    """Guards the command, and that no text of a plugin becomes a part of one."""
    install(f"raise ModuleNotFoundError('x', name={missing!r})")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    document = printed.document()
    (error,) = document["errors"]
    package = "hvac" if missing == "hvac" else f"the package that supplies {missing!r}"
    run = f"Run `{PIP} install hvac`." if missing == "hvac" else f"Install {package}."
    end = f"If acme-creds 1.2 does not declare that it needs {package}, tell its authors."
    assert error.endswith(f", which is not installed here. {run} {end}")
    assert document["raises"].endswith(f" Install {package}. {end}")


def test_a_module_error_without_a_name(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards against the advice to install None."""
    install("raise ModuleNotFoundError('it is gone')")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    error = printed.only_error()
    assert "cannot be imported: ModuleNotFoundError: it is gone. " in error
    assert f"Run `{PIP} install --force-reinstall --no-deps acme-creds`, or tell" in error


def test_two_packages_with_one_name(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards that a person sees what to run for each of the two, once."""
    install(GOOD, module="acme_doctor", distribution="first")
    install(GOOD, module="acme_other", distribution="second")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    error = printed.only_error()
    for kept, other in (("first", "second"), ("second", "first")):
        assert f"To use the plugin of {kept}, run `{PIP} uninstall {other}`." in error
    assert "all but one" not in error


def test_a_name_that_is_no_name_is_not_in_a_command(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards people who copy commands from what a package says of itself."""
    install(distribution="first", entry_points=f"[{GROUP}]\nvault = acme_gone\n")
    install(distribution="--index-url=x", entry_points=f"[{GROUP}]\nvault = acme_gone\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    assert "-m pip" not in printed.only_error()
    assert [is_name(each) for each in ("acme.creds_x-1", "-r", "a b", "a;b", "")] == [
        True,
        *[False] * 4,
    ]


def test_the_path_of_python_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards an environment in a folder whose name has a space."""
    monkeypatch.setattr(sys, "executable", "/srv/my env/bin/python")
    assert pip("install", "x") == "`'/srv/my env/bin/python' -m pip install x`"
    monkeypatch.setattr(sys, "executable", "")
    assert pip("install", "x") == "`python -m pip install x`"


@pytest.mark.parametrize("token", [True, False])
def test_keys_in_the_environment(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed, token: bool
) -> None:
    """Guards that no variable is forgotten, which would be half of a key."""
    install(GOOD)
    printed.config.write_text("[default]\ncredential_plugin = vault\n")
    for name in (*ENVIRONMENT, *(["AWS_SESSION_TOKEN"] if token else [])):
        monkeypatch.setenv(name, "x")
    names = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if token:
        names = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
    wanted = f"Unset {names}. Alternatively, set AWS_CREDENTIAL_PLUGIN=vault, which comes before"
    assert wanted in printed.only_error()


def test_a_misspelt_option(install: Install, printed: Printed) -> None:
    """Guards the near miss of what the plugin's reason quotes."""
    install("""
        from plugincreds import Declined
        def get_provider(context): return Declined("the option 'role' is missing")
    """)
    printed.config.write_text(
        "[default]\ncredential_plugin = vault\ncredential_plugin_options =\n  a = b\n  rolle = c\n"
    )
    file = printed.config
    assert printed.only_error().endswith(
        "It received these options of the profile 'default': a, rolle. Did you mean role? Write "
        f"role in place of rolle in {file}, line 5. Configure vault, or remove credential_plugin = "
        f"vault in {file}, line 2."
    )


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("credential_plugin_timeout = soon", "remove credential_plugin_timeout in {}, line 3."),
        ("credential_plugin_cache = soon", "remove credential_plugin_cache in {}, line 3."),
        (
            "output =\n  credential_plugin_cache = true",
            "before credential_plugin_cache in {}, line 4.",
        ),
        (
            "credential_plugin_options = a=b",
            "credential_plugin_options in {}, line 3, with a value",
        ),
    ],
)
def test_the_line_of_a_setting(install: Install, printed: Printed, lines: str, wanted: str) -> None:
    """Guards the number of the line that a person must change."""
    install(WITH_CONTEXT)
    printed.config.write_text(f"[default]\ncredential_plugin = vault\n{lines}\n")
    assert wanted.format(printed.config) in " ".join(printed.document()["errors"])


def test_a_profile_that_asks_while_plugins_are_off(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards that the two settings are named side by side."""
    install(GOOD)
    printed.config.write_text("[default]\ncredential_plugin = vault\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "none")
    remedy = f"Unset AWS_CREDENTIAL_PLUGIN, or remove credential_plugin = vault in {printed.config}"
    assert f"{remedy}, line 2." in printed.only_error()
    text = printed.text()
    assert "plugin vault, but plugins are switched off by AWS_CREDENTIAL_PLUGIN=none " in text
    assert "selected by" not in text
    assert printed.document()["selection"]["off_by"] == "AWS_CREDENTIAL_PLUGIN=none"


@pytest.mark.parametrize(
    ("config", "variable", "wanted"),
    [
        (
            "",
            "none",
            "AWS_CREDENTIAL_PLUGIN=none switches plugins off. Unset AWS_CREDENTIAL_PLUGIN",
        ),
        (
            "[default]\ncredential_plugin = none\n",
            "",
            "Remove credential_plugin = none in {}, line 2",
        ),
    ],
)
def test_nothing_is_found_while_plugins_are_off(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    printed: Printed,
    config: str,
    variable: str,
    wanted: str,
) -> None:
    """Guards that the advice is a sentence, and names the place."""
    install(GOOD)
    printed.config.write_text(config)
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", variable)
    error = printed.only_error()
    assert f"{wanted.format(printed.config)}: then these plugins are asked: vault." in error


def test_two_plugins_in_a_chain_are_told_apart(
    install: Install, monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    """Guards that a person knows which of the two rows is the profile's."""
    install(GOOD)
    printed.config.write_text("[default]\ncredential_plugin = vault\n")
    assert "(of 'default')" not in printed.text()
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    chain = printed.document()["chain"]
    profiles = [each["profile"] for each in chain if each["provider"] == "plugin"]
    assert profiles == [None, "default"]
    assert "assume-role, plugin (of 'default'), assume" in printed.text()


@pytest.mark.parametrize(
    ("config", "named", "wanted"),
    [
        ("[profile work]\nregion = x\n", "wrk", "Did you mean work? Use --profile work."),
        ("[profile a]\n[profile b]\n", "nope", "The profiles are: a, b."),
        (
            "\n".join(f"[profile p{i:02}]" for i in range(12)),
            "nope",
            f"The profiles are: {TEN}, and 2 more.",
        ),
        ("", "nope", "There are no profiles in {}. Leave out --profile."),
    ],
)
def test_a_profile_that_does_not_exist(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    printed: Printed,
    config: str,
    named: str,
    wanted: str,
) -> None:
    """Guards the same advice of all commands, and that nothing untrue follows."""
    install(GOOD)
    printed.config.write_text(config)
    wanted = f"The config profile ({named}) could not be found. {wanted.format(printed.config)}"
    assert printed.only_error("--profile", named) == f"ProfileNotFound: {wanted}"
    text = printed.text("--profile", named)
    assert "no plugin is selected" not in text
    assert "shared cache" not in text
    for command in ("export", "serve"):
        assert main([command, "vault", "--profile", named]) == 1
        assert wanted in capfd.readouterr().err
    if hasattr(os, "fork"):  # it starts a process, whose stderr is no object of this one
        words = [sys.executable, "-m", "plugincreds", "exec", "--profile", named, "--", "true"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, wanted in done.stderr) == (1, True)
    monkeypatch.setenv("AWS_PROFILE", named)
    wanted = wanted.replace("Use --profile ", "Set AWS_PROFILE=")
    wanted = wanted.replace("Leave out --profile", "Unset AWS_PROFILE")
    assert wanted in printed.only_error()


@pytest.mark.skipif(os.name == "nt", reason="a shell there quotes in another way")
def test_a_python_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the command in environments that uv has made."""
    monkeypatch.setattr("plugincreds._cli.doctor.commands.find_spec", lambda _: None)
    monkeypatch.setattr(sys, "executable", "/srv/a b/bin/python")
    wanted = "`uv pip install --python '/srv/a b/bin/python' --no-deps plugincreds`"
    assert pip("install", "--no-deps", "plugincreds") == wanted
