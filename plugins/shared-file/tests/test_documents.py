"""The README and the how-to page: what they show is what the plugin takes, and what happens."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from plugincreds import Declined
from tests.support.documents import Block, Terminal, blocks_of, commands_of, matches
from tests.support.environments import NewEnvironment
from tests.support.moto_process import MotoServer

from plugincreds_shared_file import get_provider
from plugincreds_shared_file._options import read_options
from plugincreds_shared_file._section import EXPIRY_KEYS, read_section

ROOT = Path(__file__).parents[3]
README, HOW_TO = ROOT / "plugins/shared-file/README.md", ROOT / "docs/how-to/shared-file.md"
KEYS = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n"


def blocks(language: str) -> list[Block]:
    """Return the blocks of both pages in a language."""
    pages = (README, HOW_TO)
    return [block for page in pages for block in blocks_of(page) if block.language == language]


@pytest.mark.parametrize("block", blocks("ini"), ids=lambda block: block.place)
def test_profiles_mean_what_the_pages_say(home: Path, new_context: Any, block: Block) -> None:
    """Guards the pages against an option or a key that does not exist."""
    (home / ".aws" / "config").write_text(block.text)
    profiles = botocore.session.Session().full_config["profiles"]
    assert profiles
    for name, section in profiles.items():
        if "role_arn" in section:
            assert section["source_profile"] == "work"
            continue
        context = new_context(name, **section.get("credential_plugin_options", {}))
        assert not isinstance(get_provider(context), Declined)
        assert section["credential_plugin"] == "shared-file"
        options = read_options(context)
        assert options.section == "saml"
        assert options.file == home / ".aws" / "credentials"
        process = section.get("credential_process")
        assert process in {None, f"plugincreds export shared-file --profile {name}"}


def test_the_table_of_keys_is_that_of_the_code(tmp_path: Path) -> None:
    """Guards each row: the key is read, and its example is the same time as in the others."""
    rows = README.read_text(encoding="utf-8").partition("| key | written by | form |")[2]
    cells = [line.strip("| ").split(" | ") for line in rows.partition("\n\n")[0].splitlines()[2:]]
    named = [key for row in cells for key in row[0].split("`")[1::2]]
    assert {key for key in named if key != "autoawsume = true"} == set(EXPIRY_KEYS)
    for key, _, form in cells[:4]:
        file = tmp_path / "credentials"
        text = form.split("`")[1]
        file.write_text(f"[work]\n{KEYS}{key.strip('`')} = {text}\n")
        value = read_section(file, "work").value
        assert value is not None
        assert value.expiry_time == datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("page", [README, HOW_TO], ids=["README", "how-to"])
def test_the_quick_start(new_environment: NewEnvironment, server: MotoServer, page: Path) -> None:
    """Guards the first steps: what a reader types, with a tool in the place of saml2aws."""
    environment = new_environment("plugincreds-shared-file")
    login = server.assume(server.create_role("developer"), "alice")
    expiry = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    section = (
        f"[saml]\naws_access_key_id = {login.access_key}\naws_secret_access_key = "
        f"{login.secret_key}\naws_session_token = {login.token}\n"
        f"x_security_token_expires = {expiry}\n"
    )
    tools = environment.home / "tools"
    tools.mkdir()
    tool = tools / "saml2aws"
    tool.write_text(f"#!/bin/sh\ncat >~/.aws/credentials <<'END'\n{section}END\n")
    tool.chmod(0o700)
    path = os.pathsep.join(map(str, (tools, environment.directory / "bin", os.defpath)))
    variables = {**environment.variables(), "PATH": path}
    install, profile, program = blocks_of(page)[:3]
    assert commands_of(install)[0].line.startswith("pip install plugincreds-shared-file")
    environment.write_config(profile.text)
    with closing(Terminal(environment.home, variables)) as terminal:
        for command in commands_of(program):
            status, printed = terminal.run(command.line)
            assert status == 0, printed
            assert not command.shown or matches(command.shown, printed), printed
    assert login.arn in printed
