"""Each block of the how-to pages, the first page and the README is run, or says why not.

A page has a folder and a home directory of its own. The environment has boto3, plugincreds and
the plugin `acme` in it, and pages that install nothing share it. Console blocks are typed in one
shell; each profile of an ini block is looked at with `plugincreds doctor --retrieve`; Python blocks
are executed, and what is a plugin in them signs a request.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import closing
from pathlib import Path

import pytest

from plugincreds import _settings
from tests.support.documents import (
    DOCS,
    Block,
    Command,
    Terminal,
    blocks_of,
    clean_variables,
    commands_of,
    matches,
)
from tests.support.environments import ROOT, Environment, NewEnvironment, Wheels
from tests.support.moto_process import REGION, Identity, MotoServer, allow
from tests.support.programs import PROGRAMS

# They speak of packages that are not in these environments, and have tests of their own.
ELSEWHERE = {
    "aws-sdk-for-python.md",
    "keyring.md",
    "mock-aws.md",
    "shared-file.md",
    "test-a-plugin.md",
}
GUIDES = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.name not in ELSEWHERE)
PAGES = [ROOT / "README.md", DOCS / "index.md", *GUIDES]
BARE = {"where-startup-files-do-not-run.md"}  # it installs what it speaks of
PACKAGES = {
    "asynchronous.md": ("aioboto3", "s3fs"),  # they want an older boto3
    "troubleshooting.md": ("awscli", "boto3"),
}
OURS = ("plugincreds", "acme")
INSTALLS = re.compile(r"^\$ .*\b(pip|pipx|uv) (un)?install ", re.MULTILINE)
PROFILE = "profile "
# What stands in the pages' profiles; anything else is misspelt.
BOTOCORES_KEYS = {"credential_process", "region", "role_arn"}
KEYS = _settings._READ_KEYS | BOTOCORES_KEYS
INTRODUCTION = 4  # lines between the heading and the first block, at most


class Guide:
    """One page, its folder, and the shell in which its commands are typed."""

    def __init__(self, environment: Environment, variables: dict[str, str], folder: Path) -> None:
        """Begin in that folder."""
        self._environment = environment
        self._folder = folder
        self._variables = variables
        self.terminal = Terminal(folder, variables)

    def follow(self, block: Block) -> None:
        """Do with a block what its language asks for."""
        if "not run" in block.notes:
            return
        if "file" in block.notes:
            file = self._folder / block.notes["file"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        else:
            getattr(self, f"_follow_{block.language}")(block)

    def _follow_console(self, block: Block) -> None:
        """Type the commands; where no output is shown, any will do."""
        for command in commands_of(block):
            status, printed = self.terminal.run(self._line(command, block))
            if "Python shared library" in printed:  # an error of PyInstaller
                pytest.skip("this Python has no shared library, which PyInstaller needs")
            told = f"{block.place}: {command.line} ended with {status} and printed\n{printed}"
            assert not command.shown or matches(command.shown, printed), told
            assert self._variables["ACME_SECRET"] not in printed, block.place
        assert status == int(block.notes.get("status", "0")), told

    def _line(self, command: Command, block: Block) -> str:
        """Return what is typed for a command; the last one may be answered at a terminal."""
        if "typed" not in block.notes or command != commands_of(block)[-1]:
            return command.line
        person = PROGRAMS / "at_terminal.py"
        return shlex.join(["python", str(person), block.notes["typed"], command.line])

    def _follow_ini(self, block: Block) -> None:
        """Make it the AWS configuration, and see who answers for each profile in it."""
        config = self._environment.home / ".aws" / "config"
        config.write_text(block.text, encoding="utf-8")
        parser = ConfigParser()
        parser.read_string(block.text)
        keys = {key for section in parser.values() for key in section}
        assert keys <= KEYS, f"{block.place}: {keys - KEYS}"
        found = [self._answer(name.removeprefix(PROFILE)) for name in parser.sections()]
        wanted = block.notes.get("answer", ", ".join(["acme"] * len(found)))
        assert ", ".join(found) == wanted, block.place

    def _answer(self, profile: str) -> str:
        """Return the plugin whose credentials are used for a profile, else the provider."""
        variables = "env -u AWS_CREDENTIAL_PLUGIN -u AWS_PROFILE"
        _, printed = self.terminal.run(
            f"{variables} plugincreds doctor --retrieve --json --profile {profile} 2>/dev/null"
        )
        answer = json.loads(printed)["answer"]
        return str(answer["plugin"] or answer["provider"]) if answer else "none"

    def _follow_python(self, block: Block) -> None:
        """Run it; if it is a plugin, it must get an identity."""
        file, runner = (self._environment.home / name for name in ("block.py", "shown.py"))
        file.write_text(block.text, encoding="utf-8")
        shutil.copy(PROGRAMS / runner.name, runner)  # nothing else lies beside it
        profile = block.notes.get("profile", "")
        status, printed = self.terminal.run(f"python {runner} {file} {profile}")
        assert status == 0, f"{block.place}:\n{printed}"
        signer = json.loads(printed.splitlines()[-1])
        is_plugin = "def get_" in block.text
        assert (signer is not None) == is_plugin, block.place
        if profile == "exchanged":
            assert signer.endswith(":assumed-role/deploy/build"), signer


@pytest.fixture(scope="session")  # as the server, which takes the name once
def _deploy(server: MotoServer) -> None:
    """Make the role of the pages, which everybody may assume."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = server.client("iam")
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=document)
    rights = json.dumps(allow("s3:*", "sts:*"))
    iam.put_role_policy(RoleName="deploy", PolicyName="rights", PolicyDocument=rights)


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def page(request: pytest.FixtureRequest) -> Path:
    """Return one page after the other."""
    return Path(request.param)


@pytest.fixture
def guide(
    page: Path,
    tmp_path: Path,
    new_environment: NewEnvironment,
    wheels: Wheels,
    server: MotoServer,
    alice: Identity,
    _deploy: None,
) -> Iterator[Guide]:
    """Return the guide of the page, in an environment for it."""
    is_changed = INSTALLS.search(page.read_text(encoding="utf-8")) is not None
    packages = () if page.name in BARE else (*PACKAGES.get(page.name, ("boto3",)), *OURS)
    environment = new_environment(*packages, bare=True, pip=True, own=is_changed)
    variables = {
        **clean_variables(environment.home, *(wheels.get(name) for name in OURS)),
        **alice.for_plugin("acme"),
        **alice.for_plugin("shown"),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **server.variables,
    }
    variables["PATH"] = f"{environment.python.parent}{os.pathsep}{variables['PATH']}"
    folder = tmp_path / "folder"
    folder.mkdir()
    guide = Guide(environment, variables, folder)
    with closing(guide.terminal):
        yield guide


def test_every_block_does_what_the_page_says(guide: Guide, page: Path) -> None:
    """Guards what people copy from a guide: it runs as it stands there."""
    for block in blocks_of(page):
        guide.follow(block)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_begins_with_what_does_it(page: Path) -> None:
    """Guards that a reader with a goal finds the lines at the top, and the reasons below."""
    heading, *rest = page.read_text(encoding="utf-8").split("\n")
    assert heading.startswith("# ")
    before = [line for line in rest[: rest.index(next(filter(_is_fence, rest)))] if line]
    assert len(before) <= INTRODUCTION, before


def _is_fence(line: str) -> bool:
    return line.startswith("```")
