"""What a process loads of plugincreds, at each step of what it does: an allow-list each."""

import json
from pathlib import Path

import pytest

from tests.hook.programs import make_plugin, run

START = {"plugincreds_startup"}
# What each chain has; whether a plugin is asked for is found out with these alone.
CHAIN = START | {
    "plugincreds",
    "plugincreds._bindings",
    "plugincreds._bindings.chain",
    "plugincreds._bindings.plugin_provider",
    "plugincreds._bindings.sessions",
    "plugincreds._selection",
    "plugincreds._settings",
}
# Of the rest, what a first value has no business with.
NOT_FOR_A_VALUE = {
    "asyncio",
    "concurrent.futures.thread",
    "plugincreds._lifecycle.awaiting",
    "plugincreds._bindings.profile_choice",
    "plugincreds._bindings.base_sessions",
    "plugincreds._bindings.aiobotocore",
    "plugincreds._lifecycle.cache",
    "plugincreds._sharing.cache",
    "plugincreds._sharing.files",
    "plugincreds._profile_selection",
}
LOADED = """
import json
def loaded(*others):
    names = (name for name in sys.modules if name.startswith(("plugincreds", *others)))
    print(json.dumps(sorted(names)))
"""
PLUGIN = """
site, = sys.argv[1:]
sys.path.insert(0, site)
"""


def loaded(program: str, *arguments: object, **variables: str) -> set[str]:
    """Run a program that calls `loaded`, and return what it printed."""
    printed = run(LOADED + program, *arguments, variables=variables)
    return set(json.loads(printed.splitlines()[-1]))


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("import json, email, unittest; loaded()", START),
        ("import boto3; loaded()", START),
        ("import botocore.session; botocore.session.Session(); loaded()", START),
        ("import boto3; boto3.client('sts', region_name='eu-central-1'); loaded()", CHAIN),
        (
            "import botocore.session; botocore.session.Session().get_credentials(); loaded()",
            CHAIN,
        ),
    ],
)
def test_no_plugin_is_asked_for(program: str, allowed: set[str]) -> None:
    """Guards who has installed it and never thinks of it again."""
    assert loaded(program) == allowed


@pytest.mark.parametrize("selected", ["", "acme"])
@pytest.mark.parametrize("parameter", ["", "context"])
def test_first_value_of_a_plugin(tmp_path: Path, parameter: str, selected: str) -> None:
    """Guards the first client against what only event loops, profiles and sharing need.

    A getter that is told of the session needs no more, until the plugin uses `context.session`.
    """
    make_plugin(tmp_path, parameter)
    program = f"""{PLUGIN}
import botocore.session
del __import__("os").environ["AWS_ACCESS_KEY_ID"]
credentials = botocore.session.Session().get_credentials()
assert credentials.method == "plugin:acme"
credentials.get_frozen_credentials()
loaded("acme", "asyncio", "concurrent")
"""
    found = loaded(program, tmp_path, AWS_CREDENTIAL_PLUGIN=selected)
    assert CHAIN | {"acme_creds"} < found
    assert found & NOT_FOR_A_VALUE == set()
