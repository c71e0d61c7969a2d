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
# What a chain needs that comes to the plugins, and finds that none is installed.
LOOKED = CHAIN | {
    f"plugincreds.{name}"
    for name in (
        "_contract",
        "_errors",
        "_plugins",
        "_plugins.discovery",
        "_plugins.distributions",
        "_plugins.metadata",
        "_redaction",
        "_redaction.secret_forms",
        "_threads",
    )
}
# What the first value of a plugin needs, and no more.
VALUE = CHAIN | {
    f"plugincreds.{name}"
    for name in (
        "_base_identity",
        "_bindings.credentials",
        "_bindings.loading",
        "_bindings.rejection",
        "_bindings.request",
        "_contract",
        "_errors",
        "_lifecycle",
        "_lifecycle.causes",
        "_lifecycle.engine",
        "_lifecycle.flights",
        "_lifecycle.forks",
        "_lifecycle.policy",
        "_lifecycle.processes",
        "_lifecycle.reports",
        "_lifecycle.retrieval",
        "_lifecycle.single_calls",
        "_lifecycle.validation",
        "_lifecycle.watch",
        "_plugin_settings",
        "_plugins",
        "_plugins.discovery",
        "_plugins.distributions",
        "_plugins.import_faults",  # at once: reporting an error must not need an import
        "_plugins.loading",
        "_plugins.metadata",
        "_plugins.references",
        "_redaction",
        "_redaction.secret_forms",
        "_reentrancy",
        "_registry",
        "_resolution",
        "_source",
        "_threads",
    )
}
OTHERS = {"fcntl"}  # of the standard library, where nothing else has imported it
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


@pytest.mark.parametrize(("selected", "allowed"), [("", LOOKED), ("none", CHAIN)])
def test_no_plugin_is_installed(selected: str, allowed: set[str]) -> None:
    """Guards programs that use the role of a machine, and so come to the place of the plugins."""
    program = """
import botocore.session, os
del os.environ["AWS_ACCESS_KEY_ID"]
sys.path[:] = [each for each in sys.path if not each.endswith("-packages")]  # of the developer
assert botocore.session.Session().get_credentials() is None
loaded()
"""
    assert loaded(program, AWS_CREDENTIAL_PLUGIN=selected) == allowed


@pytest.mark.parametrize("selected", ["", "acme"])
@pytest.mark.parametrize("parameter", ["", "context"])
def test_first_value_of_a_plugin(tmp_path: Path, parameter: str, selected: str) -> None:
    """Guards the first client against what only event loops, profiles, sharing and failures need.

    A getter that is told of the session needs no more, until the plugin uses `context.session`.
    """
    make_plugin(tmp_path, parameter)
    program = f"""{PLUGIN}
import dataclasses, importlib.metadata, random  # botocore imports them; its older versions do not
import botocore.session
environ = __import__("os").environ
environ["AWS_CREDENTIAL_PLUGIN"], selected = "none", environ["AWS_CREDENTIAL_PLUGIN"]
# botocore imports some modules only for signing; what it has does not count.
botocore.session.Session().get_credentials().get_frozen_credentials()
del environ["AWS_ACCESS_KEY_ID"]
environ["AWS_CREDENTIAL_PLUGIN"] = selected
before = set(sys.modules)
generated = []
sys.addaudithook(lambda event, facts: event == "compile" and generated.append(facts))
credentials = botocore.session.Session().get_credentials()
assert credentials.method == "plugin:acme"
credentials.get_frozen_credentials()
# Python compiles code for each named tuple, and for a dataclass's methods: two of InstalledPlugin.
assert len([each for each in generated if str(each[1]).startswith("<")]) <= 2, generated
sys.modules.update(dict.fromkeys("new:" + name for name in set(sys.modules) - before))
loaded("acme", "new:")
"""
    found = loaded(program, tmp_path, AWS_CREDENTIAL_PLUGIN=selected)
    others = {name.removeprefix("new:") for name in found if name.startswith("new:")}
    assert {name for name in found if not name.startswith("new:")} == VALUE | {"acme_creds"}
    assert others - VALUE - {"acme_creds"} <= OTHERS
