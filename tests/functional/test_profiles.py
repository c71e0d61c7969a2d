"""Profiles that ask for a plugin, roles behind them, and plugins that use AWS themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.environments import Environment, NewEnvironment
from tests.support.identities import SESSION, alpha, assumed, beta
from tests.support.moto_process import Identity, MotoServer, allow
from tests.support.programs import PROGRAMS, whoami

THREADS = 32
PLUGINS = ("alpha", "beta", "delta", "federating")
WAYS = pytest.mark.parametrize("way", ["variable", "code"])
# How the plugin that is the source of a role is chosen.
AS_SOURCE = pytest.mark.parametrize(
    ("way", "named"),
    [("code", "beta"), ("code", ""), ("variable", "")],
    ids=["named, in code", "automatic, in code", "automatic, by variable"],
)
ASKED = pytest.mark.parametrize(("way", "profile"), [("variable", "base"), ("code", "role")])


@pytest.fixture
def environment(new_environment: NewEnvironment) -> Environment:
    """Return the environment of all tests here: they differ in configuration only."""
    return new_environment(*PLUGINS)


@pytest.fixture
def offered(server: MotoServer, container: Identity) -> dict[str, str]:
    """Return the variables of a container, which offers its role."""
    assert container.access_key
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.container_url}


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a program comes to its profile."""

    variables: dict[str, str] = field(default_factory=dict)
    session: dict[str, str] = field(default_factory=dict)


def chosen(way: str, profile: str) -> Chosen:
    """Return what chooses a profile in this way."""
    if way == "variable":
        return Chosen(variables={"AWS_PROFILE": profile})
    return Chosen(session={"profile_name": profile})


def static(identity: Identity) -> str:
    """Return the lines of a profile that hold these keys."""
    return (
        f"aws_access_key_id = {identity.access_key}\naws_secret_access_key = {identity.secret_key}"
    )


def role(arn: str, source: str) -> str:
    """Return the lines of a profile that assumes a role."""
    return f"role_arn = {arn}\nrole_session_name = {SESSION}\n{source}"


def options(**values: str) -> str:
    """Return the lines of a profile that hold a plugin's options."""
    lines = "".join(f"\n  {name} = {value}" for name, value in values.items())
    return f"credential_plugin_options ={lines}"


def write_profiles(environment: Environment, **profiles: str) -> None:
    """Write the configuration file; "default" needs no word before it."""
    sections = (
        f"[{'' if name == 'default' else 'profile '}{name}]\n{lines}\n"
        for name, lines in profiles.items()
    )
    environment.write_config("\n".join(sections))


def use(
    environment: Environment,
    *sessions: Mapping[str, str],
    variables: Mapping[str, str],
    together: bool = False,
) -> list[dict[str, str]]:
    """Run `buckets` with these sessions, and return who they were."""
    arguments = [json.dumps(sessions), *(["together"] if together else [])]
    report: list[dict[str, str]] = environment.run(
        PROGRAMS / "buckets.py", *arguments, variables=variables
    ).report
    assert [answer["error"] for answer in report if "error" in answer] == []
    return report


def in_code(
    environment: Environment, plugin: str, variables: Mapping[str, str], **session: str
) -> dict[str, str]:
    """Run `in_code` with this plugin and these arguments."""
    arguments = [plugin, json.dumps(session)]
    report: dict[str, str] = environment.run(
        PROGRAMS / "in_code.py", *arguments, variables=variables
    ).report
    return report


def may_assume(server: MotoServer, role_arn: str) -> Identity:
    """Return a user who may assume one role, and nothing else."""
    return server.create_identity("base", allow("sts:AssumeRole", resource=role_arn))


def role_that_may_assume(server: MotoServer, role_arn: str) -> str:
    """Return a role that may assume one other role, and nothing else."""
    return server.create_role("inner", allow("sts:AssumeRole", resource=role_arn))


def bucket_role(server: MotoServer) -> str:
    """Return a role that may use S3, and nothing else."""
    return server.create_role("outer", allow("s3:*"))


def elsewhere(identity: Identity, offered: Mapping[str, str]) -> dict[str, str]:
    """Return variables that are within reach of a profile in code, and must not be used there."""
    return {
        **offered,
        **identity.variables(),
        **beta(identity),
        "AWS_CREDENTIAL_PLUGIN": "beta",
    }


