"""A profile's block of options: an option that loses its indentation never changes who signs."""

from collections.abc import Callable
from pathlib import Path

import botocore.session
import pytest

import plugincreds
from plugincreds import PluginError
from tests.unit.conftest import Install

TELLING = """
    def get_provider(context):
        key = ",".join(f"{name}={context.options[name]}" for name in sorted(context.options))
        return (lambda: (key or "DEFAULT", "secret")), (lambda: False)
"""
BLOCK = "credential_plugin_options ="
LINE = "credential_plugin = vault\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\n"

Write = Callable[..., None]


@pytest.fixture
def write(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes the text of the profile `p` into one file or both."""
    install(TELLING)
    credentials = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))

    def write(config: str = "", in_credentials: str | None = None) -> None:
        (tmp_path / "config").write_bytes(f"[profile p]\n{config}".encode())
        if in_credentials is not None:
            credentials.write_bytes(f"[p]\n{in_credentials}".encode())

    return write


def key_of(profile: str = "p") -> str:
    """Return the access key that a session signs with."""
    return str(botocore.session.Session(profile=profile).get_credentials().access_key)


READ = {
    "a block": f"{BLOCK}\n  a = 1\n  who = w\n",
    "no spaces": "credential_plugin_options=\n  a=1\n  who=w\n",
    "tabs": f"{BLOCK}\n\ta = 1\n\twho = w\n",
    "tabs and spaces": f"{BLOCK}\n\ta = 1\n    who = w\n",
    "deeper": f"{BLOCK}\n  a = 1\n      who = w\n",
    "less deep": f"{BLOCK}\n      a = 1\n  who = w\n",
    "an indented key": f"  region = x\n  {BLOCK}\n    a = 1\n\t\t\t who = w\n",
    "comments": f"{BLOCK}\n  # c = d\n  a = 1\n# c = d\n  ; c = d\n  who = w\n",
    "empty lines": f"{BLOCK}\n\n  a = 1\n\n  who = w\n",
    "CRLF": f"{BLOCK}\r\n  a = 1\r\n  who = w\r\n",
    "no-break spaces": f"{BLOCK}\n\u00a0a = 1\n\u00a0who = w\n",
    "a colon": "credential_plugin_options:\n  a = 1\n  who = w\n",
    "another case": "Credential_Plugin_Options =\n  a = 1\n  who = w\n",
}


@pytest.mark.parametrize("block", READ.values(), ids=READ)
@pytest.mark.parametrize("is_in_credentials", [False, True])
def test_a_block_is_read(write: Write, block: str, *, is_in_credentials: bool) -> None:
    """Guards each indentation that botocore's parser reads as it looks."""
    write(*(LINE, block) if is_in_credentials else (f"{block}\n{LINE}",))
    assert key_of() == "a=1,who=w"


EMPTY = "without indented lines below it"
SAME_LINE = "with a value on the same line"
NAME = "with an option whose name is not one word"
LOST = {
    "nothing": (f"{BLOCK}\n", EMPTY),
    "unindented": (f"{BLOCK}\nwho = w\n", EMPTY),
    "unindented, CRLF": (f"{BLOCK}\r\nwho = w\r\n", EMPTY),
    "the first is unindented": (f"{BLOCK}\na = 1\n  who = w\n", EMPTY),
    "as deep as the key": (f"  region = x\n  {BLOCK}\n  who = w\n", EMPTY),
    "a tab below spaces": (f"    region = x\n    {BLOCK}\n\t\twho = w\n", EMPTY),
    "zero-width spaces": (f"{BLOCK}\n\u200b\u200bwho = w\n", EMPTY),
    "only comments": (f"{BLOCK}\n  # who = w\n", EMPTY),
    "on the same line": (f"{BLOCK} who = w\n", SAME_LINE),
    "on both": (f"{BLOCK} a = 1\n  who = w\n", SAME_LINE),
    "a comment on the line": (f"{BLOCK} # mine\n  who = w\n", SAME_LINE),
    "JSON": (f'{BLOCK} {{"who": "w"}}\n', SAME_LINE),
    "a colon": (f"{BLOCK}\n  who: w?x=y\n", NAME),
    "no name": (f"{BLOCK}\n  = w\n", NAME),
}


@pytest.mark.parametrize(("block", "fault"), LOST.values(), ids=LOST)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_a_block_that_loses_its_options(write: Write, file: str, block: str, fault: str) -> None:
    """Guards against the plugin's default identity; the message shows the right form."""
    write(*(LINE, block) if file == "credentials" else (f"{block}\n{LINE}",))
    words = (
        rf"^The profile 'p' has credential_plugin_options in \S+/{file} {fault}\. Put each option "
        r"on its own indented line below credential_plugin_options, as in '  key = value'\.$"
    )
    with pytest.raises(PluginError, match=words):
        key_of()


SWALLOWED = {
    "the selection": ("output = json\n  credential_plugin = vault\n", "credential_plugin"),
    "the block": (f"{LINE}output = json\n  {BLOCK}\n    who = w\n", BLOCK[:-2]),
    "both": (f"output = json\n\t{LINE}\t{BLOCK}\n\t  who = w\n", "credential_plugin"),
    "a colon": ("output = json\n  credential_plugin: vault\n", "credential_plugin"),
    "by a block": (f"{LINE}s3 =\n  a = b\n  {BLOCK}\n  who = w\n", BLOCK[:-2]),
    "by the options": (f"{LINE}{BLOCK}\n  who = w\n  credential_plugin_cache = true\n", "cache"),
    "by the selection": (f"{LINE}  {BLOCK}\n    who = w\n", BLOCK[:-2]),
}


@pytest.mark.parametrize(("text", "key"), SWALLOWED.values(), ids=SWALLOWED)
def test_a_key_that_is_read_as_a_part_of_another(write: Write, text: str, key: str) -> None:
    """Guards lines that are indented too much: botocore adds them to the value above."""
    write(text)
    words = (
        rf"^The profile 'p' has \w*{key} in the value of \w+, because that line is indented\. "
        rf"Remove the spaces before \w*{key} in the profile 'p'\.$"
    )
    with pytest.raises(PluginError, match=words):
        key_of()


@pytest.mark.parametrize("text", [LOST["unindented"][0], SWALLOWED["the block"][0]])
@pytest.mark.parametrize("by", ["variable", "automatic", "source_profile", "credential_source"])
def test_wherever_the_plugin_is_asked_for(
    write: Write, monkeypatch: pytest.MonkeyPatch, text: str, by: str
) -> None:
    """Guards the other ways to a plugin, a program's own code among them."""
    line, role = LINE, f"[profile r]\n{ROLE}source_profile = p\n"
    if by == "variable":
        monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    elif by == "automatic":
        line = ""
    elif by == "credential_source":
        line = f"{LINE}{ROLE}credential_source = CustomPlugin\n"
    write(f"{line}{text.replace(LINE, '')}{role}")
    monkeypatch.setenv("AWS_PROFILE", "r" if by == "source_profile" else "p")
    with pytest.raises(PluginError, match="The profile 'p' has credential_plugin_options in"):
        botocore.session.Session().get_credentials()
    monkeypatch.setenv("AWS_PROFILE", "p")
    with pytest.raises(PluginError, match="The profile 'p' has credential_plugin_options in"):
        plugincreds.get_plugin_provider_fns("vault")


@pytest.mark.parametrize(
    "lines", ["credential_plugin = vault\n", f"{LINE}credential_plugin_timeout = 5\n"]
)
def test_options_below_another_key(write: Write, lines: str) -> None:
    """Guards that such an option is not lost, and that no message shows its value."""
    write(f"{lines}  who = CANARY\n")
    with pytest.raises(PluginError, match=r"has \w+ with indented lines below it\. ") as caught:
        key_of()
    assert "CANARY" not in str(caught.value)


def test_lines_of_others_are_left_alone(write: Write) -> None:
    """Guards profiles whose other keys have blocks or values of several lines."""
    write(f"{LINE}s3 =\n  addressing_style = path\nx_note = a\n  b = c\n{BLOCK}\n  who = w\n")
    assert key_of() == "who=w"


@pytest.mark.parametrize("plugin", ["other", "none"])
def test_options_for_another_plugin_are_not_looked_at(
    write: Write, monkeypatch: pytest.MonkeyPatch, plugin: str
) -> None:
    """Guards that a plugin which would not receive the options is not stopped by them."""
    write(f"credential_plugin = {plugin}\n{BLOCK}\n")
    monkeypatch.setenv("AWS_CREDENTIAL_PLUGIN", "vault")
    monkeypatch.setenv("AWS_PROFILE", "p")
    assert botocore.session.Session().get_credentials().access_key == "DEFAULT"


def test_the_blocks_of_both_files_are_merged(write: Write) -> None:
    """Guards the options of the config file, of which botocore keeps none."""
    write(f"{LINE}{BLOCK}\n  a = config\n  b = config\n", f"{BLOCK}\n  b = credentials\n  c = 1\n")
    assert key_of() == "a=config,b=credentials,c=1"


@pytest.mark.parametrize("bad", ["", "who = w", "  who: w?x=y", "  credential_plugin_cache = no"])
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_one_of_two_blocks_loses_its_options(write: Write, file: str, bad: str) -> None:
    """Guards a bad block of either file, which the good one of the other must not hide."""
    blocks = {"config": "  a = 1", "credentials": "  a = 1", file: bad}
    write(f"{LINE}{BLOCK}\n{blocks['config']}\n", f"{BLOCK}\n{blocks['credentials']}\n")
    is_swallowed = bad.startswith("  credential_plugin")
    words = "credential_plugin_cache in the value of" if is_swallowed else rf"/{file} with"
    with pytest.raises(PluginError, match=words):
        key_of()


@pytest.mark.parametrize("changed", [None, "[p", "[profile p]\n"])
def test_files_that_change_after_the_session_has_read_them(
    write: Write, tmp_path: Path, changed: str | None
) -> None:
    """Guards that the options then are those that the session has read."""
    write(LINE, f"{BLOCK}\n  who = w\n")
    session = botocore.session.Session(profile="p")
    assert session.full_config
    for name in ("config", "credentials"):
        (tmp_path / name).unlink()
        if changed is not None:
            (tmp_path / name).write_text(changed)
    assert session.get_credentials().access_key == "who=w"


def test_a_decline_names_the_options_of_both_files(install: Install, write: Write) -> None:
    """Guards a misspelt option in the file that botocore does not keep."""
    install("def get_provider(context): ...", name="declining", distribution="declining")
    line = "credential_plugin = declining\n"
    write(f"{line}{BLOCK}\n  rolle = CANARY\n", f"{BLOCK}\n  a = CANARY\n")
    with pytest.raises(PluginError, match=r"these options of the profile 'p': a, rolle\.") as told:
        key_of()
    assert "CANARY" not in str(told.value)
