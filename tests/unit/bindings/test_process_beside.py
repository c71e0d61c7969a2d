"""A profile with both lines: `credential_plugin`, and `credential_process` for other programs."""

import argparse
import logging
import traceback
from pathlib import Path

import botocore.session
import pytest

from plugincreds import PluginError
from plugincreds._process_line import ExportCommand, export_command
from plugincreds._settings import Profiles
from tests.support.commands import parser
from tests.unit.conftest import Install

GOOD = "def get_provider(): return (lambda: ('AKIA', 'secret')), (lambda: False)"
SAME = "--profile dev"


def warnings_of(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, lines: str, profile: str = "dev"
) -> list[str]:
    """Return what is logged where a session signs with this profile, twice."""
    section = "default" if profile == "default" else f'profile "{profile}"'
    text = f"[{section}]\ncredential_plugin = vault\n{lines}\n"
    (tmp_path / "config").write_text(text)
    for _ in range(2):
        given = None if profile == "default" else profile
        credentials = botocore.session.Session(profile=given).get_credentials()
        assert credentials.access_key == "AKIA"
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    "process",
    [
        f"plugincreds export vault {SAME}",
        f"/opt/x/bin/plugincreds export {SAME} vault",
        f"'/opt/my tools/bin/plugincreds' export vault {SAME}",
        "plugincreds export --profile=dev --format process vault",
        f"plugincreds export --format=process {SAME}",
        f"plugincreds export --profile other vault {SAME}",
        f"python -m plugincreds export vault {SAME}",
        f"/usr/bin/python3.12 -I -X dev -W error -m plugincreds export vault {SAME}",
        f"python3 -Im plugincreds export vault {SAME}",
        f'"C:/Program Files/x/plugincreds.exe" export vault {SAME}',
        f"py -3 -m plugincreds export vault {SAME}",
    ],
)
def test_a_process_that_exports_the_same(
    install: Install, caplog: pytest.LogCaptureFixture, tmp_path: Path, process: str
) -> None:
    """Guards the documented set-up for programs of all kinds: no warning, whatever the path."""
    install(GOOD)
    assert warnings_of(caplog, tmp_path, f"credential_process = {process}") == []


@pytest.mark.parametrize(
    ("process", "difference"),
    [
        (f"plugincreds export vualt {SAME}", "exports the plugin 'vualt'"),
        ("plugincreds export vault --profile prod", "uses the profile 'prod'"),
        ("plugincreds export vault", "uses the profile 'default'"),
        ("plugincreds export", "uses the profile 'default'"),
        (f"plugincreds export vault {SAME} --format env", "has --format env"),
        *(
            (process, "runs something else than `plugincreds export`")
            for process in (
                "/bin/false",
                "my-plugincreds export vault --profile dev",
                "plugincreds-export vault --profile dev",
                "echo plugincreds export vault --profile dev",
                "sudo -u other plugincreds export vault --profile dev",
                "python -m plugincreds_other export vault --profile dev",
                "python script.py -m plugincreds export vault --profile dev",
                "python -c pass plugincreds export vault",
                "plugincreds doctor --profile dev",
                "plugincreds export vault --profile dev # for pyarrow",
                "plugincreds export vault --prof dev",
                "plugincreds export vault --profile",
                "plugincreds export vault '--profile dev",
                "plugincreds",
            )
        ),
    ],
)
def test_a_process_that_differs(
    install: Install,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    process: str,
    difference: str,
) -> None:
    """Guards that a person learns which programs would sign with other credentials."""
    install(GOOD)
    (told,) = warnings_of(caplog, tmp_path, f"credential_process = {process}")
    assert told == (
        "The profile 'dev' has credential_plugin = vault beside credential_process. The plugin's "
        f"credentials are used. Programs that do not use botocore use credential_process, which "
        f"{difference}. If they are to get the same credentials, write credential_process = "
        "plugincreds export vault --profile dev. Remove what is not intended, unless the plugin "
        "itself needs it."
    )


@pytest.mark.parametrize(
    ("profile", "variables", "process", "is_same"),
    [
        ("default", {}, "plugincreds export vault", True),
        ("default", {}, "plugincreds export", True),
        ("dev", {"AWS_PROFILE": "dev"}, "plugincreds export vault", True),
        ("dev", {"AWS_PROFILE": "prod"}, "plugincreds export vault", False),
        ("dev", {"AWS_DEFAULT_PROFILE": "dev", "AWS_PROFILE": "prod"}, "plugincreds export", True),
        ("dev", {"AWS_CREDENTIAL_PLUGIN": "beta"}, f"plugincreds export {SAME}", True),
        (
            "dev",
            {"AWS_CREDENTIAL_PLUGIN": "beta", "AWS_PROFILE": "dev"},
            "plugincreds export",
            False,
        ),
    ],
)
def test_the_environment_of_the_process(
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    profile: str,
    variables: dict[str, str],
    process: str,
    is_same: bool,
) -> None:
    """Guards what the command itself does without a name or a profile: it asks the variables."""
    install(GOOD)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    told = warnings_of(caplog, tmp_path, f"credential_process = {process}", profile)
    assert (told == []) is is_same


def test_keys_beside_both_lines(
    install: Install, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Guards that other lines are still told, and no others than those."""
    install(GOOD)
    lines = f"sso_session = x\ncredential_process = plugincreds export vault {SAME}"
    (told,) = warnings_of(caplog, tmp_path, lines)
    assert "beside sso_session. The" in told


def test_a_profile_name_with_a_space(
    install: Install, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Guards a line that can be copied."""
    install(GOOD)
    (told,) = warnings_of(caplog, tmp_path, "credential_process = /bin/false", "my dev")
    assert "plugincreds export vault --profile 'my dev'." in told


@pytest.mark.parametrize(
    "line", ["plugincreds export vault --token CANARY", "env X=CANARY plugincreds export", "CANARY"]
)
def test_what_is_no_export_is_not_kept(install: Install, tmp_path: Path, line: str) -> None:
    """Guards secrets in such a line against tracebacks that show variables."""
    install("def get_provider(context): raise ValueError")
    text = f"[profile dev]\ncredential_plugin = vault\ncredential_process = {line}\n"
    (tmp_path / "config").write_text(text)
    with pytest.raises(PluginError) as caught:
        botocore.session.Session(profile="dev").get_credentials()
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in shown.stack if "plugincreds" in frame.filename]
    assert not [frame for frame in frames if "CANARY" in str(frame.locals)]
    assert Profiles({"dev": {"credential_process": line}})["dev"] == {"credential_process": ""}


def test_the_line_is_read_as_the_command_reads_it() -> None:
    """Guards both against each other: every option of the command, in both forms."""
    (commands,) = (
        action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    options = {
        word for action in commands.choices["export"]._actions for word in action.option_strings
    }
    assert options - {"-h", "--help"} == {"--profile", "--format"}
    for words in (
        "export",
        "export a",
        "export --profile p a --format env",
        "export --profile=p --profile q",
        "export --format=fish a",
    ):
        read, found = parser().parse_args(words.split()), export_command(f"plugincreds {words}")
        assert found == ExportCommand(read.name or "", read.profile or "", read.format)
