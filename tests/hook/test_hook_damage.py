"""A package that is damaged in any one place: a module is missing, or is empty.

Who selects a plugin gets an error, and never another identity; who does not, notices nothing.
"""

import importlib.util
import json
import os
from pathlib import Path

import pytest

from tests.hook.programs import make_plugin, run

SOURCE = Path(__file__).parents[2] / "src" / "plugincreds"
MODULES = sorted(
    ".".join(("plugincreds", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in SOURCE.rglob("*.py")
    if not {"_cli", "testing", "__main__.py"} & set(path.relative_to(SOURCE).parts)
)
PROGRAM = """
import gc, json, logging, os, types
import botocore.credentials, botocore.session
logging.disable()
if {awaits}:
    import asyncio, aiobotocore.session
    session = aiobotocore.session.AioSession()
else:
    session = botocore.session.Session()
site, modules = sys.argv[1], json.loads(sys.argv[2])
sys.path.insert(0, site)
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    del os.environ[name]

def method():
    found = session.get_credentials()
    if {awaits}:
        found = asyncio.run(found)
    return found and found.method

def outcome(damaged, variables):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.environ.update(variables)
        sys.modules.update(damaged)
        try:
            found = method()
        except Exception as error:
            found = type(error).__name__
        loaded = [] if damaged else list(sys.modules)
        with open(writing, "w") as stream:
            json.dump([found, loaded], stream)
        os._exit(0)
    os.close(writing)
    with open(reading) as stream:
        found = stream.read()
    os.waitpid(child, 0)
    return json.loads(found)

cases = {{
    "nobody": {{}},
    "keys": {{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}},
    "variable": {{"AWS_CREDENTIAL_PLUGIN": "acme"}},
    "profile": {{"AWS_PROFILE": "asks"}},
}}
undamaged = {{who: outcome({{}}, variables) for who, variables in cases.items()}}
# Each fork would import these again: most of its time, and no part of what is tested.
for _, loaded in undamaged.values():
    for name in loaded:
        if name.partition(".")[0] not in ("plugincreds", "acme_creds"):
            importlib.import_module(name)
assert not any(name.startswith("plugincreds.") for name in sys.modules)
gc.freeze()  # so that no child copies what the collector would write to
found = []
for name in [None, *modules]:
    for kind, module in (("missing", None), ("empty", types.ModuleType(name or ""))):
        for who, variables in cases.items():
            usual, loaded = undamaged[who]
            # Damage in a module that a program does not load is nothing to this program.
            is_loaded = name in loaded
            is_found = outcome({{name: module}}, variables)[0] if is_loaded else usual
            found.append((name, kind, who, is_found, is_loaded))
print(json.dumps(found))
"""
# What each may see: the plugin where the damage does not matter to it, and what stands here.
PLUGIN = "plugin:acme"
ALLOWED: dict[str, set[str | None]] = {
    "nobody": {None, PLUGIN},
    "keys": {"env"},
    "variable": {PLUGIN},
    "profile": {PLUGIN},
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each case is a fork of one process")
@pytest.mark.parametrize("awaits", [False, True], ids=["botocore", "aiobotocore"])
def test_a_module_is_missing_or_empty(tmp_path: Path, awaits: bool) -> None:
    """Guards programs against half an installation, and selected plugins against any other."""
    if awaits and importlib.util.find_spec("aiobotocore") is None:
        pytest.skip("aiobotocore is not installed")
    make_plugin(tmp_path)
    (tmp_path / "config").write_text(
        "[profile asks]\ncredential_plugin = acme\n"
        "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n"
    )
    variables = {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    program = PROGRAM.format(awaits=awaits)
    found = json.loads(run(program, tmp_path, json.dumps(MODULES), variables=variables))
    assert len(found) == 2 * len(ALLOWED) * (len(MODULES) + 1)
    undamaged = [case for case in found if case[0] is None]
    assert {who: method for _, _, who, method, _ in undamaged} == {
        "nobody": PLUGIN, "keys": "env", "variable": PLUGIN, "profile": PLUGIN,
    }  # fmt: skip
    # Each program loads some modules, so that damage was tried.
    assert {who for _, _, who, _, is_loaded in found if is_loaded} == set(ALLOWED)
    wrong = [
        case
        for case in found
        if case[3] not in ALLOWED[case[2]]
        and not (case[2] in {"variable", "profile"} and str(case[3]).endswith("Error"))
    ]
    assert wrong == []