# A profile that asks for a plugin


@WAYS
def test_profile_selects_its_plugin(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity, way: str
) -> None:
    """Guards one line in a profile: its plugin signs, and no other is imported."""
    write_profiles(environment, base="credential_plugin = beta")
    how = chosen(way, "base")
    variables = {**how.variables, **alpha(bob), **beta(alice)}
    report = whoami(environment, variables, **how.session)
    assert (report.arn, report.method) == (alice.arn, "plugin:beta")
    assert report.imported == ["beta_creds"]
    assert report.logged("WARNING") == []
    assert server.keys_seen() == {alice.access_key}


def test_default_profile_selects_its_plugin(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards that the profile which nobody names may ask for a plugin, too."""
    write_profiles(environment, default="credential_plugin = beta")
    report = whoami(environment, {**alpha(bob), **beta(alice)})
    assert (report.arn, report.method) == (alice.arn, "plugin:beta")
    assert server.keys_seen() == {alice.access_key}


@pytest.mark.parametrize(("way", "winner"), [("variable", "beta"), ("code", "alpha")])
def test_profile_in_code_comes_before_the_variable(
    environment: Environment,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    way: str,
    winner: str,
) -> None:
    """Guards ranks 2, 3 and 5 between two plugins: only a profile in code beats the variable."""
    write_profiles(environment, base="credential_plugin = alpha")
    how = chosen(way, "base")
    variables = {**how.variables, **alpha(alice), **beta(bob), "AWS_CREDENTIAL_PLUGIN": "beta"}
    report = whoami(environment, variables, **how.session)
    assert report.arn == (alice.arn if winner == "alpha" else bob.arn)
    assert report.method == f"plugin:{winner}"
    assert report.imported == [f"{winner}_creds"]
    assert len(server.keys_seen()) == 1


@pytest.mark.parametrize(("way", "method"), [("variable", "env"), ("code", "plugin:alpha")])
def test_environment_keys_come_before_the_plugin_of_a_profile(
    environment: Environment,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    way: str,
    method: str,
) -> None:
    """Guards ranks 2, 4 and 5: environment keys beat AWS_PROFILE's plugin, not one in code."""
    write_profiles(environment, base="credential_plugin = alpha")
    how = chosen(way, "base")
    variables = {**how.variables, **alpha(alice), **bob.variables()}
    report = whoami(environment, variables, **how.session)
    assert report.method == method
    assert report.arn == (bob.arn if method == "env" else alice.arn)
    assert len(server.keys_seen()) == 1


def test_plugin_of_a_profile_comes_before_its_static_keys(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards that keys beside the plugin's name don't sign, and that one warning tells of them."""
    write_profiles(environment, base=f"credential_plugin = alpha\n{static(bob)}")
    how = chosen("code", "base")
    report = whoami(environment, {**how.variables, **alpha(alice)}, **how.session)
    assert (report.arn, report.method) == (alice.arn, "plugin:alpha")
    (warning,) = report.logged("WARNING")
    assert "base" in warning
    assert "aws_access_key_id" in warning
    assert server.keys_seen() == {alice.access_key}


def test_profile_forbids_plugins(
    environment: Environment,
    offered: dict[str, str],
    alice: Identity,
    container: Identity,
) -> None:
    """Guards `credential_plugin = none`: no automatic plugin either, and botocore goes on."""
    write_profiles(environment, base="credential_plugin = none\nregion = us-east-1")
    how = chosen("variable", "base")
    report = whoami(environment, {**how.variables, **offered, **alpha(alice)}, **how.session)
    assert (report.arn, report.imported) == (container.arn, [])


# Options


def test_options_reach_the_plugin(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards that the plugin is configured by the block of the profile that asks for it."""
    lines = "credential_plugin = delta\n"
    write_profiles(
        environment, one=lines + options(prefix="ONE"), two=lines + options(prefix="TWO")
    )
    how = chosen("variable", "two")
    variables = {
        **how.variables,
        **bob.for_plugin("one"),
        **alice.for_plugin("two"),
    }
    report = whoami(environment, variables, **how.session)
    assert (report.arn, report.method) == (alice.arn, "plugin:delta")
    assert server.keys_seen() == {alice.access_key}


def test_two_profiles_are_two_identities_in_one_process(
    environment: Environment, alice: Identity, bob: Identity, trace: Path
) -> None:
    """Guards that a value is never shared by profiles with other options, and else asked once."""
    lines = "credential_plugin = delta\n"
    write_profiles(
        environment, one=lines + options(prefix="ONE"), two=lines + options(prefix="TWO")
    )
    variables = {
        "PLUGIN_TRACE": str(trace),
        **alice.for_plugin("one"),
        **bob.for_plugin("two"),
    }
    profiles = ["one", "two"] * (THREADS // 2)
    sessions = [{"profile_name": name} for name in profiles]
    report = use(environment, *sessions, variables=variables, together=True)
    arns = {"one": alice.arn, "two": bob.arn}
    assert [answer["arn"] for answer in report] == [arns[name] for name in profiles]
    events = trace.read_text().splitlines()
    assert sorted(events) == ["delta imported", "delta retrieved ONE", "delta retrieved TWO"]


# Roles over a plugin


@WAYS
def test_role_is_assumed_with_the_plugin_of_its_source_profile(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
) -> None:
    """Guards `source_profile`: its plugin's key signs AssumeRole, the role's key all else."""
    arn = bucket_role(server)
    base = may_assume(server, arn)
    write_profiles(
        environment, base="credential_plugin = alpha", role=role(arn, "source_profile = base")
    )
    how = chosen(way, "role")
    beside = elsewhere(bob, offered) if way == "code" else offered
    (report,) = use(environment, how.session, variables={**how.variables, **beside, **alpha(base)})
    assert (report["arn"], report["method"]) == (assumed(arn), "assume-role")
    key = report["access_key"]
    assert server.seen() == [(base.access_key, "sts"), (key, "sts"), (key, "s3")]


@WAYS
def test_chain_of_two_roles_over_a_plugin(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
) -> None:
    """Guards a role that is assumed with a role that is assumed with the plugin's key."""
    outer = bucket_role(server)
    inner = role_that_may_assume(server, outer)
    base = may_assume(server, inner)
    write_profiles(
        environment,
        base="credential_plugin = alpha",
        role1=role(inner, "source_profile = base"),
        role2=role(outer, "source_profile = role1"),
    )
    how = chosen(way, "role2")
    beside = elsewhere(bob, offered) if way == "code" else offered
    (report,) = use(environment, how.session, variables={**how.variables, **beside, **alpha(base)})
    assert (report["arn"], report["method"]) == (assumed(outer), "assume-role")
    first, second, *rest = server.seen()
    key = report["access_key"]
    assert (first, second[1]) == ((base.access_key, "sts"), "sts")
    assert second[0] not in {base.access_key, key}
    assert rest == [(key, "sts"), (key, "s3")]


# A role whose source is any plugin

FROM_PLUGIN = "credential_source = CustomPlugin"


def test_variable_beats_the_role_of_a_profile_in_the_environment(
    environment: Environment, server: MotoServer, alice: Identity, bob: Identity
) -> None:
    """Guards that the variable and AWS_PROFILE together sign as the plugin, not as its role."""
    write_profiles(environment, role=role(bucket_role(server), FROM_PLUGIN))
    variables = {
        "AWS_PROFILE": "role",
        "AWS_CREDENTIAL_PLUGIN": "beta",
        **alpha(bob),
        **beta(alice),
    }
    (report,) = use(environment, {}, variables=variables)
    assert (report["arn"], report["method"]) == (alice.arn, "plugin:beta")
    assert server.keys_seen() == {alice.access_key}


@AS_SOURCE
def test_role_is_assumed_with_the_plugin_that_is_its_source(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
    named: str,
) -> None:
    """Guards `credential_source`: the variable's plugin, else the first automatic one."""
    arn = bucket_role(server)
    base = may_assume(server, arn)
    write_profiles(environment, role=role(arn, FROM_PLUGIN))
    how = chosen(way, "role")
    keys = {**alpha(bob), **beta(base)} if named else {**alpha(base), **beta(bob)}
    variables = {**how.variables, **offered, **keys, "AWS_CREDENTIAL_PLUGIN": named}
    (report,) = use(environment, how.session, variables=variables)
    assert (report["arn"], report["method"]) == (assumed(arn), "assume-role")
    key = report["access_key"]
    assert server.seen() == [(base.access_key, "sts"), (key, "sts"), (key, "s3")]


@AS_SOURCE
def test_plugin_that_declines_as_the_source_of_a_role(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
    named: str,
) -> None:
    """Guards that a decline there is an error: neither the container nor another plugin signs."""
    write_profiles(environment, role=role(bucket_role(server), FROM_PLUGIN))
    how = chosen(way, "role")
    keys = alpha(bob) if named else {}
    variables = {**how.variables, **offered, **keys, "AWS_CREDENTIAL_PLUGIN": named}
    error = whoami(environment, variables, **how.session).error
    assert {"PluginProviderRetrieveError", "PluginError"} <= set(error["kinds"])
    assert (named or "role") in error["message"]
    assert server.seen() == []


# A plugin that uses AWS itself


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a federating plugin needs: one may assume the inner role, which may assume the outer."""

    base: Identity
    inner: str
    outer: str

    @property
    def plugin(self) -> str:
        """The lines of a profile that asks for the exchange."""
        return f"credential_plugin = federating\n{self.options}"

    @property
    def options(self) -> str:
        """The lines of a profile that configure it."""
        return options(role=self.inner)


@pytest.fixture
def exchange(server: MotoServer) -> Exchange:
    """Return roles and a user that can do nothing but what is meant."""
    outer = bucket_role(server)
    rights = allow("sts:AssumeRole", resource=outer)
    rights["Statement"] += allow("s3:*")["Statement"]
    inner = server.create_role("inner", rights)
    return Exchange(may_assume(server, inner), inner, outer)


def test_exchange_of_the_containers_role(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    container: Identity,
    exchange: Exchange,
) -> None:
    """Guards a plugin in the default chain whose base session has the machine's own role."""
    write_profiles(environment, default=exchange.options)
    variables = {**offered, "AWS_CREDENTIAL_PLUGIN": "federating"}
    (report,) = use(environment, {}, variables=variables)
    assert report["arn"] == assumed(exchange.inner, "federated")
    assert report["method"] == "plugin:federating"
    key = report["access_key"]
    assert server.seen() == [
        ("", "container"),
        (container.access_key, "sts"),
        (key, "sts"),
        (key, "s3"),
    ]


@WAYS
def test_exchange_of_static_keys_in_the_same_profile(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    exchange: Exchange,
    way: str,
) -> None:
    """Guards a profile that has both: its keys sign the exchange, the plugin's all else."""
    write_profiles(environment, base=f"{exchange.plugin}\n{static(exchange.base)}")
    how = chosen(way, "base")
    beside = elsewhere(bob, offered) if way == "code" else offered
    report = whoami(environment, {**how.variables, **beside}, **how.session)
    assert report.arn == assumed(exchange.inner, "federated")
    assert report.method == "plugin:federating"
    (warning,) = report.logged("WARNING")
    assert "aws_access_key_id" in warning
    nested, first, second = server.seen()
    assert nested == (exchange.base.access_key, "sts")
    assert first == second != nested


@WAYS
def test_exchange_below_a_role(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    exchange: Exchange,
    way: str,
) -> None:
    """Guards the base session of a `source_profile`: its static keys, and never the outer role."""
    write_profiles(
        environment,
        base=f"{exchange.plugin}\n{static(exchange.base)}",
        outer=role(exchange.outer, "source_profile = base"),
    )
    how = chosen(way, "outer")
    beside = elsewhere(bob, offered) if way == "code" else offered
    (report,) = use(environment, how.session, variables={**how.variables, **beside})
    assert (report["arn"], report["method"]) == (assumed(exchange.outer), "assume-role")
    nested, outer, *rest = server.seen()
    key = report["access_key"]
    assert (nested, outer[1]) == ((exchange.base.access_key, "sts"), "sts")
    assert outer[0] not in {exchange.base.access_key, key, bob.access_key}
    assert rest == [(key, "sts"), (key, "s3")]


def test_exchange_below_a_role_without_keys(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    container: Identity,
    exchange: Exchange,
) -> None:
    """Guards that a base session without keys has the machine's role, not the outer one."""
    write_profiles(
        environment,
        base=exchange.plugin,
        outer=role(exchange.outer, "source_profile = base"),
    )
    how = chosen("variable", "outer")
    (report,) = use(environment, how.session, variables={**how.variables, **offered})
    assert (report["arn"], report["method"]) == (assumed(exchange.outer), "assume-role")
    look, nested, outer, *rest = server.seen()
    key = report["access_key"]
    assert (look, nested) == (("", "container"), (container.access_key, "sts"))
    assert outer[0] not in {container.access_key, key}
    assert rest == [(key, "sts"), (key, "s3")]


def test_exchange_as_the_source_of_a_role(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    container: Identity,
    exchange: Exchange,
) -> None:
    """Guards `credential_source` with a plugin whose base session must not assume that role."""
    write_profiles(environment, outer=f"{role(exchange.outer, FROM_PLUGIN)}\n{exchange.options}")
    variables = {**offered, "AWS_CREDENTIAL_PLUGIN": "federating"}
    (report,) = use(environment, {"profile_name": "outer"}, variables=variables)
    assert (report["arn"], report["method"]) == (assumed(exchange.outer), "assume-role")
    look, nested, outer, *rest = server.seen()
    key = report["access_key"]
    assert (look, nested) == (("", "container"), (container.access_key, "sts"))
    assert outer[0] not in {container.access_key, key}
    assert rest == [(key, "sts"), (key, "s3")]


@pytest.mark.parametrize("source", ["source_profile = base", FROM_PLUGIN])
def test_exchange_that_beats_the_role_over_it(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    container: Identity,
    exchange: Exchange,
    source: str,
) -> None:
    """Guards the variable and AWS_PROFILE together: the base session assumes no role over it."""
    write_profiles(
        environment,
        base=exchange.plugin,
        outer=f"{role(exchange.outer, source)}\n{exchange.options}",
    )
    variables = {**offered, "AWS_PROFILE": "outer", "AWS_CREDENTIAL_PLUGIN": "federating"}
    (report,) = use(environment, {}, variables=variables)
    assert report["arn"] == assumed(exchange.inner, "federated")
    assert report["method"] == "plugin:federating"
    key = report["access_key"]
    assert server.seen() == [
        ("", "container"),
        (container.access_key, "sts"),
        (key, "sts"),
        (key, "s3"),
    ]


@pytest.mark.parametrize(("profile", "way"), [("base", "code"), ("outer", "variable")])
def test_one_exchange_for_many_threads(
    environment: Environment,
    server: MotoServer,
    exchange: Exchange,
    trace: Path,
    profile: str,
    way: str,
) -> None:
    """Guards 32 threads with a session each: one exchange, no deadlock, one identity."""
    write_profiles(
        environment,
        base=f"{exchange.plugin}\n{static(exchange.base)}",
        outer=role(exchange.outer, "source_profile = base"),
    )
    how = chosen(way, profile)
    variables = {**how.variables, "PLUGIN_TRACE": str(trace)}
    report = use(environment, *[how.session] * THREADS, variables=variables, together=True)
    expected = {
        "base": (assumed(exchange.inner, "federated"), "plugin:federating"),
        "outer": (assumed(exchange.outer), "assume-role"),
    }
    assert {(answer["arn"], answer["method"]) for answer in report} == {expected[profile]}
    assert trace.read_text().splitlines() == ["federating imported", "federating retrieved"]
    assert server.seen().count((exchange.base.access_key, "sts")) == 1


# Nobody else signs


def asks_in_vain(server: MotoServer, bob: Identity, plugin: str) -> dict[str, str]:
    """Return profiles that ask for a plugin beside static keys, and a role over one of them."""
    return {
        "base": f"credential_plugin = {plugin}\n{static(bob)}",
        "role": role(server.create_role(), "source_profile = base"),
    }


@ASKED
def test_profile_that_asks_for_a_missing_plugin(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
    profile: str,
) -> None:
    """Guards against static keys, roles, containers and plugins in a missing plugin's place."""
    write_profiles(environment, **asks_in_vain(server, bob, "alhpa"))
    how = chosen(way, profile)
    variables = {**how.variables, **offered, **alpha(bob)}
    error = whoami(environment, variables, **how.session).error
    assert error["kinds"][0] == "PluginNotFoundError"
    assert (error["plugin"], error["code"]) == ("alhpa", "PluginNotFoundError")
    assert "alpha" in error["message"]
    assert "base" in error["message"]
    assert server.seen() == []


@ASKED
def test_profile_whose_plugin_declines(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    way: str,
    profile: str,
) -> None:
    """Guards against another identity in the place of a selected plugin that declines."""
    write_profiles(environment, **asks_in_vain(server, bob, "alpha"))
    how = chosen(way, profile)
    variables = {**how.variables, **offered, **beta(bob)}
    error = whoami(environment, variables, **how.session).error
    assert error["kinds"][0] == "PluginProviderRetrieveError"
    assert error["plugin"] == "alpha"
    assert server.seen() == []


@ASKED
def test_profile_that_asks_while_plugins_are_switched_off(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    alice: Identity,
    bob: Identity,
    way: str,
    profile: str,
) -> None:
    """Guards that the switch for all plugins gives an error there, not another identity."""
    write_profiles(environment, **asks_in_vain(server, bob, "alpha"))
    how = chosen(way, profile)
    variables = {**how.variables, **offered, **alpha(alice), "AWS_CREDENTIAL_PLUGIN": "none"}
    report = whoami(environment, variables, **how.session)
    assert report.error["kinds"][0] == "PluginError"
    assert "switched off" in report.error["message"]
    assert report.imported == []
    assert server.seen() == []


def test_role_that_needs_a_plugin_while_they_are_switched_off(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    alice: Identity,
) -> None:
    """Guards the same for `credential_source`."""
    write_profiles(environment, role=role(bucket_role(server), FROM_PLUGIN))
    how = chosen("code", "role")
    variables = {**how.variables, **offered, **alpha(alice), "AWS_CREDENTIAL_PLUGIN": "none"}
    report = whoami(environment, variables, **how.session)
    assert report.error["kinds"][0] == "PluginError"
    assert "switched off" in report.error["message"]
    assert report.imported == []
    assert server.seen() == []


# In code


@pytest.mark.parametrize("beside", ["", "credential_plugin = beta\n"], ids=["keys", "plugin"])
def test_session_for_one_plugin(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    alice: Identity,
    bob: Identity,
    beside: str,
) -> None:
    """Guards `create_session()`: its plugin signs, whatever variables and profile have."""
    write_profiles(environment, static=f"{beside}{static(bob)}\nregion = eu-west-1")
    variables = {**elsewhere(bob, offered), **alpha(alice)}
    arguments = {"profile_name": "static", "region_name": "eu-central-1"}
    report = in_code(environment, "alpha", variables, **arguments)
    assert report == {"arn": alice.arn, "method": "plugin:alpha", "region": "eu-central-1"}
    assert server.seen() == [(alice.access_key, "sts")]


def test_session_for_one_plugin_with_a_profile(
    environment: Environment,
    server: MotoServer,
    offered: dict[str, str],
    bob: Identity,
    exchange: Exchange,
) -> None:
    """Guards that the profile given there supplies region, options and the base session's keys."""
    lines = f"{exchange.options}\n{static(exchange.base)}\nregion = eu-west-1"
    write_profiles(environment, base=lines)
    report = in_code(environment, "federating", elsewhere(bob, offered), profile_name="base")
    assert report["arn"] == assumed(exchange.inner, "federated")
    assert report["method"] == "plugin:federating"
    nested, used = server.seen()
    assert nested == (exchange.base.access_key, "sts")
    assert used[0] not in {exchange.base.access_key, bob.access_key}


@pytest.mark.parametrize(
    ("plugin", "selected", "kind"),
    [("alhpa", "", "PluginNotFoundError"), ("alpha", "none", "PluginError")],
)
def test_session_for_a_plugin_that_is_not_to_be_had(
    environment: Environment,
    server: MotoServer,
    alice: Identity,
    bob: Identity,
    plugin: str,
    selected: str,
    kind: str,
) -> None:
    """Guards `create_session()` against another identity where the plugin is missing or off."""
    write_profiles(environment, static=static(bob))
    variables = {**bob.variables(), **alpha(alice), "AWS_CREDENTIAL_PLUGIN": selected}
    report = in_code(environment, plugin, variables, profile_name="static")
    assert report["kind"] == kind
    assert server.seen() == []
