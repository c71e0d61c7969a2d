"""Text from outside cannot steer the terminal on which the command is run."""

from pathlib import Path

import pytest

import plugincreds
from tests.support.commands import main
from tests.unit.conftest import GROUP, Install

STEERING = "\x1b[31m\x9b31m\u202e\x7f"
FORGING = f"{STEERING}\nFAKE\r\x85\u2028FAKE"
GOOD = "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), (lambda: False)"
RAISING = f"raise OSError({FORGING!r})"
DECLARED = f"[{GROUP}]\nvault = acme_creds:get_provider"
COMMANDS = (
    "list",
    "list --check",
    "list --check --json",
    "doctor",
    "doctor --json",
    "doctor --retrieve",
    "doctor --profile",
    "export",
    "export vault --profile",
    "export vault --format",
    "export",
    "cache list",
    "cache list --json",
    "cache clear",
    "cache clear vault",
    "unknown",
)
PLUGINS = {
    "good": (GOOD, DECLARED),
    "extras": (GOOD, f"{DECLARED} [{STEERING}]"),
    "an attribute": (GOOD, f"{DECLARED}{STEERING}"),
    "a name": (GOOD, f"{DECLARED}\nacme{STEERING} = acme_creds"),
    "malformed": (GOOD, f"{DECLARED}\n{STEERING}"),
    "import": (RAISING, DECLARED),
    "getter": (f"def get_provider(): {RAISING}", DECLARED),
    "retrieve": (f"def retrieve(): {RAISING}\ndef get_provider(): return retrieve, bool", DECLARED),
}
CONFIGS = {
    "none": "",
    "a name": f"[default]\ncredential_plugin = vault{STEERING}\n",
    "options": f"[default]\ncredential_plugin_options =\n  a{STEERING} = b{STEERING}\n",
    "flat options": f"[default]\ncredential_plugin_options = a{STEERING}\n",
    "a lost option": f"[default]\ncredential_plugin_options =\n  a = b\nc{STEERING} = d\n",
    "a role": "[default]\nrole_arn = arn:aws:iam::123456789012:role/a\n"
    f"source_profile = x{STEERING}\n[profile x{STEERING}]\ncredential_plugin = y{STEERING}\n",
    "damaged": f"[default]\n{STEERING}\n",
}
CASES = [
    *(pytest.param(*plugin, "", {}, id=name) for name, plugin in PLUGINS.items()),
    *(pytest.param(GOOD, DECLARED, text, {}, id=f"in {name}") for name, text in CONFIGS.items()),
    *(
        pytest.param(GOOD, DECLARED, "", {name: f"{text}{FORGING}"}, id=name)
        for name, text in {
            "AWS_CREDENTIAL_PLUGIN": "vault",
            "AWS_CREDENTIAL_PLUGIN_CACHE": "true",
            "AWS_CREDENTIAL_PLUGIN_CACHE_DIR": "/nowhere/",
            "AWS_PROFILE": "p",
            "AWS_CONFIG_FILE": "/nowhere/",
            "PATH": "/nowhere/",
        }.items()
    ),
]


@pytest.mark.parametrize(("source", "entry_points", "config", "variables"), CASES)
def test_no_output_has_control_characters(
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    source: str,
    entry_points: str,
    config: str,
    variables: dict[str, str],
) -> None:
    """Guards a terminal, and logs of stderr, from each command: its output and its errors."""
    site = install(source, module="acme_creds", entry_points=f"{entry_points}\n")
    (tmp_path / "config").write_text(config)
    site = site.rename(f"{site}{FORGING}")
    monkeypatch.syspath_prepend(str(site))
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    for command in COMMANDS:
        for extra in ([], [f"vault{FORGING}"]):
            plugincreds.reset()
            try:
                main([*command.split(), *extra])
            except SystemExit as ended:
                assert ended.code == 2  # noqa: PT017 - argparse ends so, after its message
            text = "".join(capfd.readouterr())
            lines = text.split("\n")
            assert [line for line in lines if not line.isprintable()] == []
            assert not any(line.startswith("FAKE") for line in lines)


def test_arguments_are_shown_without_control_characters(capfd: pytest.CaptureFixture[str]) -> None:
    """Guards what argparse says of arguments that it does not know."""
    with pytest.raises(SystemExit):
        main(["list", f"a{FORGING}"])
    last = capfd.readouterr().err.splitlines()[-1]
    assert last == "plugincreds: error: unrecognized arguments: a?[31m?31m?? FAKE FAKE"
