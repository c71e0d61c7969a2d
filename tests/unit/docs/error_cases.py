"""The errors of docs/reference/errors.md: for each class its causes, and how they come about."""

import copy

import botocore.session

import plugincreds
from plugincreds import open_plugin
from plugincreds._bindings.exporting import exported_value
from tests.unit.conftest import GROUP
from tests.unit.docs.room import (
    GOOD,
    SHARED,
    Case,
    calling,
    changed_base,
    changed_key,
    circle,
    closed_stdout,
    end_of_chain,
    endpoint_in_endpoint,
    exec_on_windows,
    export,
    export_in_export,
    for_cmd,
    full_stdout,
    getting,
    given_back_to_boto3,
    half_removed,
    in_chain,
    in_use,
    just_failed,
    malformed,
    no_folder,
    no_home,
    no_mark,
    port_in_use,
    retrieving,
    returning,
    strange_botocore,
    too_slow,
    two_packages,
    with_other_files,
    with_profile,
    without_module,
)

CUSTOM = (
    "[default]\nrole_arn = arn:aws:iam::123456789012:role/a\ncredential_source = CustomPlugin\n"
)
DECLINING = "def get_provider(context): ..."
SWALLOWING = """
    import botocore.session
    def retrieve():
        try: botocore.session.Session().get_credentials()
        except Exception: return None
    def get_provider(): return retrieve, lambda: False
"""
SHARING = {"AWS_CREDENTIAL_PLUGIN": "acme", "AWS_CREDENTIAL_PLUGIN_CACHE": "true"}
KEYED = """
    WHO = "me"
    class get_provider:
        def retrieve(self): return "AKIDEXAMPLE", "secret"
        def is_expired(self): return WHO == "you"
        def cache_key(self): return WHO
"""
EXCHANGING = """
    import os, plugincreds
    def retrieve():
        plugincreds.base_session().get_credentials()
        return "AKIDEXAMPLE", "secret"
    def get_provider(): return retrieve, lambda: "AWS_ACCESS_KEY_ID" in os.environ
"""
CASES: dict[str, dict[str, Case]] = {
    "PluginNotFoundError": {
        "The name is not installed": Case(variables={"AWS_CREDENTIAL_PLUGIN": "acem"}),
        "No plugin is installed": Case(None),
        "A comment behind the name": Case(variables={"AWS_CREDENTIAL_PLUGIN": "acme # mine"}),
        "A word that looks like `none`": Case(variables={"AWS_CREDENTIAL_PLUGIN": "off"}),
        "Two packages declare the name": Case(call=two_packages),
        "One package declares the name twice": Case(
            entry={"entry_points": f"[{GROUP}]\nacme = acme_creds:one\nacme = acme_creds:two\n"}
        ),
        "One of them cannot be read": Case(
            None, variables={"AWS_CREDENTIAL_PLUGIN": "acme"}, call=malformed
        ),
        "A file in place of a name": calling(lambda _: plugincreds.create_session("acme.py")),
        "There is no such file": calling(lambda room: open_plugin(room.folder / "a.py")),
        "The file is a folder": calling(lambda room: open_plugin(room.folder)),
        "The path cannot be a path": calling(lambda _: open_plugin("acme\0.py")),
    },
    "LookupSymbolError": {
        "The module does not exist": Case(
            entry={"entry_points": f"[{GROUP}]\nacme = acme_gone:get_provider\n"}
        ),
        "The module needs another package": Case("import acme_broker"),
        "Importing the module raised": Case("raise RuntimeError('no display')"),
        "The getter cannot be looked up": Case(
            "def __getattr__(name): raise ImportError('libacme.so is missing')"
        ),
        "The module has no such getter": Case("", entry={"value": ":get_provdier"}),
        "A program asks for a getter that is not there": calling(
            lambda _: plugincreds.get_plugin_provider_fns_by_name("acme", "nope"), GOOD
        ),
        "The getter's name is not a name": Case(entry={"value": ":get-provider"}),
        "A file has no getter": calling(
            lambda room: plugincreds.new_credentials(open_plugin(room.file("")))
        ),
        "A file cannot be executed": calling(
            lambda room: open_plugin(room.file("raise RuntimeError('no display')"))
        ),
        "A file is not a Python file": calling(lambda room: open_plugin(room.file("", "acme.txt"))),
        "A getter without a name": calling(
            lambda _: plugincreds.get_plugin_provider_fns_by_name("acme", ""), GOOD
        ),
    },
    "InvalidSymbolError": {
        "The getter cannot be called": Case("get_provider = 42"),
        "The getter wants other parameters": Case("def get_provider(profile): ..."),
        "The getter raised": Case("def get_provider(): raise KeyError('ACME_SERVER')"),
        "The getter returned credentials": getting("'AKIDEXAMPLE', 'secret'"),
        "The getter returned too many": getting("retrieve, retrieve, retrieve"),
        "The getter returned something else": getting("retrieve"),
        "A function cannot be called": getting("retrieve, False"),
        "`cache_key()` raised": Case(
            KEYED.replace("return WHO\n", "raise KeyError('ACME_ROLE')\n")
        ),
        "`cache_key()` returned no string": Case(KEYED.replace("return WHO\n", "return 42\n")),
        "`Provider` was given something else": calling(
            lambda _: plugincreds.Provider(42, bool)  # type: ignore[arg-type]
        ),
    },
    "PluginRetrieveNilError": {
        "There is no retrieve function": getting("None, retrieve"),
        "`Provider` was given None to retrieve with": calling(
            lambda _: plugincreds.Provider(None, bool)  # type: ignore[arg-type]
        ),
    },
    "PluginIsExpiredNilError": {
        "There is no is_expired function": getting("retrieve, None"),
        "`Provider` was given None to ask": calling(
            lambda _: plugincreds.Provider(tuple, None)  # type: ignore[arg-type]
        ),
    },
    "PluginProviderRetrieveError": {
        "`retrieve()` raised": retrieving("raise ConnectionError('the broker is down')"),
        "A plugin failed that is not selected": retrieving(
            "raise ConnectionError('the broker is down')", variables={}
        ),
        "A person must act": retrieving(
            "raise plugincreds.NonRecoverableError('The login has expired.', hint='run acme login')"
        ),
        "A person can help": retrieving(
            "raise plugincreds.RecoverableError('The login has expired.', hint='run acme login')"
        ),
        "A selected plugin declined": getting("None"),
        "A selected plugin declined, with a reason": Case(
            "import plugincreds\n"
            "def get_provider(): return plugincreds.Declined(\"the option 'role' is missing\")"
        ),
        "A selected plugin declined, with options": with_profile(
            "credential_plugin_options =\n  rolle = admin\n  path = /a", DECLINING
        ),
        "A selected plugin declined, and the options are for another": Case(
            DECLINING,
            config="[default]\ncredential_plugin = other\n"
            "credential_plugin_options =\n  role = admin\n",
        ),
        "A selected plugin declined that takes no options": with_profile(
            "credential_plugin_options =\n  role = admin", "def get_provider(): ..."
        ),
        "A plugin declined that a program asked for": calling(
            lambda _: plugincreds.get_plugin_provider_fns("acme"), "def get_provider(): ..."
        ),
        "A plugin declined that `export` asked for": calling(
            lambda _: exported_value("acme", None, no_mark), "def get_provider(): ..."
        ),
        "No plugin for a role is configured": Case(
            "def get_provider(): return None", config=CUSTOM, variables={}
        ),
        "No plugin for a role is configured, with a reason": Case(
            "import plugincreds\n"
            "def get_provider(): return plugincreds.Declined('the variable ACME_URL is not set')",
            config=CUSTOM,
            variables={},
        ),
        "No plugin for a role is installed": Case(None, config=CUSTOM, variables={}),
        "It returned something else": returning("['AKIDEXAMPLE', 'secret']"),
        "It returned a tuple of another length": returning("('AKIDEXAMPLE',)"),
        "A key is not a string": returning("b'AKIDEXAMPLE', b'secret'"),
        "A key is empty": returning("'AKIDEXAMPLE', ''"),
        "A key ends with a line end": returning(r"'AKIDEXAMPLE', 'secret\n'"),
        "A key cannot be sent": returning(r"'AKIDEXAMPLE', 'sec ret'"),
        "The expiry is not a time": returning(
            "plugincreds.Value('AKIDEXAMPLE', 'secret', expiry_time=1893456000)"
        ),
        "The expiry has no timezone": returning(
            "plugincreds.Value('AKIDEXAMPLE', 'secret', expiry_time=datetime(2100, 1, 1))"
        ),
        "The credentials have expired": returning(
            "plugincreds.Value('AKIDEXAMPLE', 'secret', "
            "expiry_time=datetime(2001, 1, 1, tzinfo=timezone.utc))"
        ),
        "The account is not an account number": returning(
            "plugincreds.Value('AKIDEXAMPLE', 'secret', account_id='acme')"
        ),
        "A mapping lacks a name": returning("{'Credentials': {}}"),
        "A mapping has another spelling": returning("{'aws_access_key_id': 'AKIDEXAMPLE'}"),
        "A mapping's expiry cannot be read": returning(
            "dict(AccessKeyId='AKIDEXAMPLE', SecretAccessKey='secret', Expiration='soon')"
        ),
        "The answer cannot be read": retrieving(
            "import collections\n    class Odd(collections.UserDict):\n"
            "        def __getitem__(self, key): raise OSError\n"
            "    return Odd(AccessKeyId='AKIDEXAMPLE', SecretAccessKey='secret')"
        ),
        "`is_expired()` raised": Case(
            "def broken(): raise OSError('the file is gone')\n"
            "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), broken",
            call=lambda _: plugincreds.Provider(
                *plugincreds.get_plugin_provider_fns("acme")
            ).is_expired(),
        ),
        "`is_expired()` returned no bool": Case(
            "def get_provider(): return (lambda: ('AKIDEXAMPLE', 'secret')), (lambda: 'no')",
            call=lambda _: plugincreds.Provider(
                *plugincreds.get_plugin_provider_fns("acme")
            ).is_expired(),
        ),
        "It took too long": with_profile(
            "credential_plugin_timeout = 0.1",
            "import threading\nGATE = threading.Event()\n"
            "def get_provider(): return GATE.wait, lambda: False",
            call=too_slow,
        ),
        "It was cancelled": Case(
            "import asyncio\nasync def retrieve(): raise asyncio.CancelledError\n"
            "def get_provider(): return retrieve, lambda: False"
        ),
        "`cache_key()` has changed": Case(KEYED, call=changed_key),
        "`cache_key()` raised after `retrieve()`": Case(
            KEYED.replace("return WHO\n", "return {'me': 'me'}[WHO]\n"), call=changed_key
        ),
        "The base credentials have changed": Case(EXCHANGING, call=changed_base),
        "It asked for its own credentials while it retrieved them": retrieving(
            "import botocore.session\n    botocore.session.Session().get_credentials()"
        ),
        "It asked for its own credentials, and declined": Case(SWALLOWING),
        "It started programs that start it again": Case(call=end_of_chain),
        "Another process has just failed": Case(SHARED, call=just_failed, variables=SHARING),
    },
    "PluginError": {
        "The getter asked for its own credentials": Case(
            "import botocore.session\n"
            "def get_provider(): botocore.session.Session().get_credentials()"
        ),
        "Two imports wait for each other": Case(
            "from importlib._bootstrap import _DeadlockError\nraise _DeadlockError"
        ),
        "Loading a plugin started programs that load it again": Case(call=in_chain),
        "Plugins need each other": calling(circle),
        "Plugins are switched off": with_profile("", variables={"AWS_CREDENTIAL_PLUGIN": "none"}),
        "A profile forbids what it asks for": Case(
            config=CUSTOM + "credential_plugin = none\n", variables={}
        ),
        "A block of lines in place of a name": Case(
            config="[default]\ncredential_plugin =\n  name = acme\n", variables={}
        ),
        "A line that is indented too much": Case(
            config="[default]\noutput = json\n  credential_plugin = acme\n", variables={}
        ),
        "A base session is asked for another plugin": calling(
            lambda _: plugincreds.base_session().get_credentials(),
            config="[default]\ncredential_plugin = acme\n",
        ),
        "A base session is asked for any plugin": calling(
            lambda _: plugincreds.base_session().get_credentials(), config=CUSTOM
        ),
        "Options that are not indented": with_profile(
            "credential_plugin_options =\nrole = reader", DECLINING
        ),
        "Options on the same line": with_profile(
            "credential_plugin_options = role=reader", DECLINING
        ),
        "An option's name is not one word": with_profile(
            "credential_plugin_options =\n  role: reader=yes", DECLINING
        ),
        "A setting is not a number": with_profile("credential_plugin_timeout = soon"),
        "A variable is neither true nor false": Case(
            variables={**SHARING, "AWS_CREDENTIAL_PLUGIN_CACHE": "yes"}
        ),
        "A key is neither true nor false": with_profile("credential_plugin_cache = yes"),
        "The cache's folder is not an absolute path": Case(
            SHARED, variables={**SHARING, "AWS_CREDENTIAL_PLUGIN_CACHE_DIR": "cache"}
        ),
        "The cache's folder has no home": Case(SHARED, variables=SHARING, call=no_home),
        "The cache lacks a package": Case(
            SHARED, variables=SHARING, call=without_module("filelock")
        ),
        "Keys for `create_session()`": calling(
            lambda _: plugincreds.create_session("acme", aws_access_key_id="AKIDEXAMPLE"), GOOD
        ),
        "A session that has credentials": calling(given_back_to_boto3, GOOD),
        "`create_session()` lacks boto3": calling(
            without_module("boto3", lambda _: plugincreds.create_session("acme")), GOOD
        ),
        "Neither a module nor a name": calling(
            lambda _: plugincreds.new_credentials(42)  # type: ignore[arg-type]
        ),
        "This botocore is incompatible": Case(call=strange_botocore),
        "A part of the package is missing": Case(call=half_removed),
        "The package is damaged": Case(call=without_module("plugincreds._bindings.loading")),
        "The package is damaged, and a profile selects": with_profile(
            "", call=without_module("plugincreds._bindings.profile_choice")
        ),
        "The package is damaged, and a plugin has signed": calling(
            in_use(without_module("plugincreds._bindings.loading")), GOOD
        ),
        "The package is damaged, and a role is wanted": Case(
            call=without_module("plugincreds._bindings.role_cache"),
            config="[default]\nrole_arn = arn:aws:iam::123456789012:role/a\n"
            "source_profile = base\n[profile base]\naws_access_key_id = AKIDEXAMPLE\n"
            "aws_secret_access_key = not-a-secret\n",
            variables={},
        ),
        "The AWS SDK for Python reads something else": calling(with_other_files, GOOD),
        "`export` for a profile with a role": calling(
            export,
            GOOD,
            config="[default]\nrole_arn = arn:aws:iam::123456789012:role/a\n"
            "source_profile = base\n[profile base]\ncredential_plugin = acme\n",
        ),
        "`export` for a profile without plugins": calling(
            export, GOOD, config="[default]\ncredential_plugin = none\n"
        ),
        "`export` below itself": calling(export_in_export),
        "An endpoint inside another": calling(endpoint_in_endpoint),
        "The port of an endpoint cannot be used": calling(port_in_use),
        "The variables of an endpoint cannot be written": calling(no_folder),
        "`exec` on Windows": calling(exec_on_windows),
        "A value that cmd.exe cannot quote": calling(for_cmd),
        "stdout is closed": calling(closed_stdout),
        "stdout cannot be written": calling(full_stdout),
    },
    "ImportError": {
        "The variable selects, but the package is gone": Case(
            call=without_module("plugincreds._bindings"), kind=ImportError
        ),
        "The profile selects, but the package is gone": with_profile(
            "", call=without_module("plugincreds._bindings"), kind=ImportError
        ),
    },
    "AttributeError": {
        "Credentials are changed": Case(
            call=lambda _: setattr(
                botocore.session.Session().get_credentials(), "access_key", "AKIDOTHER"
            ),
            kind=AttributeError,
        ),
        "A `Value` is changed": Case(
            call=lambda _: setattr(plugincreds.Value("AKIDEXAMPLE", "secret"), "token", "token"),
            kind=AttributeError,
        ),
    },
    "TypeError and ValueError": {
        "Credentials are pickled": Case(
            call=lambda _: copy.copy(botocore.session.Session().get_credentials()),
            kind=TypeError,
        ),
        "`CredentialsCache` was given something else": calling(
            lambda _: plugincreds.CredentialsCache(42),  # type: ignore[arg-type]
            kind=TypeError,
        ),
        "A window below zero": calling(
            lambda _: plugincreds.CredentialsCache(lambda: None, advisory_window=-1),
            kind=ValueError,
        ),
    },
}
