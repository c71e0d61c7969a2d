"""The README and the how-to page: what they show is what the plugin and the command take."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from tests.support.documents import Block, blocks_of

from plugincreds_keyring import _command, get_provider
from plugincreds_keyring._options import KeychainItem, Options, read_options

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "plugins/keyring/README.md", ROOT / "docs/how-to/keyring.md"]
SERIAL = "arn:aws:iam::123456789012:mfa/alice"
MEANT = {
    Options(KeychainItem("aws", "work")),
    Options(KeychainItem("aws", "alice")),
    Options(KeychainItem("aws", "work"), 43_200, SERIAL),
    Options(KeychainItem("aws", "alice"), 43_200, SERIAL),
}


def blocks(language: str) -> list[Block]:
    """Return the blocks of both pages in a language."""
    return [block for page in PAGES for block in blocks_of(page) if block.language == language]


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
        options = section.get("credential_plugin_options", {})
        assert get_provider(new_context(name, **options)) is not None
        assert section["credential_plugin"] == "keyring"
        assert read_options(options, name) in MEANT


def test_commands_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards the pages against an argument that does not exist."""
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.1.0")
    lines = [line for block in blocks("console") for line in block.text.splitlines()]
    typed = [line.removeprefix("$ ").split(" | ")[-1] for line in lines if line.startswith("$ ")]
    found = [shlex.split(command)[1:] for command in typed if command.startswith("plugincreds-k")]
    assert len(found) > 4
    for arguments in found:
        assert _command._parser().parse_args(arguments).profile in {None, "work"}
