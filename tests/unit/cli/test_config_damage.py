"""A configuration file that botocore cannot parse: where, and what is wrong, but never the line."""

from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import ConfigParseError

from tests.support.commands import main

KEY = "aws_secret_access_key = CANARY\n"
NO_PAIR = "is neither a [section] nor 'key = value' below one"
DAMAGE = {
    "no sign": (f"[default]\n{KEY}CANARY\n", 3, NO_PAIR),
    "no name": (f"[default]\n{KEY}= CANARY\n", 3, NO_PAIR),
    "no section": (f"\n{KEY}", 2, NO_PAIR),
    "half a section": ("[CANARY\n", 1, NO_PAIR),
    "a byte order mark": (f"\ufeff[default]\n{KEY}", 1, "begins with a byte order mark"),
    "a section twice": (f"[CANARY]\n{KEY}[CANARY]\n", 3, "repeats a [section]"),
    "a key twice": (f"[default]\n{KEY}\n{KEY}", 4, "repeats a key of its section"),
    "not UTF-8": (f"[default]\r\n{KEY}\r\na = \udcff\r\n", 4, "is not utf-8 text"),
    "UTF-16": ("\udcff\udcfe[\0", 1, "is not utf-8 text"),
    "a block": (
        f"[default]\na = b\n  c\n\n# CANARY\ns3 =\n    d = e\n    ;\n    CANARY\n{KEY}",
        9,
        "is indented below a key, but is not 'key = value'",
    ),
    "an indented block": (
        f"[default]\n  s3 =\n    d = e\n[profile x]\n   s3:\n   {KEY}   s4 =\n\t\t\t\tCANARY\n",
        8,
        "is indented below a key, but is not 'key = value'",
    ),
}


@pytest.mark.parametrize(("text", "line", "fault"), DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("file", ["config", "credentials"])
def test_the_line_and_the_kind_are_said_once(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    file: str,
    text: str,
    line: int,
    fault: str,
) -> None:
    """Guards people from a search by hand, and the line, which may have a secret."""
    path = tmp_path / file
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(ConfigParseError):
        _ = botocore.session.Session().full_config
    said = (
        f"The configuration file {path} cannot be parsed: line {line} {fault}. Correct that line."
    )
    for command in (["doctor"], ["doctor", "--retrieve"], ["list"], ["export"]):
        assert main(command) == 1
        printed = " ".join("".join(capfd.readouterr()).split())
        assert printed.count("cannot be parsed") == printed.count(said) == 1
        assert "CANARY" not in printed
